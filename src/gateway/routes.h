// Which endpoint a path of the data plane names, and which methods it has. Pure.
#pragma once

#include <cstdint>

#include "penstock/bytes.h"
#include "penstock/http.h"

namespace penstock {

enum class Endpoint : std::uint8_t {
  none,
  chat_completions,
  completions,
  embeddings,
  models,
  model,  // /v1/models/{id}
  live,
  ready,
};
inline constexpr std::size_t endpoint_count = static_cast<std::size_t>(Endpoint::ready) + 1;
// The name in logs, static.
Bytes name(Endpoint endpoint);
// The path behind a provider's base URL; empty for endpoints that are answered here.
Bytes upstream_path(Endpoint endpoint);

struct Route {
  Endpoint endpoint = Endpoint::none;
  Bytes id;  // of `model`: the rest of the path, still escaped; a view into the path
};

// path: as http::route_path gave it. Served with and without `/v1`, and below `/openai/v1`.
Route route(Bytes path);
// True when the endpoint has this method; HEAD goes where GET goes.
bool allows(Endpoint endpoint, http::Method method);
// The value of Allow.
Bytes allowed_methods(Endpoint endpoint);

// True when a request to this endpoint goes to a provider.
constexpr bool goes_upstream(Endpoint endpoint) {
  return endpoint == Endpoint::chat_completions || endpoint == Endpoint::completions ||
         endpoint == Endpoint::embeddings;
}
// True when it needs a key. Health is open to whoever reaches the listener.
constexpr bool needs_key(Endpoint endpoint) {
  return endpoint != Endpoint::live && endpoint != Endpoint::ready;
}

}  // namespace penstock
