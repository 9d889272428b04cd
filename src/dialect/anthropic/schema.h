// JSON schemas in the forms that Anthropic takes (docs on tools and on structured outputs).
#pragma once

#include "penstock/hub.h"
#include "penstock/json_document.h"
#include "penstock/json_writer.h"

namespace penstock::dialect::anthropic {

// Writes the schema of a tool's arguments: an object at the top, without alternatives there; no
// schema is an object without members. True: something of it had to be left out.
bool write_tool_schema(hub::Raw schema, json::Document& document, json::Writer& out);

// Writes the schema of an answer, or of a strict tool: objects are closed, limits of numbers,
// lengths and the like, which are refused there, are left out. True: something was.
bool write_answer_schema(hub::Raw schema, json::Document& document, json::Writer& out);

}  // namespace penstock::dialect::anthropic
