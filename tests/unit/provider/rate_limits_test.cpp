#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "penstock/provider.h"
#include "provider/response_fields.h"
#include "support/fixtures.h"
#include "support/json_tree.h"

using namespace penstock;

namespace {

constexpr std::int64_t noon_s = 1'795'176'000;  // 2026-11-20T12:00:00Z

RateLimits read(const std::string& lines) {
  const test::ResponseFields fields(lines);
  return read_rate_limits(fields.get(), noon_s);
}

bool is(const RateLimit& limit, std::optional<std::uint64_t> most,
        std::optional<std::uint64_t> remaining, std::optional<std::uint64_t> reset_ms) {
  return limit.limit == most && limit.remaining == remaining && limit.reset_ms == reset_ms;
}
bool is_missing(const RateLimit& limit) {
  return is(limit, {}, {}, {});
}

}  // namespace

TEST_CASE("rate_limits/openai_groq_and_azure_forms") {
  const RateLimits openai = read(
      "x-ratelimit-limit-requests: 10000\nx-ratelimit-remaining-requests: 9999\n"
      "X-RateLimit-Reset-Requests: 6ms\nx-ratelimit-limit-tokens: 30000\n"
      "x-ratelimit-remaining-tokens: 29975\nx-ratelimit-reset-tokens: 2m59.56s");
  CHECK(is(openai.requests, 10'000, 9'999, 6));
  CHECK(is(openai.tokens, 30'000, 29'975, 179'560));
  CHECK(is_missing(openai.input_tokens));
  const RateLimits azure = read(
      "x-ratelimit-limit-requests: 250\nx-ratelimit-renewalperiod-requests: 60\n"
      "x-ratelimit-reset-requests: 1\nx-ratelimit-abusepenalty-active: False\n"
      "x-ratelimit-key: gpt");
  CHECK(is(azure.requests, 250, {}, 1'000));
  CHECK(is_missing(azure.tokens));
}

TEST_CASE("rate_limits/anthropic_form_with_times") {
  const RateLimits limits = read(
      "anthropic-ratelimit-requests-limit: 4000\nanthropic-ratelimit-requests-remaining: 3999\n"
      "anthropic-ratelimit-requests-reset: 2026-11-20T12:00:03Z\n"
      "anthropic-ratelimit-input-tokens-limit: 400000\n"
      "anthropic-ratelimit-output-tokens-remaining: 79000\n"
      "anthropic-ratelimit-tokens-reset: 2026-11-20T11:59:00Z\n"
      "anthropic-ratelimit-unified-status: allowed");
  CHECK(is(limits.requests, 4'000, 3'999, 3'000));
  CHECK(is(limits.input_tokens, 400'000, {}, {}));
  CHECK(is(limits.output_tokens, {}, 79'000, {}));
  CHECK(is(limits.tokens, {}, {}, 0));
}

TEST_CASE("rate_limits/windows_and_other_names") {
  // A minute's figures win over those of other windows, in whichever order they come.
  const RateLimits mistral = read(
      "x-ratelimit-limit-req-10-second: 60\nx-ratelimit-limit-req-minute: 360\n"
      "x-ratelimit-remaining-tokens-minute: 199533\n"
      "x-ratelimit-remaining-tokens-month: 199999999445\n"
      "x-ratelimit-tokens-query-cost: 210\nx-ratelimit-limit-audio-seconds-minute: 2000");
  CHECK(is(mistral.requests, 360, {}, {}));
  CHECK(is(mistral.tokens, {}, 199'533, {}));
  const RateLimits together = read(
      "x-ratelimit: false\nx-ratelimit-limit: 30\nx-ratelimit-remaining: 59\n"
      "x-ratelimit-reset: 2\nx-ratelimit-limit-tokens: 3000");
  CHECK(is(together.requests, 30, 59, 2'000));
  CHECK(is(together.tokens, 3'000, {}, {}));
  const RateLimits openrouter = read("X-RateLimit-Reset: 1795176060000\nX-RateLimit-Limit: 20");
  CHECK(is(openrouter.requests, 20, {}, 60'000));
  const RateLimits fireworks =
      read("x-ratelimit-limit-tokens-prompt: 60000\nx-ratelimit-remaining-tokens-generated: 5");
  CHECK(is(fireworks.input_tokens, 60'000, {}, {}));
  CHECK(is(fireworks.output_tokens, {}, 5, {}));
  const RateLimits cohere =
      read("x-trial-endpoint-call-limit: 20\nx-trial-endpoint-call-remaining: 18");
  CHECK(is(cohere.requests, 20, 18, {}));
}

TEST_CASE("rate_limits/what_cannot_be_read_is_missing") {
  const RateLimits limits = read(
      "x-ratelimit-limit-requests: many\nx-ratelimit-remaining-requests: -1\n"
      "x-ratelimit-reset-requests: soon\nx-ratelimit-: 1\nx-ratelimit-limit-: 7\n"
      "anthropic-ratelimit-: 1\nx-ratelimit-remaining-tokens: 99999999999999999999");
  CHECK(is(limits.requests, 7, {}, {}));
  CHECK(is_missing(limits.tokens));
}

TEST_CASE("rate_limits/recorded_heads") {
  const auto root = test::fixtures("");
  if (!root) return;
  std::size_t heads = 0;
  std::size_t with_limits = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(*root)) {
    if (entry.path().filename() != "response.headers.json") continue;
    const auto tree = test::TreeReader::read(test::read_file(entry.path()));
    REQUIRE(tree);
    std::string lines;
    bool named = false;
    for (const auto& field : tree->items) {
      const std::string& name = field.items.at(0).text;
      if (name.find("ratelimit") == std::string::npos) continue;
      lines += name + ": " + field.items.at(1).text + "\n";
      named = named || name.find("-limit") != std::string::npos;
    }
    ++heads;
    if (!named) continue;
    CAPTURE(entry.path().string());
    ++with_limits;
    const RateLimits limits = read(lines);
    CHECK((limits.requests.limit || limits.tokens.limit));
    CHECK((limits.requests.remaining || limits.tokens.remaining));
  }
  MESSAGE(heads, " recorded heads, ", with_limits, " with limits");
}
