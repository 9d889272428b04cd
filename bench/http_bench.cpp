// Heads of the size that clients of chat APIs send, and what the gateway writes.
#include <benchmark/benchmark.h>

#include <array>
#include <string>

#include "penstock/http.h"

using namespace penstock;

namespace {

const std::string request_head =
    "POST /v1/chat/completions HTTP/1.1\r\nHost: gateway.example\r\nAccept: application/json\r\n"
    "Content-Type: application/json\r\nAuthorization: Bearer sk-penstock-0123456789abcdef\r\n"
    "User-Agent: OpenAI/Python 1.99.0\r\nAccept-Encoding: gzip, deflate\r\n"
    "X-Stainless-Lang: python\r\nConnection: keep-alive\r\nContent-Length: 1024\r\n\r\n";
const std::string response_head =
    "HTTP/1.1 200 OK\r\nDate: Fri, 20 Nov 2026 12:00:00 GMT\r\nContent-Type: application/json\r\n"
    "Content-Length: 600\r\nConnection: keep-alive\r\nX-Request-Id: req_0123456789abcdef\r\n\r\n";

void parse_request_head(benchmark::State& state) {
  http::RequestHead head;
  for (auto _ : state) {
    http::RequestParser parser;
    const http::Parsed parsed = parser.feed(request_head, 1 << 20, head);
    if (parsed.progress != http::Progress::complete) state.SkipWithError("refused");
    benchmark::DoNotOptimize(head);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(request_head.size()));
}
BENCHMARK(parse_request_head);

void parse_response_head(benchmark::State& state) {
  http::ResponseHead head;
  for (auto _ : state) {
    http::ResponseParser parser;
    const http::Parsed parsed = parser.feed(response_head, http::Method::post, head);
    if (parsed.progress != http::Progress::complete) state.SkipWithError("refused");
    benchmark::DoNotOptimize(head);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(response_head.size()));
}
BENCHMARK(parse_response_head);

void write_chunk_size(benchmark::State& state) {
  std::array<char, http::chunk_size_bytes_max> room;
  std::uint64_t bytes = 1;
  for (auto _ : state) {
    benchmark::DoNotOptimize(http::write_chunk_size(room, bytes));
    bytes = bytes % 65536 + 1;
  }
}
BENCHMARK(write_chunk_size);

}  // namespace
