// Who counts the tokens of a prompt, and in which words.
#include "penstock/provider.h"

namespace penstock {

using dialect::Dialect;

std::optional<Dialect> counting_dialect(const Provider& provider, const Target& target) {
  const KindFacts& facts = facts_of(provider.kind);
  if (!facts.services.has(Service::count_tokens)) return {};
  switch (facts.paths) {
    case Paths::openai:  // llama.cpp's server has Anthropic's call, OpenAI that of Responses
      if (provider.kind == ProviderKind::openai) return Dialect::openai_responses;
      return Dialect::anthropic;
    case Paths::vertex:
      if (target.dialect == Dialect::openai_chat) return {};
      return target.dialect;
    case Paths::bedrock:  // models of others have no counts
      if (target.base_model.find("anthropic.claude") == std::string::npos) return {};
      return target.dialect;
    default:
      return facts.chat;
  }
}

}  // namespace penstock
