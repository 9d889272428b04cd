#include "gateway/routes.h"

#include <array>

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
    Row{"/models", Endpoint::models},
};
// Paths that stand as they are.
constexpr std::array health{
    Row{"/livez", Endpoint::live},
    Row{"/readyz", Endpoint::ready},
    Row{"/health/liveliness", Endpoint::live},
    Row{"/health/liveness", Endpoint::live},
    Row{"/health/readiness", Endpoint::ready},
};
constexpr Bytes model_prefix = "/models/";

}  // namespace

Bytes name(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::none:
      return "none";
    case Endpoint::chat_completions:
      return "chat_completions";
    case Endpoint::completions:
      return "completions";
    case Endpoint::embeddings:
      return "embeddings";
    case Endpoint::models:
      return "models";
    case Endpoint::model:
      return "model";
    case Endpoint::live:
      return "livez";
    case Endpoint::ready:
      return "readyz";
  }
  return "none";
}

Bytes upstream_path(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::chat_completions:
      return "/chat/completions";
    case Endpoint::completions:
      return "/completions";
    case Endpoint::embeddings:
      return "/embeddings";
    default:
      return {};
  }
}

Route route(Bytes path) {
  for (const Row& row : health) {
    if (path == row.path) return {row.endpoint, {}};
  }
  if (path.starts_with("/openai/v1/")) path.remove_prefix(7);
  if (path.starts_with("/v1/")) path.remove_prefix(3);
  for (const Row& row : rows) {
    if (path == row.path) return {row.endpoint, {}};
  }
  // Model names may hold slashes (`provider/model`), so the id is all that follows.
  if (path.starts_with(model_prefix) && path.size() > model_prefix.size()) {
    return {Endpoint::model, path.substr(model_prefix.size())};
  }
  return {};
}

bool allows(Endpoint endpoint, http::Method method) {
  if (goes_upstream(endpoint)) return method == http::Method::post;
  return method == http::Method::get || method == http::Method::head;
}

Bytes allowed_methods(Endpoint endpoint) {
  return goes_upstream(endpoint) ? "OPTIONS, POST" : "GET, HEAD, OPTIONS";
}

}  // namespace penstock
