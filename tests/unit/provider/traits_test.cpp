#include <doctest/doctest.h>

#include "penstock/provider.h"

using namespace penstock;
using dialect::Dialect;
using dialect::Quirks;

namespace {

Provider of_kind(ProviderKind kind, std::string version = {}) {
  Provider provider;
  provider.kind = kind;
  provider.api_version = std::move(version);
  return provider;
}
Target of_model(std::string model) {
  Target target;
  target.base_model = std::move(model);
  return target;
}
const Quirks& of(ProviderKind kind) {
  return facts_of(kind).quirks;
}

}  // namespace

TEST_CASE("traits/what_the_configuration_says_is_handed_on") {
  Model model;
  model.drop_params = dialect::DropParams::error;
  model.prompt_cache = dialect::PromptCache::automatic;
  Target target = of_model("claude-sonnet-4-5");
  target.upstream_model = "arn:x";
  target.max_output_tokens = 4096;
  target.dialect = Dialect::anthropic;
  const Provider bedrock = of_kind(ProviderKind::bedrock);
  const auto traits = traits_of(bedrock, model, target);
  CHECK(traits.model == "arn:x");
  CHECK(traits.base_model == "claude-sonnet-4-5");
  CHECK(traits.drop_params == dialect::DropParams::error);
  CHECK(traits.prompt_cache == dialect::PromptCache::automatic);
  CHECK(traits.max_output_default == 4096);
  CHECK(traits.in_bedrock_invoke);
  CHECK_FALSE(traits.on_vertex);
  CHECK(traits.quirks == &of(ProviderKind::bedrock));
  target.dialect = Dialect::bedrock;
  CHECK_FALSE(traits_of(bedrock, model, target).in_bedrock_invoke);
  CHECK(traits_of(of_kind(ProviderKind::vertex), model, target).on_vertex);
}

TEST_CASE("traits/openai_itself_has_no_quirks") {
  const Quirks& openai = of(ProviderKind::openai);
  CHECK(openai.max_tokens == "max_completion_tokens");
  CHECK(openai.developer_role);
  CHECK(openai.store);
  CHECK(openai.terminator);
  CHECK(of(ProviderKind::azure).max_tokens == "max_completion_tokens");
}

TEST_CASE("traits/the_matrix_of_parameters") {
  using enum ProviderKind;
  CHECK(of(mistral).max_tokens == "max_tokens");
  CHECK(of(mistral).seed_field == "random_seed");
  CHECK(of(mistral).required_choice == "any");
  CHECK(of(mistral).short_tool_ids);
  CHECK_FALSE(of(mistral).stream_options);
  CHECK_FALSE(of(groq).n);
  CHECK_FALSE(of(groq).logprobs);
  CHECK_FALSE(of(deepseek).json_schema);
  CHECK(of(deepseek).reasoning_back);
  CHECK(of(deepseek).reasoning_field == "reasoning_content");
  CHECK(of(xai).usage_needs_sum);
  CHECK(of(openrouter).cache_control);
  CHECK(of(openrouter).reasoning_details);
  CHECK_FALSE(of(perplexity).terminator);
  CHECK_FALSE(of(together).logprobs);
  CHECK(of(vllm).reasoning_field == "reasoning");
  CHECK_FALSE(of(llamacpp).tool_choice_named);
  // All but OpenAI and Azure know no `developer`, `verbosity` and `store`.
  for (const KindFacts& facts : all_kinds()) {
    CAPTURE(facts.name);
    if (facts.paths != Paths::openai || facts.name == "openai") continue;
    CHECK_FALSE(facts.quirks.developer_role);
    CHECK_FALSE(facts.quirks.verbosity);
    CHECK_FALSE(facts.quirks.store);
  }
}

TEST_CASE("traits/azures_dated_versions_know_what_was_known_then") {
  const auto at = [](std::string version) -> const Quirks& {
    return quirks_of(of_kind(ProviderKind::azure, std::move(version)), of_model("gpt"));
  };
  CHECK(at("").developer_role);
  CHECK(at("v1").max_tokens == "max_completion_tokens");
  CHECK(at("preview").json_schema);
  CHECK(at("2025-04-01-preview").developer_role);
  CHECK(at("2024-12-01-preview").max_tokens == "max_completion_tokens");
  CHECK(at("2024-10-21").max_tokens == "max_tokens");
  CHECK(at("2024-10-21").stream_options);
  CHECK_FALSE(at("2024-08-01-preview").stream_options);
  CHECK(at("2024-08-01-preview").json_schema);
  CHECK_FALSE(at("2024-06-01").json_schema);
  CHECK_FALSE(at("2024-06-01").parallel_tool_calls);
}

TEST_CASE("traits/reasoning_models_of_xai_refuse_stop_and_penalties") {
  const auto takes_stop = [](std::string model) {
    const Quirks& quirks = quirks_of(of_kind(ProviderKind::xai), of_model(std::move(model)));
    CHECK(quirks.usage_needs_sum);
    CHECK(quirks.stop == quirks.penalties);
    return quirks.stop;
  };
  CHECK(takes_stop("grok-2-1212"));
  CHECK(takes_stop("grok-3"));
  CHECK(takes_stop("grok-4-1-fast-non-reasoning"));
  CHECK_FALSE(takes_stop("grok-3-mini"));
  CHECK_FALSE(takes_stop("grok-4.3"));
  CHECK_FALSE(takes_stop("grok-code-fast-1"));
}
