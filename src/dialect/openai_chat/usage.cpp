#include "dialect/openai_chat/usage.h"

#include <algorithm>

namespace penstock::dialect::openai_chat {
namespace {

using hub::Tokens;

// No model answers with more; it keeps sums far from overflow.
constexpr std::int64_t tokens_max = std::int64_t{1} << 48;

Tokens tokens(json::View figure) {
  const auto value = figure.integer();
  if (!value || *value < 0 || *value > tokens_max) return {};
  return Tokens(static_cast<std::uint64_t>(*value));
}

Tokens first_of(json::View a, json::View b, json::View c = {}) {
  if (const Tokens one = tokens(a); one.present) return one;
  if (const Tokens one = tokens(b); one.present) return one;
  return tokens(c);
}

// Takes at most `part` out of `whole`; what was there of it. A part of zero is as good as told.
Tokens split(Tokens& whole, Tokens part) {
  if (!part.present) return part;
  part.value = std::min(part.value, whole.value);
  whole.value -= part.value;
  return part;
}

// The part stands beside the whole: the total says so.
bool is_beside(std::uint64_t rest_of_total, Tokens part) {
  return part.value > 0 && rest_of_total == part.value;
}

}  // namespace

hub::Usage read_usage(json::View usage, const Quirks& quirks) {
  hub::Usage out;
  if (!usage.is_object()) return out;
  const json::View in = usage["prompt_tokens_details"];
  const json::View made = usage["completion_tokens_details"];
  out.input = tokens(usage["prompt_tokens"]);
  out.output = tokens(usage["completion_tokens"]);
  // "Unknown", as some servers say it; it must not look like "free".
  if (out.input.value == 0 && out.output.value == 0) return {};
  const Tokens total = tokens(usage["total_tokens"]);
  const std::uint64_t counted = out.input.value + out.output.value;
  const std::uint64_t beside = total.value > counted ? total.value - counted : 0;
  const Tokens audio = tokens(in["audio_tokens"]);
  const Tokens reasoning = first_of(made["reasoning_tokens"], usage["reasoning_tokens"]);
  // DeepSeek, Mistral and Moonshot have names of their own for what was cached.
  const Tokens cached =
      first_of(in["cached_tokens"], usage["prompt_cache_hit_tokens"],
               usage["num_cached_tokens"] ? usage["num_cached_tokens"] : usage["cached_tokens"]);
  out.input_audio = is_beside(beside, audio) ? audio : split(out.input, audio);
  out.input_image = split(out.input, tokens(in["image_tokens"]));
  out.cache_read = split(out.input, cached);
  const Tokens written = split(out.input, tokens(in["cache_write_tokens"]));
  // OpenAI keeps a prompt for half an hour; the servers that take Anthropic's marks for five
  // minutes.
  (quirks.cache_control ? out.cache_write_5m : out.cache_write_30m) = written;
  const bool inside = !quirks.usage_needs_sum || (total.present && beside == 0);
  out.reasoning =
      !inside || is_beside(beside, reasoning) ? reasoning : split(out.output, reasoning);
  out.output_audio = split(out.output, tokens(made["audio_tokens"]));
  out.output_image = split(out.output, tokens(made["image_tokens"]));
  const json::View run = usage["server_tool_use_details"] ? usage["server_tool_use_details"]
                                                          : usage["server_tool_use"];
  out.web_searches = first_of(run["web_search_requests"], usage["num_search_queries"]);
  return out;
}

void write_usage(const hub::Usage& usage, json::Writer& out) {
  const std::uint64_t in = usage.input_total();
  const std::uint64_t made = usage.output_total();
  out.begin_object();
  out.key("prompt_tokens").unsigned_integer(in);
  out.key("completion_tokens").unsigned_integer(made);
  out.key("total_tokens").unsigned_integer(in + made);
  out.key("prompt_tokens_details").begin_object();
  out.key("cached_tokens").unsigned_integer(usage.cache_read.value);
  out.key("cache_write_tokens").unsigned_integer(usage.cache_write());
  out.key("audio_tokens").unsigned_integer(usage.input_audio.value);
  if (usage.input_image.present) out.key("image_tokens").unsigned_integer(usage.input_image.value);
  out.end_object().key("completion_tokens_details").begin_object();
  out.key("reasoning_tokens").unsigned_integer(usage.reasoning.value);
  out.key("audio_tokens").unsigned_integer(usage.output_audio.value);
  if (usage.output_image.present)
    out.key("image_tokens").unsigned_integer(usage.output_image.value);
  out.key("accepted_prediction_tokens").integer(0);
  out.key("rejected_prediction_tokens").integer(0);
  out.end_object().end_object();
}

}  // namespace penstock::dialect::openai_chat
