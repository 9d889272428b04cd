// What the gateway reads of bodies: a request of the size given, an ordinary answer.
#include <benchmark/benchmark.h>

#include <string>

#include "penstock/json.h"

using namespace penstock;

namespace {

void read_request(benchmark::State& state) {
  const std::string body = R"({"model":"gpt-4o","messages":[{"role":"user","content":")" +
                           std::string(static_cast<std::size_t>(state.range(0)), 'x') +
                           R"("}],"temperature":0.7,"stream":true})";
  json::Scanner scanner;
  const json::RequestRules rules;
  json::Facts facts;
  for (auto _ : state) {
    if (!scanner.request(body, rules, facts)) state.SkipWithError("refused");
    benchmark::DoNotOptimize(facts);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}
BENCHMARK(read_request)->Arg(1 << 10)->Arg(32 << 10)->Arg(1 << 20);

void read_answer(benchmark::State& state) {
  const std::string body =
      R"({"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-4o","choices":[)"
      R"({"index":0,"message":{"role":"assistant","content":"Hello, how can I help?"},)"
      R"("finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":7,)"
      R"("total_tokens":16}})";
  json::Scanner scanner;
  json::AnswerFacts facts;
  for (auto _ : state) {
    if (!scanner.answer(body, facts)) state.SkipWithError("refused");
    benchmark::DoNotOptimize(facts);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}
BENCHMARK(read_answer);

void check_utf8(benchmark::State& state) {
  const std::string text(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state) benchmark::DoNotOptimize(json::valid_utf8(text));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(check_utf8)->Arg(200)->Arg(64 << 10);

}  // namespace
