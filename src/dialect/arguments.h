// A tool call's arguments are JSON text that some dialects put into a string and others show as an
// object. They stay text on the way through.
#pragma once

#include "penstock/hub.h"
#include "penstock/json_document.h"
#include "penstock/json_writer.h"

namespace penstock::dialect {

// Writes the arguments as a string value that holds their JSON text; no arguments are "{}".
void write_arguments_string(const hub::Arguments& arguments, json::Writer& out);

// Writes them as an object. What is no JSON object is wrapped: {"_raw": "the text"}, so that a
// history with a broken call can still be sent. `document` is used to judge the text.
void write_arguments_object(const hub::Arguments& arguments, json::Document& document,
                            json::Writer& out);
// The same for a folded answer's part, whose arguments are escaped once.
void write_arguments_object(Bytes escaped_once, json::Document& document, json::Writer& out);

}  // namespace penstock::dialect
