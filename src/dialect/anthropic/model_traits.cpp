#include "dialect/anthropic/model_traits.h"

#include <array>

namespace penstock::dialect::anthropic {
namespace {

constexpr Bytes search_now = "web_search_20260318";

constexpr ModelTraits newest(Bytes contains, bool off_limits_effort, bool system_turns) {
  return {.contains = contains,
          .output_max = 128'000,
          .structured = true,
          .thinking = Thinking::adaptive,
          .effort = true,
          .effort_max = true,
          .effort_xhigh = true,
          .off_limits_effort = off_limits_effort,
          .sampling = false,
          .system_turns = system_turns,
          .prefill = false,
          .web_search = search_now};
}

constexpr ModelTraits from_4_6(Bytes contains) {
  return {.contains = contains,
          .output_max = 128'000,
          .structured = true,
          .thinking = Thinking::either,
          .effort = true,
          .effort_max = true,
          .prefill = false,
          .web_search = search_now};
}

constexpr ModelTraits with_budget(Bytes contains, std::int64_t output_max, bool structured,
                                  bool effort, bool sampling_pair) {
  return {.contains = contains,
          .output_max = output_max,
          .structured = structured,
          .thinking = Thinking::budget,
          .effort = effort,
          .sampling_pair = sampling_pair};
}

constexpr ModelTraits old(Bytes contains, std::int64_t output_max) {
  return {.contains = contains, .output_max = output_max, .sampling_pair = true};
}

// The first row whose text the name contains; names that contain another row's come before it.
constexpr std::array rows = {
    newest("opus-5", true, true),
    newest("sonnet-5", false, true),
    newest("fable", false, true),
    newest("mythos", false, true),
    newest("haiku-5", false, true),
    newest("opus-4-8", false, true),
    newest("opus-4-7", false, false),
    from_4_6("opus-4-6"),
    from_4_6("sonnet-4-6"),
    with_budget("opus-4-5", 64'000, true, true, false),
    with_budget("sonnet-4-5", 64'000, true, false, false),
    with_budget("haiku-4-5", 64'000, true, false, false),
    with_budget("opus-4-1", 32'000, true, false, false),
    with_budget("sonnet-4-0", 64'000, false, false, true),
    with_budget("sonnet-4-2025", 64'000, false, false, true),
    with_budget("sonnet-4@", 64'000, false, false, true),
    with_budget("opus-4-0", 32'000, false, false, true),
    with_budget("opus-4-2025", 32'000, false, false, true),
    with_budget("opus-4@", 32'000, false, false, true),
    with_budget("3-7-sonnet", 64'000, false, false, true),
    old("3-5-", 8'192),
    old("claude-3-", 4'096),
    old("claude-2", 4'096),
    old("claude-instant", 4'096),
};

// Other makers' models behind this dialect: nothing is left out that they might take.
constexpr ModelTraits foreign = with_budget("", 8'192, false, false, true);

}  // namespace

const ModelTraits& traits_of(Bytes model) {
  for (const ModelTraits& row : rows) {
    if (model.find(row.contains) != Bytes::npos) return row;
  }
  return model.find("claude") != Bytes::npos ? rows.front() : foreign;
}

}  // namespace penstock::dialect::anthropic
