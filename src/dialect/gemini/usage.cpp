#include "dialect/gemini/usage.h"

#include <algorithm>

namespace penstock::dialect::gemini {
namespace {

// More tokens than any request can have: such a figure is a fault, and sums must not wrap.
constexpr std::int64_t figure_max = 1'000'000'000'000;

hub::Tokens figure(json::View value) {
  const auto number = value.integer();
  if (!number || *number < 0 || *number > figure_max) return {};
  return {static_cast<std::uint64_t>(*number)};
}

std::uint64_t less(std::uint64_t whole, std::uint64_t part) {
  return whole - std::min(whole, part);
}

// The part of a modality that no other bucket holds, bounded by what is left of the whole.
hub::Tokens share(hub::Tokens all, hub::Tokens cached, std::uint64_t& left) {
  if (!all.present) return {};
  const std::uint64_t own = std::min(less(all.value, cached.value), left);
  left -= own;
  return {own};
}

void write_modality(Bytes name, hub::Tokens tokens, json::Writer& out) {
  if (!tokens.present || tokens.value == 0) return;
  out.begin_object().key("modality").raw(name);
  out.key("tokenCount").unsigned_integer(tokens.value).end_object();
}

void write_details(Bytes key, std::uint64_t total, hub::Tokens audio, hub::Tokens image,
                   json::Writer& out) {
  if (audio.value + image.value == 0) return;
  out.key(key).begin_array();
  write_modality("\"TEXT\"", {less(total, audio.value + image.value)}, out);
  write_modality("\"AUDIO\"", audio, out);
  write_modality("\"IMAGE\"", image, out);
  out.end_array();
}

}  // namespace

void Figures::Modalities::read(json::View details) {
  for (const json::View entry : details) {
    const json::View modality = entry["modality"];
    const hub::Tokens tokens = figure(entry["tokenCount"]);
    // Enumerations may come as numbers; of these only TEXT was ever seen.
    if (modality.is("AUDIO")) audio.take(tokens);
    if (modality.is("IMAGE")) image.take(tokens);
  }
}

void Figures::read(json::View usage_metadata) {
  for (const json::View value : usage_metadata) {
    const Bytes key = value.key();
    if (key == "promptTokenCount") prompt_.take(figure(value));
    if (key == "cachedContentTokenCount") cached_.take(figure(value));
    if (key == "candidatesTokenCount") candidates_.take(figure(value));
    if (key == "thoughtsTokenCount") thoughts_.take(figure(value));
    if (key == "toolUsePromptTokenCount") tool_use_.take(figure(value));
    if (key == "totalTokenCount") total_.take(figure(value));
    if (key == "promptTokensDetails") in_prompt_.read(value);
    if (key == "cacheTokensDetails") in_cached_.read(value);
    if (key == "candidatesTokensDetails") in_candidates_.read(value);
  }
}

hub::Usage Figures::usage() const {
  hub::Usage usage;
  std::uint64_t candidates = candidates_.value;
  std::uint64_t thoughts = thoughts_.value;
  const std::uint64_t input = prompt_.value + tool_use_.value;
  const std::uint64_t unexplained =
      total_.present ? less(total_.value, input + candidates + thoughts) : 0;
  // What the total has beyond the parts belongs to the part that is missing: thoughts first.
  if (!candidates_.present) {
    candidates = unexplained;
  } else if (!thoughts_.present) {
    thoughts = unexplained;
  }
  if (prompt_.present) {
    // Under explicit caching the prompt was seen without its cached part.
    const bool additive = cached_.value > prompt_.value;
    std::uint64_t left = additive ? input : input - cached_.value;
    usage.input_audio = share(in_prompt_.audio, in_cached_.audio, left);
    usage.input_image = share(in_prompt_.image, in_cached_.image, left);
    usage.input = {left};
    usage.cache_read = cached_;
  }
  if (candidates_.present || total_.present) {
    usage.output_audio = share(in_candidates_.audio, {}, candidates);
    usage.output_image = share(in_candidates_.image, {}, candidates);
    usage.output = {candidates};
  }
  if (thoughts_.present || thoughts > 0) usage.reasoning = {thoughts};
  return usage;
}

void write_usage(const hub::Usage& usage, json::Writer& out) {
  const std::uint64_t input = usage.input_total();
  const std::uint64_t candidates = usage.output_total() - usage.reasoning.value;
  out.begin_object();
  if (usage.any()) {
    out.key("promptTokenCount").unsigned_integer(input);
    if (usage.cache_read.present) {
      out.key("cachedContentTokenCount").unsigned_integer(usage.cache_read.value);
    }
    out.key("candidatesTokenCount").unsigned_integer(candidates);
    if (usage.reasoning.present) {
      out.key("thoughtsTokenCount").unsigned_integer(usage.reasoning.value);
    }
    out.key("totalTokenCount").unsigned_integer(input + usage.output_total());
    write_details("promptTokensDetails", input, usage.input_audio, usage.input_image, out);
    write_details("candidatesTokensDetails", candidates, usage.output_audio, usage.output_image,
                  out);
  }
  out.end_object();
}

}  // namespace penstock::dialect::gemini
