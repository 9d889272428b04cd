// Token figures of a Responses answer.
#pragma once

#include "penstock/hub.h"
#include "penstock/json_document.h"
#include "penstock/json_writer.h"

namespace penstock::dialect::openai_responses {

// `usage`, and `tool_usage` of the response object. In `input_tokens` the cached and written tokens
// are contained, in `output_tokens` the reasoning tokens.
hub::Usage read_usage(json::View usage, json::View tool_usage);

// The `usage` object with every member that clients type as required; null when nothing is known.
void write_usage(const hub::Usage& usage, json::Writer& out);

}  // namespace penstock::dialect::openai_responses
