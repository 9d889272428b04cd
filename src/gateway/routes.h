// Which endpoint a path of the data plane names, and which methods it has. Pure.
#pragma once

#include <cstdint>

#include "penstock/bytes.h"
#include "penstock/dialect.h"
#include "penstock/http.h"
#include "penstock/kinds.h"

namespace penstock {

enum class Endpoint : std::uint8_t {
  none,
  chat_completions,
  completions,
  embeddings,
  responses,
  messages,            // Anthropic's
  count_tokens,        // /v1/messages/count_tokens
  gemini_generate,     // …/models/{model}:generateContent
  gemini_stream,       // …/models/{model}:streamGenerateContent
  gemini_count,        // …/models/{model}:countTokens
  gemini_embed,        // …/models/{model}:embedContent
  gemini_embed_batch,  // …/models/{model}:batchEmbedContents
  rerank,
  rerank_v2,  // /v2/rerank, which tells another version
  moderations,
  // Passed through (passage_rules.h).
  image_generations,
  image_edits,
  image_variations,
  audio_transcriptions,
  audio_translations,
  audio_speech,
  files,
  file,          // /v1/files/{id}
  file_content,  // /v1/files/{id}/content
  batches,
  batch,         // /v1/batches/{id}
  batch_cancel,  // /v1/batches/{id}/cancel
  models,
  model,  // /v1/models/{id}
  live,
  ready,
};
inline constexpr std::size_t endpoint_count = static_cast<std::size_t>(Endpoint::ready) + 1;
// The name in logs, static.
Bytes name(Endpoint endpoint);

struct Route {
  Endpoint endpoint = Endpoint::none;
  // The model, where the path names it, still escaped; a view into the path. Of `model` the rest.
  Bytes id;
  Bytes resource{};  // what is passed through: the path without its prefix
};

// path: as http::route_path gave it. Served with and without `/v1`, and below `/openai`,
// `/anthropic` and `/genai`; Gemini's also below `/v1beta` and in Vertex's form, Azure's below
// `/openai/deployments/{model}`, Cohere's rerank at `/v2/rerank`.
Route route(Bytes path);
// The same for a path as it came, when it is just one that `route` knows, with or without `/v1`:
// nearly all are, and need no other form. `none`: ask `route`.
Endpoint plain_route(Bytes path);
// True when the endpoint has this method; HEAD goes where GET goes.
bool allows(Endpoint endpoint, http::Method method);
// The value of Allow.
Bytes allowed_methods(Endpoint endpoint);

// What the client of this endpoint speaks.
dialect::Dialect dialect_of(Endpoint endpoint);
// What is asked of the provider.
Service service_of(Endpoint endpoint);

// True when a request to this endpoint goes to a provider.
constexpr bool goes_upstream(Endpoint endpoint) {
  return endpoint >= Endpoint::chat_completions && endpoint <= Endpoint::batch_cancel;
}
// True when request and answer are passed through as they come.
constexpr bool passes_through(Endpoint endpoint) {
  return endpoint >= Endpoint::image_generations && endpoint <= Endpoint::batch_cancel;
}
// True for calls that are no turn of a conversation: embeddings, rerank, moderations.
constexpr bool is_side(Endpoint endpoint) {
  return endpoint == Endpoint::embeddings ||
         (endpoint >= Endpoint::gemini_embed && endpoint <= Endpoint::moderations);
}
// True when it needs a key. Health is open to whoever reaches the listener.
constexpr bool needs_key(Endpoint endpoint) {
  return endpoint != Endpoint::live && endpoint != Endpoint::ready;
}
// True when the path names the model; the body then need not.
constexpr bool names_model(const Route& found) {
  return goes_upstream(found.endpoint) && !found.id.empty();
}

}  // namespace penstock
