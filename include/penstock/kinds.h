// The kinds of providers: what a name under `kind` stands for. One row each (src/kinds/kinds.cpp):
// where it is, how it is authenticated, which addresses and dialects it has, and where it departs
// from OpenAI. A new OpenAI-compatible service is one more row: docs/adding-a-provider.md.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "penstock/bytes.h"
#include "penstock/dialect.h"
#include "penstock/quirks.h"

namespace penstock {

// In the order of the table and of the documents.
enum class ProviderKind : std::uint8_t {
  openai,
  openai_compatible,
  azure,
  anthropic,
  gemini,
  vertex,
  bedrock,
  mistral,
  groq,
  cohere,
  deepseek,
  xai,
  openrouter,
  perplexity,
  together,
  fireworks,
  cerebras,
  moonshot,
  ollama,
  vllm,
  llamacpp,
  tgi,
  lmstudio,
};
inline constexpr std::size_t provider_kinds = static_cast<std::size_t>(ProviderKind::lmstudio) + 1;

// How a request says whose it is.
enum class Auth : std::uint8_t {
  bearer,          // Authorization: Bearer KEY
  api_key,         // api-key: KEY
  x_api_key,       // x-api-key: KEY
  x_goog_api_key,  // x-goog-api-key: KEY
  google,          // Bearer with a service account's access token, or x-goog-api-key
  aws,             // Signature Version 4, or Bearer with a Bedrock API key
};

// The form of the addresses behind the base URL.
enum class Paths : std::uint8_t {
  openai,     // /chat/completions; the model is in the body
  azure,      // /openai/v1/… or /openai/deployments/{deployment}/…?api-version=
  anthropic,  // /v1/messages
  gemini,     // /v1beta/models/{model}:{verb}
  vertex,     // /v1/projects/{p}/locations/{l}/publishers/{publisher}/models/{model}:{verb}
  bedrock,    // /model/{model}/{operation}
  cohere,     // /v2/chat
  ollama,     // /api/chat, /v1/…
};

// What can be asked of a provider.
enum class Service : std::uint8_t {
  chat,         // one turn of a conversation, in the target's own dialect
  completions,  // OpenAI's legacy completions
  embeddings,
  responses,  // OpenAI's Responses
  models,     // the list of models
  rerank,
  count_tokens,
  moderations,
};

// A set of services.
class Services {
 public:
  constexpr Services(std::initializer_list<Service> all) {
    for (const Service service : all) bits_ |= 1u << static_cast<unsigned>(service);
  }
  constexpr bool has(Service service) const {
    return ((bits_ >> static_cast<unsigned>(service)) & 1u) != 0;
  }

 private:
  unsigned bits_ = 0;
};

// What a provider has in OpenAI's words, at OpenAI's addresses, so that it can be passed through.
enum class Resource : std::uint8_t {
  images,          // /images/…
  transcriptions,  // /audio/transcriptions, /audio/translations
  speech,          // /audio/speech
  files,           // /files…
  batches,         // /batches…
};

// A set of resources.
class Resources {
 public:
  constexpr Resources(std::initializer_list<Resource> all) {
    for (const Resource resource : all) bits_ |= 1u << static_cast<unsigned>(resource);
  }
  constexpr bool has(Resource resource) const {
    return ((bits_ >> static_cast<unsigned>(resource)) & 1u) != 0;
  }

 private:
  unsigned bits_ = 0;
};

// Which API of a provider a target is called by, as the file writes it (`api`).
enum class Api : std::uint8_t { automatic, chat, responses, messages };

// Dialects that a target may ask for with `api` beside the kind's own.
struct Apis {
  bool chat = false;       // OpenAI chat completions
  bool responses = false;  // OpenAI responses
  bool messages = false;   // Anthropic messages
};

struct KindFacts {
  Bytes name{};  // as the file writes it
  // Where it is unless the file says otherwise. Empty: the file must say; `{region}` is replaced
  // (Vertex has more forms, see `default_base_url`).
  Bytes base_url{};
  // A segment that the gateway adds to the base URL, so that it must not end in it.
  Bytes added{};
  Paths paths = Paths::openai;
  Auth auth = Auth::bearer;
  bool needs_key = true;                                  // a service with accounts
  dialect::Dialect chat = dialect::Dialect::openai_chat;  // of Service::chat
  Services services{};
  Resources resources{};
  Apis apis{};
  dialect::Quirks quirks{};  // for the OpenAI-like dialects it serves
};

const KindFacts& facts_of(ProviderKind kind);
// All rows, by ProviderKind.
std::span<const KindFacts> all_kinds();
// The kind as the file writes it.
std::string_view name_of(ProviderKind kind);
// All names, "a|b|c".
std::string_view kind_words();

}  // namespace penstock
