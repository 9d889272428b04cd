// What a writer must know about a target, as far as its kind and configuration say.
#include <array>

#include "penstock/provider.h"

namespace penstock {
namespace {

using dialect::Quirks;

// Azure's dated versions learned the parameters of OpenAI one after another
// ("API version lifecycle").
constexpr Quirks azure_before_2024_12{.max_tokens = "max_tokens", .developer_role = false};
constexpr Quirks azure_before_2024_09{
    .max_tokens = "max_tokens", .developer_role = false, .stream_options = false};
constexpr Quirks azure_before_2024_08{.max_tokens = "max_tokens",
                                      .developer_role = false,
                                      .stream_options = false,
                                      .json_schema = false,
                                      .strict = false,
                                      .parallel_tool_calls = false};

const Quirks* azure_quirks(Bytes version) {
  if (version.empty() || version[0] < '0' || version[0] > '9') return nullptr;
  if (version < "2024-08-01") return &azure_before_2024_08;
  if (version < "2024-09-01") return &azure_before_2024_09;
  if (version < "2024-12-01") return &azure_before_2024_12;
  return nullptr;
}

// xAI's reasoning models refuse `stop` and both penalties. Which ones reason is told by the name:
// all from grok-3-mini and grok-4 on that do not say otherwise.
bool xai_reasons(Bytes model) {
  if (model.find("non-reasoning") != Bytes::npos || model.starts_with("grok-2")) return false;
  return !model.starts_with("grok-3") || model.starts_with("grok-3-mini");
}

const Quirks& xai_reasoning() {
  static const Quirks quirks = [] {
    Quirks made = facts_of(ProviderKind::xai).quirks;
    made.stop = false;
    made.penalties = false;
    return made;
  }();
  return quirks;
}

}  // namespace

const Quirks& quirks_of(const Provider& provider, const Target& target) {
  if (provider.kind == ProviderKind::azure) {
    if (const Quirks* older = azure_quirks(provider.api_version)) return *older;
  }
  if (provider.kind == ProviderKind::xai && xai_reasons(target.base_model)) return xai_reasoning();
  return facts_of(provider.kind).quirks;
}

dialect::TargetTraits traits_of(const Provider& provider, const Model& model,
                                const Target& target) {
  return {
      .model = target.upstream_model,
      .base_model = target.base_model,
      .quirks = &quirks_of(provider, target),
      .drop_params = model.drop_params,
      .prompt_cache = model.prompt_cache,
      .max_output_default = target.max_output_tokens,
      .on_vertex = provider.kind == ProviderKind::vertex,
      .in_bedrock_invoke =
          provider.kind == ProviderKind::bedrock && target.dialect == dialect::Dialect::anthropic,
  };
}

}  // namespace penstock
