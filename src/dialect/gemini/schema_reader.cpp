// From Google's form of a schema to JSON Schema.
#include <array>

#include "dialect/gemini/schema.h"

namespace penstock::dialect::gemini {
namespace {

struct Spelling {
  Bytes snake, camel;
};
constexpr std::array<Spelling, 6> counts{{{"min_items", "minItems"},
                                          {"max_items", "maxItems"},
                                          {"min_length", "minLength"},
                                          {"max_length", "maxLength"},
                                          {"min_properties", "minProperties"},
                                          {"max_properties", "maxProperties"}}};
// By the number of the enumeration, as clients with numeric enumerations send it.
constexpr std::array<Bytes, 8> types{"",        "string", "number", "integer",
                                     "boolean", "array",  "object", "null"};

// The JSON Schema name of a type; empty: unspecified or not known.
Bytes type_name(json::View type) {
  if (const auto number = type.integer(); number && *number > 0 && *number < 8) {
    return types[static_cast<std::size_t>(*number)];
  }
  const Bytes text = type.text();
  for (const Bytes name : types) {
    if (text.size() != name.size() || name.empty()) continue;
    bool same = true;
    for (std::size_t i = 0; i < name.size(); ++i) same = same && (text[i] | 0x20) == name[i];
    if (same) return name;
  }
  return {};
}

void write_type(json::View type, bool nullable, json::Writer& out) {
  if (type.is_array()) {
    out.key("type").raw(type.raw());
    return;
  }
  const Bytes name = type_name(type);
  if (name.empty()) return;
  out.key("type");
  if (nullable) {
    out.begin_array().string(name).string("null").end_array();
  } else {
    out.string(name);
  }
}

void write_list(json::View list, json::Writer& out) {
  out.begin_array();
  for (const json::View schema : list) write_json_schema(schema, out);
  out.end_array();
}

// True when `value` was one of the members that count something.
bool write_count(json::View value, json::Writer& out) {
  for (const Spelling& name : counts) {
    if (!value.key_is(name.camel) && !value.key_is(name.snake)) continue;
    // 64-bit integers are strings in the JSON form of protocol buffers.
    const Bytes number = value.is_string() ? value.text() : value.raw();
    if (!number.empty() && number.size() < 19 &&
        number.find_first_not_of("0123456789") == Bytes::npos) {
      out.key(name.camel).raw(number);
    }
    return true;
  }
  return false;
}

void write_enum(json::View values, bool nullable, json::Writer& out) {
  if (!values.is_array()) return;
  bool has_null = false;
  out.key("enum").begin_array();
  for (const json::View value : values) {
    out.raw(value.raw());
    has_null = has_null || value.is_null();
  }
  if (nullable && !has_null) out.null();
  out.end_array();
}

}  // namespace

void write_json_schema(json::View schema, json::Writer& out) {
  if (!schema.is_object()) {
    out.raw(schema.exists() ? schema.raw() : Bytes("{}"));
    return;
  }
  const bool nullable = schema["nullable"].is_true();
  out.begin_object();
  for (const json::View value : schema) {
    if (value.is_null() && !value.key_is("default") && !value.key_is("const")) continue;
    if (value.key_is("nullable") || value.key_is("propertyOrdering") ||
        value.key_is("property_ordering") || write_count(value, out)) {
      continue;
    }
    if (value.key_is("type")) {
      write_type(value, nullable, out);
    } else if (value.key_is("enum")) {
      write_enum(value, nullable, out);
    } else if (value.key_is("properties") && value.is_object()) {
      out.key("properties").begin_object();
      for (const json::View property : value) {
        out.escaped_string(property.key()).verbatim(":");
        write_json_schema(property, out);
      }
      out.end_object();
    } else if (value.key_is("items")) {
      out.key("items");
      write_json_schema(value, out);
    } else if (value.key_is("anyOf") || value.key_is("any_of")) {
      out.key("anyOf");
      write_list(value, out);
    } else if (value.key_is("example")) {
      out.key("examples").begin_array().raw(value.raw()).end_array();
    } else {
      out.escaped_string(value.key()).verbatim(":").raw(value.raw());
    }
  }
  out.end_object();
}

}  // namespace penstock::dialect::gemini
