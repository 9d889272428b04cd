#include "dialect/openai_chat/reasoning_format.h"

#include <array>
#include <utility>

namespace penstock::dialect::openai_chat {
namespace {

using hub::Issuer;

constexpr std::array<std::pair<Issuer, Bytes>, 6> formats{{
    {Issuer::anthropic, "anthropic-claude-v1"},
    {Issuer::openai, "openai-responses-v1"},
    {Issuer::gemini, "google-gemini-v1"},
    {Issuer::bedrock, "bedrock-converse-v1"},
    {Issuer::mistral, "mistral-v1"},
    {Issuer::cohere, "cohere-v2"},
}};

}  // namespace

Issuer issuer_of_format(json::View format) {
  if (!format) return Issuer::anthropic;
  for (const auto& [issuer, word] : formats) {
    if (format.is(word)) return issuer;
  }
  return Issuer::other;
}

Bytes format_of(Issuer issuer) {
  for (const auto& [known, word] : formats) {
    if (known == issuer) return word;
  }
  return "unknown";
}

}  // namespace penstock::dialect::openai_chat
