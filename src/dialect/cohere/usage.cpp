// Cohere's figures and reasons in the words of the hub.
#include <algorithm>

#include "dialect/cohere/cohere.h"

namespace penstock::dialect::cohere {
namespace {

hub::Tokens tokens(json::View figure) {
  const auto value = figure.integer();
  return value && *value >= 0 ? hub::Tokens(static_cast<std::uint64_t>(*value)) : hub::Tokens();
}

// Takes at most `part` out of `whole`; what was there of it.
hub::Tokens split(hub::Tokens& whole, hub::Tokens part) {
  if (!part.present || !whole.present) return part;
  part.value = std::min(part.value, whole.value);
  whole.value -= part.value;
  return part;
}

}  // namespace

hub::Finish read_finish(json::View reason) {
  using hub::Finish;
  if (reason.is("COMPLETE")) return Finish::stop;
  if (reason.is("STOP_SEQUENCE")) return Finish::stop_sequence;
  if (reason.is("MAX_TOKENS")) return Finish::length;
  if (reason.is("TOOL_CALL")) return Finish::tool_calls;
  if (reason.is("ERROR") || reason.is("TIMEOUT")) return Finish::none;
  return Finish::other;
}

hub::Usage read_usage(json::View usage) {
  const bool told = usage["tokens"].is_object();
  const json::View figures = told ? usage["tokens"] : usage["billed_units"];
  hub::Usage out;
  out.input = tokens(figures["input_tokens"]);
  out.output = tokens(figures["output_tokens"]);
  out.reasoning = split(out.output, tokens(figures["reasoning_tokens"]));
  const hub::Tokens images = tokens(figures["image_tokens"]);
  // Recorded: 34 tokens of input beside 259 of an image (billed: 267), so the image stood outside;
  // where it fits it is taken to be inside, lest it be counted twice.
  const bool outside = images.value > out.input.value;
  out.cache_read = split(out.input, tokens(usage["cached_tokens"]));
  out.input_image = outside ? images : split(out.input, images);
  return out;
}

}  // namespace penstock::dialect::cohere
