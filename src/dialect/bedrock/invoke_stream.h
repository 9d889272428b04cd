// InvokeModelWithResponseStream: the model's own stream, whose events are wrapped in frames of
// {"bytes": base64}. Another dialect's reader, Anthropic's for Claude, is given what is inside.
#pragma once

#include <memory>

#include "penstock/dialect.h"

namespace penstock::dialect::bedrock {

// Reads frames named `chunk` and exceptions. `inner` gets each event with its `type` as the name
// and decides what is complete.
std::unique_ptr<StreamReader> unwrap_invoke_stream(std::unique_ptr<StreamReader> inner);

}  // namespace penstock::dialect::bedrock
