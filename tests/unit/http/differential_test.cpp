// Two parsers, one verdict: the parser of src/http and the reference parser judge the same bytes,
// whole and cut at random. Seeds are messages of every kind; the mutations of each seed number are
// the same in every run.
#include <doctest/doctest.h>

#include <array>

#include "judge.h"

using namespace penstock::http;
using reference::Judgement;
using reference::Verdict;

namespace {

constexpr std::uint64_t body_max = 1 << 16;

struct Random {
  std::uint64_t state;
  // Below `limit`, which is not 0.
  std::size_t below(std::size_t limit) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return static_cast<std::size_t>((state * 0x2545f4914f6cdd1dULL) >> 33) % limit;
  }
};

const std::vector<std::string>& request_seeds() {
  static const std::vector<std::string> seeds = {
      "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
      "Authorization: Bearer k\r\nContent-Length: 2\r\n\r\n{}",
      "GET / HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET /a%41?b=c HTTP/1.0\r\nConnection: keep-alive, x\r\nExpect: 100-continue\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h:80\r\nTransfer-Encoding: chunked\r\n\r\n5;a=\"b\";c\r\nhello\r\n"
      "0\r\nA: b\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nrest",
      "OPTIONS * HTTP/1.1\r\nHost: [::1]:8080\r\nx-api-key: k\r\napi-key: k\r\n\r\n",
      "\r\nDELETE http://a.b:1/c?d HTTP/1.1\r\nHost:\r\nTransfer_Encoding: x\r\nTE: "
      "trailers\r\n\r\n",
      "PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 0000000000000000003\r\n"
      "Expect: 100-continue\r\nIdempotency-Key: \t i \t\r\n\r\nabcPATCH / HTTP/1.1\r\nHost: h\r\n"
      "Transfer-Encoding: CHUNKED\r\n\r\n000a\r\n0123456789\r\n1\r\n!\r\n00\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "GET http://[1::2]/ HTTP/1.1\r\nHost: a%20b\r\nConnection: close\r\n\r\nx",
  };
  return seeds;
}

const std::vector<std::string>& response_seeds() {
  static const std::vector<std::string> seeds = {
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
      "b\r\ndata: {}\n\n\n\r\n0\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 \r\nLink: x\r\n\r\nHTTP/1.1 429 Too Many\r\n"
      "Retry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
      "HTTP/1.0 200 OK\r\n\r\nuntil the end",
      "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n",
      "HTTP/1.1 304 \r\nContent-Length: 7\r\n\r\n",
      "HTTP/1.1 502 Bad \xff Gateway\r\nContent-Encoding: gzip\r\nA_b: c\r\n\r\n<html>",
  };
  return seeds;
}

const std::vector<std::string> words = {"\r\n",
                                        "\r",
                                        "\n",
                                        "\r\n\r\n",
                                        " ",
                                        "\t",
                                        ":",
                                        ",",
                                        ";",
                                        "=",
                                        "\"",
                                        "\\",
                                        "%",
                                        "%00",
                                        "%0d",
                                        "#",
                                        "?",
                                        "/",
                                        "..",
                                        "0",
                                        "1",
                                        "9",
                                        "a",
                                        "f",
                                        "x",
                                        "-",
                                        "+",
                                        "_",
                                        "@",
                                        "[",
                                        "]",
                                        std::string(1, '\0'),
                                        "\x7f",
                                        "\x80",
                                        "\xff",
                                        "\x16",
                                        "HTTP/1.1",
                                        "HTTP/1.0",
                                        "HTTP/2.0",
                                        "Host: h\r\n",
                                        "Content-Length: 5\r\n",
                                        "content-length: 5\r\n",
                                        "Transfer-Encoding: chunked\r\n",
                                        "Transfer-Encoding: gzip\r\n",
                                        "Connection: close\r\n",
                                        "Connection: host\r\n",
                                        "Authorization: k\r\n",
                                        "x-api-key: q\r\n",
                                        "Expect: x\r\n",
                                        " folded\r\n",
                                        "0\r\n\r\n",
                                        "5\r\nhello\r\n",
                                        "chunked",
                                        "GET",
                                        "POST",
                                        "HTTP/1.1 100 Continue\r\n\r\n",
                                        "101",
                                        "204",
                                        "99999999999999999999",
                                        "fffffffffffffffff",
                                        "7fffffffffffffff"};

std::string mutate(const std::vector<std::string>& seeds, Random& random) {
  std::string text = seeds[random.below(seeds.size())];
  const std::size_t edits = random.below(4);
  for (std::size_t edit = 0; edit < edits; ++edit) {
    const std::size_t at = random.below(text.size() + 1);
    const std::size_t some = random.below(12);
    switch (random.below(7)) {
      case 0:
        text.insert(at, words[random.below(words.size())]);
        break;
      case 1:
        text.erase(at, 1 + some / 4);
        break;
      case 2:
        text.replace(at, 1, words[random.below(words.size())]);
        break;
      case 3:
        text.insert(at, text.substr(random.below(text.size() + 1), some));
        break;
      case 4:
        text.resize(at);
        break;
      case 5:
        text.insert(at, 1, static_cast<char>(random.below(256)));
        break;
      default: {
        const std::string& other = seeds[random.below(seeds.size())];
        text = text.substr(0, at) + other.substr(random.below(other.size()));
      }
    }
    if (text.empty()) break;
  }
  return text;
}

std::vector<std::size_t> random_ends(std::size_t size, Random& random) {
  std::vector<std::size_t> ends;
  const std::size_t step = 1 + random.below(40);
  for (std::size_t end = 1 + random.below(step); end < size; end += 1 + random.below(step)) {
    ends.push_back(end);
  }
  ends.push_back(size);
  return ends;
}

// For a failing case: bytes that can be pasted into a source file.
std::string printable(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\r') {
      out += "\\r";
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 32 || byte > 126) {
      out += "\\x" + std::string(1, "0123456789abcdef"[byte / 16]) + "0123456789abcdef"[byte % 16];
    } else {
      out += c;
    }
  }
  return out;
}

void must_agree(const Judgement& expected, const Judgement& got, std::string_view bytes) {
  if (ours::same(expected, got)) return;
  CAPTURE(printable(bytes));
  CAPTURE(static_cast<int>(expected.verdict));
  CAPTURE(static_cast<int>(got.verdict));
  CAPTURE(expected.why);
  CAPTURE(got.why);
  CAPTURE(expected.messages.size());
  CAPTURE(got.messages.size());
  CHECK(false);
}

// How often each verdict came out: a test that sees only one of them proves nothing.
using Tally = std::array<int, 3>;

void judge_request_bytes(const std::string& bytes, Random& random, Tally& tally) {
  const Judgement expected = reference::judge_requests(bytes, body_max);
  ++tally[static_cast<std::size_t>(expected.verdict)];
  must_agree(expected, ours::judge_requests(bytes, body_max, {bytes.size()}), bytes);
  must_agree(expected, ours::judge_requests(bytes, body_max, random_ends(bytes.size(), random)),
             bytes);
}

void judge_response_bytes(const std::string& bytes, Random& random, Tally& tally) {
  const Method method = random.below(8) == 0 ? Method::head : Method::post;
  const Judgement expected = reference::judge_response(bytes, std::string(name(method)));
  ++tally[static_cast<std::size_t>(expected.verdict)];
  must_agree(expected, ours::judge_response(bytes, method, {bytes.size()}), bytes);
  must_agree(expected, ours::judge_response(bytes, method, random_ends(bytes.size(), random)),
             bytes);
}

}  // namespace

TEST_CASE("differential/seeds_at_every_prefix") {
  Random random{1};
  Tally requests{};
  Tally responses{};
  for (const std::string& seed : request_seeds()) {
    for (std::size_t end = 0; end <= seed.size(); ++end) {
      judge_request_bytes(seed.substr(0, end), random, requests);
    }
  }
  for (const std::string& seed : response_seeds()) {
    for (std::size_t end = 0; end <= seed.size(); ++end) {
      judge_response_bytes(seed.substr(0, end), random, responses);
    }
  }
  for (const int count : requests) CHECK(count > 0);
  CHECK(responses[static_cast<std::size_t>(Verdict::accept)] > 0);
  CHECK(responses[static_cast<std::size_t>(Verdict::incomplete)] > 0);
}

TEST_CASE("differential/mutated_requests") {
  Tally tally{};
  for (std::uint64_t seed = 1; seed <= 25'000; ++seed) {
    Random random{seed * 0x9e3779b97f4a7c15ULL};
    CAPTURE(seed);
    judge_request_bytes(mutate(request_seeds(), random), random, tally);
  }
  for (const int count : tally) CHECK(count > 500);
}

TEST_CASE("differential/mutated_responses") {
  Tally tally{};
  for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
    Random random{seed * 0x9e3779b97f4a7c15ULL};
    CAPTURE(seed);
    judge_response_bytes(mutate(response_seeds(), random), random, tally);
  }
  for (const int count : tally) CHECK(count > 500);
}

TEST_CASE("differential/limits") {
  Random random{7};
  Tally tally{};
  for (const std::size_t off : {0u, 1u, 2u, 3u}) {
    const std::string start = "GET / HTTP/1.1\r\nHost: h\r\n";
    judge_request_bytes("GET /" + std::string(8190 + off, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n",
                        random, tally);
    judge_request_bytes(start + "a: " + std::string(8188 + off, 'v') + "\r\n\r\n", random, tally);
    judge_request_bytes(start + std::string(63 + off, 'n') + ": v\r\n\r\n", random, tally);
    std::string lines;
    for (std::size_t i = 0; i < 98 + off; ++i) lines += "a: b\r\n";
    judge_request_bytes(start + lines + "\r\n", random, tally);
    std::string big = start;
    while (big.size() < 30'000) big += "a: " + std::string(900, 'v') + "\r\n";
    big += "a: " + std::string(32 * 1024 - big.size() - 8 + off, 'v');
    for (const char* end : {"", "\r", "\r\n", "\r\n\r", "\r\n\r\n", "\n", "\r\r"}) {
      judge_request_bytes(big + end, random, tally);
    }
    judge_request_bytes(
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body_max - 1 + off) +
            "\r\n\r\n" + std::string(body_max + 2, 'b'),
        random, tally);
    const std::string chunked = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    judge_request_bytes(chunked + "5;" + std::string(253 + off, 'e') + "\r\nhello\r\n0\r\n\r\n",
                        random, tally);
    judge_request_bytes(chunked + "0\r\na: " + std::string(4089 + off, 'v') + "\r\n\r\n", random,
                        tally);
    std::string tiny;
    for (std::size_t i = 0; i < 1023 + off; ++i) tiny += "3\r\nabc\r\n";
    judge_request_bytes(chunked + tiny + "0\r\n\r\n", random, tally);
  }
  for (const int count : tally) CHECK(count > 0);
}
