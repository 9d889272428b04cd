#include "dialect/bedrock/model.h"

#include <algorithm>
#include <array>

namespace penstock::dialect::bedrock {
namespace {

using hub::Effort;

// One generation of Claude (docs.anthropic.com, models and migration pages).
struct Generation {
  std::array<Bytes, 4> names;  // parts of model ids
  Thinking thinking;
  Effort effort_max;
  std::int64_t output_max;
  bool sampling;
  bool both_samplers;
  bool structured;
  bool system_messages;
  bool prefill;
};

// Newest first; the first row also stands for names that are not known yet.
constexpr Generation generations[] = {
    {{"opus-5", "sonnet-5", "fable", "mythos"},
     Thinking::adaptive,
     Effort::max,
     128'000,
     false,
     false,
     true,
     true,
     false},
    {{"opus-4-8", "haiku-5"},
     Thinking::adaptive,
     Effort::max,
     128'000,
     false,
     false,
     true,
     true,
     false},
    {{"opus-4-7"}, Thinking::adaptive, Effort::max, 128'000, false, false, true, false, false},
    {{"opus-4-6", "sonnet-4-6"},
     Thinking::adaptive,
     Effort::high,
     128'000,
     true,
     false,
     true,
     false,
     false},
    {{"opus-4-5", "sonnet-4-5", "haiku-4-5"},
     Thinking::budget,
     Effort::high,
     64'000,
     true,
     false,
     true,
     false,
     true},
    {{"opus-4-1"}, Thinking::budget, Effort::high, 32'000, true, false, true, false, true},
    {{"opus-4"}, Thinking::budget, Effort::high, 32'000, true, true, false, false, true},
    {{"sonnet-4", "3-7-sonnet"},
     Thinking::budget,
     Effort::high,
     64'000,
     true,
     true,
     false,
     false,
     true},
    {{"claude-3-5"}, Thinking::none, Effort::high, 8'192, true, true, false, false, true},
    {{"claude-3", "claude-v2", "claude-2", "claude-instant"},
     Thinking::none,
     Effort::high,
     4'096,
     true,
     true,
     false,
     false,
     true},
};

const Generation& generation_of(Bytes name) {
  for (const Generation& each : generations) {
    const bool is = std::ranges::any_of(
        each.names, [&](Bytes part) { return !part.empty() && name.find(part) != Bytes::npos; });
    if (is) return each;
  }
  return generations[0];
}

Model claude(Bytes name) {
  const Generation& row = generation_of(name);
  Model model;
  model.family = Family::claude;
  model.thinking = row.thinking;
  model.effort_max = row.effort_max;
  model.output_max = row.output_max;
  model.sampling = row.sampling;
  model.both_samplers = row.both_samplers;
  model.top_k = true;
  model.json_schema = row.structured;
  model.cache_points = model.cache_tools = true;
  model.cache_hour = row.structured;
  model.system_messages = row.system_messages;
  model.prefill = row.prefill;
  model.audio_input = model.video_input = false;
  return model;
}

bool has_any(Bytes name, std::initializer_list<Bytes> parts) {
  return std::ranges::any_of(parts, [&](Bytes part) { return name.find(part) != Bytes::npos; });
}

}  // namespace

Model model_of(Bytes name) {
  if (has_any(name, {"claude"})) return claude(name);
  Model model;
  if (has_any(name, {"nova"})) {
    model.family = Family::nova;
    if (has_any(name, {"nova-2"})) model.thinking = Thinking::nova;
    model.top_k = model.cache_points = true;
  } else if (has_any(name, {"mistral", "mixtral", "ministral", "magistral", "pixtral", "devstral",
                            "voxtral"})) {
    model.family = Family::mistral;
    model.ids = IdRule::nine_letters;
    model.top_k = true;
    model.forced_choice = !has_any(name, {"mistral-7b", "mixtral", "2402"});
    model.result_status = false;
  } else if (has_any(name, {"llama"})) {
    model.family = Family::llama;
    model.forced_choice = model.result_status = model.audio_input = model.video_input = false;
  } else if (has_any(name, {"gpt-oss"})) {
    model.family = Family::gpt_oss;
    model.thinking = Thinking::effort;
    model.result_status = model.audio_input = model.video_input = false;
  } else if (has_any(name, {"deepseek"})) {
    model.family = Family::deepseek;
    model.forced_choice = model.result_status = model.audio_input = model.video_input = false;
  }
  return model;
}

}  // namespace penstock::dialect::bedrock
