#include "gateway/routes.h"

#include <array>

#include "gateway/passage_rules.h"

namespace penstock {
namespace {

struct Row {
  Bytes path;
  Endpoint endpoint;
};
// Paths behind the optional prefix.
constexpr std::array rows{
    Row{"/chat/completions", Endpoint::chat_completions},
    Row{"/completions", Endpoint::completions},
    Row{"/embeddings", Endpoint::embeddings},
    Row{"/responses", Endpoint::responses},
    Row{"/messages", Endpoint::messages},
    Row{"/messages/count_tokens", Endpoint::count_tokens},
    Row{"/models", Endpoint::models},
    Row{"/rerank", Endpoint::rerank},
    Row{"/moderations", Endpoint::moderations},
};
// Paths that stand as they are.
constexpr std::array fixed{
    Row{"/livez", Endpoint::live},
    Row{"/readyz", Endpoint::ready},
    Row{"/health/liveliness", Endpoint::live},
    Row{"/health/liveness", Endpoint::live},
    Row{"/health/readiness", Endpoint::ready},
    Row{"/v2/rerank", Endpoint::rerank_v2},
};
// What follows a deployment in Azure's paths.
constexpr std::array deployed{
    Row{"/chat/completions", Endpoint::chat_completions},
    Row{"/completions", Endpoint::completions},
    Row{"/embeddings", Endpoint::embeddings},
};
// What follows the colon in Gemini's.
constexpr std::array verbs{
    Row{"generateContent", Endpoint::gemini_generate},
    Row{"streamGenerateContent", Endpoint::gemini_stream},
    Row{"countTokens", Endpoint::gemini_count},
    Row{"embedContent", Endpoint::gemini_embed},
    Row{"batchEmbedContents", Endpoint::gemini_embed_batch},
};
constexpr Bytes model_prefix = "/models/";

constexpr std::array<Bytes, endpoint_count> names{"none",
                                                  "chat_completions",
                                                  "completions",
                                                  "embeddings",
                                                  "responses",
                                                  "messages",
                                                  "count_tokens",
                                                  "generate",
                                                  "generate",
                                                  "count_tokens",
                                                  "embeddings",
                                                  "embeddings",
                                                  "rerank",
                                                  "rerank",
                                                  "moderations",
                                                  "image_generations",
                                                  "image_edits",
                                                  "image_variations",
                                                  "audio_transcriptions",
                                                  "audio_translations",
                                                  "audio_speech",
                                                  "files",
                                                  "files",
                                                  "files",
                                                  "batches",
                                                  "batches",
                                                  "batches",
                                                  "models",
                                                  "model",
                                                  "livez",
                                                  "readyz"};

bool drop_prefix(Bytes& path, Bytes prefix) {
  if (!path.starts_with(prefix)) return false;
  path.remove_prefix(prefix.size());
  return true;
}

// `{deployment}/chat/completions`.
Route azure_route(Bytes rest) {
  const std::size_t slash = rest.find('/');
  if (slash == Bytes::npos || slash == 0) return {};
  for (const Row& row : deployed) {
    if (rest.substr(slash) == row.path) return {row.endpoint, rest.substr(0, slash)};
  }
  Route passed = passage_route(rest.substr(slash));
  if (passed.endpoint == Endpoint::none || !passage_rule(passed.endpoint).has_model) return {};
  passed.id = rest.substr(0, slash);
  return passed;
}

// `…/models/{model}:{verb}`, where the model may hold slashes.
Route gemini_route(Bytes path) {
  const std::size_t at = path.find(model_prefix);
  const std::size_t colon = path.rfind(':');
  if (at == Bytes::npos || colon == Bytes::npos) return {};
  const std::size_t from = at + model_prefix.size();
  if (colon <= from) return {};
  for (const Row& row : verbs) {
    if (path.substr(colon + 1) == row.path) return {row.endpoint, path.substr(from, colon - from)};
  }
  return {};
}

}  // namespace

Bytes name(Endpoint endpoint) {
  return names[static_cast<std::size_t>(endpoint)];
}

Endpoint plain_route(Bytes path) {
  drop_prefix(path, "/v1");
  for (const Row& row : rows) {
    if (path == row.path) return row.endpoint;
  }
  return Endpoint::none;
}

Route route(Bytes path) {
  for (const Row& row : fixed) {
    if (path == row.path) return {row.endpoint, {}};
  }
  if (drop_prefix(path, "/openai/deployments/")) return azure_route(path);
  if (path.find(':') != Bytes::npos) {
    if (const Route found = gemini_route(path); found.endpoint != Endpoint::none) return found;
  }
  if (path.starts_with("/openai/v1/")) path.remove_prefix(7);
  if (path.starts_with("/anthropic/v1/")) path.remove_prefix(10);
  if (path.starts_with("/v1/")) path.remove_prefix(3);
  for (const Row& row : rows) {
    if (path == row.path) return {row.endpoint, {}};
  }
  // Model names may hold slashes (`provider/model`), so the id is all that follows.
  if (path.starts_with(model_prefix) && path.size() > model_prefix.size()) {
    return {Endpoint::model, path.substr(model_prefix.size())};
  }
  return passage_route(path);
}

dialect::Dialect dialect_of(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::completions:
      return dialect::Dialect::openai_completions;
    case Endpoint::responses:
      return dialect::Dialect::openai_responses;
    case Endpoint::messages:
    case Endpoint::count_tokens:
      return dialect::Dialect::anthropic;
    case Endpoint::gemini_generate:
    case Endpoint::gemini_stream:
    case Endpoint::gemini_count:
    case Endpoint::gemini_embed:
    case Endpoint::gemini_embed_batch:
      return dialect::Dialect::gemini;
    default:
      return dialect::Dialect::openai_chat;
  }
}

Service service_of(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::completions:
      return Service::completions;
    case Endpoint::embeddings:
    case Endpoint::gemini_embed:
    case Endpoint::gemini_embed_batch:
      return Service::embeddings;
    case Endpoint::rerank:
    case Endpoint::rerank_v2:
      return Service::rerank;
    case Endpoint::moderations:
      return Service::moderations;
    case Endpoint::count_tokens:
    case Endpoint::gemini_count:
      return Service::count_tokens;
    default:
      return Service::chat;
  }
}

bool allows(Endpoint endpoint, http::Method method) {
  if (passes_through(endpoint)) return passage_allows(endpoint, method);
  if (goes_upstream(endpoint)) return method == http::Method::post;
  return method == http::Method::get || method == http::Method::head;
}

Bytes allowed_methods(Endpoint endpoint) {
  if (passes_through(endpoint)) return passage_methods(endpoint);
  return goes_upstream(endpoint) ? "OPTIONS, POST" : "GET, HEAD, OPTIONS";
}

}  // namespace penstock
