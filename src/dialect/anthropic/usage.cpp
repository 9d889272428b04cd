#include "dialect/anthropic/usage.h"

#include <algorithm>

namespace penstock::dialect::anthropic {
namespace {

using hub::Tokens;

// Figures beyond are no counts of tokens.
constexpr std::int64_t tokens_max = 1'000'000'000'000;

Tokens tokens(json::View number) {
  const auto value = number.integer();
  if (!value || *value < 0 || *value > tokens_max) return {};
  return Tokens(static_cast<std::uint64_t>(*value));
}

void member(Bytes key, std::uint64_t value, json::Writer& out) {
  out.key(key).unsigned_integer(value);
}

}  // namespace

void UsageReader::take(json::View usage) {
  input_.take(tokens(usage["input_tokens"]));
  read_.take(tokens(usage["cache_read_input_tokens"]));
  written_.take(tokens(usage["cache_creation_input_tokens"]));
  const json::View split = usage["cache_creation"];
  written_5m_.take(tokens(split["ephemeral_5m_input_tokens"]));
  written_1h_.take(tokens(split["ephemeral_1h_input_tokens"]));
  output_.take(tokens(usage["output_tokens"]));
  thinking_.take(tokens(usage["output_tokens_details"]["thinking_tokens"]));
  const json::View tools = usage["server_tool_use"];
  searches_.take(tokens(tools["web_search_requests"]));
  fetches_.take(tokens(tools["web_fetch_requests"]));
}

hub::Usage UsageReader::usage() const {
  hub::Usage out;
  out.input = input_;
  out.cache_read = read_;
  out.web_searches = searches_;
  out.web_fetches = fetches_;
  if (written_.present) {
    // The sum decides; what its parts do not account for was written for five minutes.
    const std::uint64_t hour = std::min(written_1h_.value, written_.value);
    out.cache_write_5m = written_.value - hour;
    if (written_1h_.present) out.cache_write_1h = hour;
  } else {
    out.cache_write_5m = written_5m_;
    out.cache_write_1h = written_1h_;
  }
  if (output_.present) {
    out.output = output_.value - std::min(thinking_.value, output_.value);
    if (thinking_.present) out.reasoning = std::min(thinking_.value, output_.value);
  }
  return out;
}

void write_usage(const hub::Usage& usage, std::uint64_t input_estimate,
                 std::uint64_t output_estimate, json::Writer& out) {
  const bool input = usage.input.present || usage.input_audio.present || usage.input_image.present;
  const bool written = usage.cache_write_5m.present || usage.cache_write_30m.present ||
                       usage.cache_write_1h.present || usage.cache_write_12h.present;
  const bool output = usage.output.present || usage.reasoning.present;
  out.begin_object();
  member("input_tokens",
         input ? usage.input.value + usage.input_audio.value + usage.input_image.value
               : input_estimate,
         out);
  member("cache_creation_input_tokens", usage.cache_write(), out);
  member("cache_read_input_tokens", usage.cache_read.value, out);
  if (written) {
    out.key("cache_creation").begin_object();
    member("ephemeral_5m_input_tokens", usage.cache_write_5m.value + usage.cache_write_30m.value,
           out);
    member("ephemeral_1h_input_tokens", usage.cache_write_1h.value + usage.cache_write_12h.value,
           out);
    out.end_object();
  }
  member("output_tokens", output ? usage.output_total() : output_estimate, out);
  if (usage.reasoning.present) {
    out.key("output_tokens_details").begin_object();
    member("thinking_tokens", usage.reasoning.value, out);
    out.end_object();
  }
  if (usage.web_searches.present || usage.web_fetches.present) {
    out.key("server_tool_use").begin_object();
    member("web_search_requests", usage.web_searches.value, out);
    member("web_fetch_requests", usage.web_fetches.value, out);
    out.end_object();
  }
  out.end_object();
}

}  // namespace penstock::dialect::anthropic
