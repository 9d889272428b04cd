// OpenAI's errors: as a body with a status, as an event inside a stream, as `response.error`.
#pragma once

#include "penstock/hub.h"
#include "penstock/json_document.h"
#include "penstock/json_writer.h"

namespace penstock::dialect::openai_responses {

// `error` is the object with message, type, code and param; status 0: it came inside a stream.
void read_error_object(json::View error, std::uint16_t status, hub::ErrorNote& out);

// {type, code, message, param}, all four always.
void write_error_object(const hub::ErrorNote& error, json::Writer& out);
// `response.error`: {code, message} with a code of the closed list that clients type.
void write_response_error(hub::ErrorKind kind, hub::Escaped message, json::Writer& out);

}  // namespace penstock::dialect::openai_responses
