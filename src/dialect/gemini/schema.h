// Schemas between JSON Schema, which the hub speaks, and the subset of OpenAPI 3.0 in `parameters`
// and `responseSchema` (https://ai.google.dev/api/caching#Schema). Current models take JSON Schema
// as it is (`parametersJsonSchema`); this is for clients and models that do not.
#pragma once

#include "penstock/error.h"
#include "penstock/json_document.h"
#include "penstock/json_writer.h"

namespace penstock::dialect::gemini {

// Google's form as JSON Schema: types in lower case, `nullable` as a second type, counts that came
// as strings as numbers. What is JSON Schema already stays.
void write_json_schema(json::View schema, json::Writer& out);

// JSON Schema as Google's form: references are put in place, what the subset lacks is left out.
// Error: unsupported_by_target, Side::client, for a schema that refers to itself, points nowhere or
// grows beyond 10,000 nodes.
Result<> write_openapi_schema(json::View schema, json::Writer& out);

// An object schema without properties: such a function takes no arguments.
bool takes_nothing(json::View schema);

}  // namespace penstock::dialect::gemini
