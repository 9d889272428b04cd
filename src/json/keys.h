// The top-level members of a request that the gateway knows by name.
#pragma once

#include <cstdint>

#include "penstock/bytes.h"

namespace penstock::json {

enum class Field : std::uint8_t {
  other,
  model,
  messages,
  input,
  prompt,
  stream,
  stream_options,
  max_tokens,
  max_completion_tokens,
  n,
  user,
  metadata,
  tools,
  functions,
  // Extensions of the gateway.
  models,
  fallbacks,
  provider,
  cache,
  session_id,
  tags,
  // Would choose an upstream address or a credential.
  steering,
};

// `name` is the unescaped key.
Field field_of(Bytes name);

}  // namespace penstock::json
