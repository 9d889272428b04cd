#include "dialect/arguments.h"

#include <string>

namespace penstock::dialect {

void write_arguments_string(const hub::Arguments& arguments, json::Writer& out) {
  if (arguments.bytes.empty())
    out.string("{}");
  else if (arguments.in_string)
    out.escaped_string(arguments.bytes);
  else
    out.string(arguments.bytes);
}

void write_arguments_object(const hub::Arguments& arguments, json::Document& document,
                            json::Writer& out) {
  if (arguments.bytes.empty()) {
    out.raw("{}");
  } else if (arguments.in_string) {
    write_arguments_object(arguments.bytes, document, out);
  } else if (arguments.bytes.starts_with('{')) {  // a value that was read already
    out.raw(arguments.bytes);
  } else {
    out.begin_object().key("_raw").string(arguments.bytes).end_object();
  }
}

void write_arguments_object(Bytes escaped_once, json::Document& document, json::Writer& out) {
  const std::string text = json::unescaped(escaped_once);
  const auto value = document.read(text, json::Judge::answer);
  if (value && value->is_object()) {
    out.raw(value->raw());
  } else if (text.find_first_not_of(" \t\r\n") == std::string::npos ||
             (value && value->is_null())) {
    out.raw("{}");
  } else {
    out.begin_object().key("_raw").string(text).end_object();
  }
}

}  // namespace penstock::dialect
