// Token figures of a Responses answer: OpenAI counts parts inside of totals, the hub beside them.
#include "dialect/openai_responses/usage.h"

#include <algorithm>

namespace penstock::dialect::openai_responses {
namespace {

using hub::Tokens;

Tokens read_tokens(json::View value) {
  const auto tokens = value.integer();
  return tokens && *tokens >= 0 ? Tokens(static_cast<std::uint64_t>(*tokens)) : Tokens();
}

// What is left of `whole` without its part; never below zero, whatever a provider counts.
void take_out(Tokens& whole, const Tokens& part) {
  if (whole.present) whole.value -= std::min(whole.value, part.value);
}

}  // namespace

hub::Usage read_usage(json::View usage, json::View tool_usage) {
  hub::Usage out;
  const json::View input = usage["input_tokens_details"];
  out.input = read_tokens(usage["input_tokens"]);
  out.cache_read = read_tokens(input["cached_tokens"]);
  // One hosted model reports more cached tokens than it was sent.
  if (out.input.present) out.cache_read.value = std::min(out.cache_read.value, out.input.value);
  const json::View written = input["cache_write_tokens_details"];
  out.cache_write_30m = read_tokens(written["ttl_30m_tokens"]);
  out.cache_write_12h = read_tokens(written["ttl_12h_tokens"]);
  const Tokens sum = read_tokens(input["cache_write_tokens"]);
  const std::uint64_t split = out.cache_write_30m.value + out.cache_write_12h.value;
  if (sum.present && sum.value > split)
    out.cache_write_30m = Tokens(sum.value - split + out.cache_write_30m.value);
  if (sum.present && !out.cache_write_30m.present) out.cache_write_30m = Tokens(0);
  take_out(out.input, out.cache_read);
  take_out(out.input, out.cache_write_30m);
  take_out(out.input, out.cache_write_12h);
  out.output = read_tokens(usage["output_tokens"]);
  out.reasoning = read_tokens(usage["output_tokens_details"]["reasoning_tokens"]);
  if (out.output.present) out.reasoning.value = std::min(out.reasoning.value, out.output.value);
  take_out(out.output, out.reasoning);
  out.web_searches = read_tokens(tool_usage["web_search"]["num_requests"]);
  return out;
}

void write_usage(const hub::Usage& usage, json::Writer& out) {
  if (!usage.any()) {
    out.null();
    return;
  }
  const std::uint64_t input = usage.input_total();
  const std::uint64_t output = usage.output_total();
  out.begin_object().key("input_tokens").unsigned_integer(input);
  out.key("input_tokens_details").begin_object();
  out.key("cached_tokens").unsigned_integer(usage.cache_read.value);
  out.key("cache_write_tokens").unsigned_integer(usage.cache_write());
  out.end_object();
  out.key("output_tokens").unsigned_integer(output);
  out.key("output_tokens_details").begin_object();
  out.key("reasoning_tokens").unsigned_integer(usage.reasoning.value).end_object();
  out.key("total_tokens").unsigned_integer(input + output).end_object();
}

}  // namespace penstock::dialect::openai_responses
