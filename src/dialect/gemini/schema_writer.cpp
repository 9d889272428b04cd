// From JSON Schema to Google's subset of OpenAPI.
#include <algorithm>
#include <array>
#include <vector>

#include "dialect/gemini/schema.h"

namespace penstock::dialect::gemini {
namespace {

constexpr int nodes_max = 10'000;
constexpr std::size_t references_max = 32;  // one inside the other

// Members that mean the same in both.
constexpr std::array<Bytes, 11> shared{"description",   "required",      "minItems",  "maxItems",
                                       "minimum",       "maximum",       "minLength", "maxLength",
                                       "minProperties", "maxProperties", "pattern"};

// An upper-case type of Google's, from a JSON Schema name.
Bytes google_type(json::View type) {
  constexpr std::array<std::array<Bytes, 2>, 6> names{{{"string", "STRING"},
                                                       {"number", "NUMBER"},
                                                       {"integer", "INTEGER"},
                                                       {"boolean", "BOOLEAN"},
                                                       {"array", "ARRAY"},
                                                       {"object", "OBJECT"}}};
  for (const auto& [plain, google] : names) {
    if (type.is(plain) || type.is(google)) return google;
  }
  return {};
}

bool format_fits(json::View format) {
  constexpr std::array<Bytes, 6> known{"enum", "date-time", "int32", "int64", "float", "double"};
  return std::ranges::any_of(known, [&](Bytes name) { return format.is(name); });
}

class SchemaWriter {
 public:
  SchemaWriter(json::View root, json::Writer& out) : root_(root), out_(out) {}

  Result<> schema(json::View schema) {
    out_.begin_object();
    PENSTOCK_CHECK(members(schema, false));
    out_.end_object();
    return {};
  }

 private:
  static std::unexpected<Error> unsupported() {
    return fail(Code::unsupported_by_target, Side::client);
  }

  // What a reference within the document points at; nothing for others.
  json::View target(json::View reference) const {
    const std::string path = json::unescaped(reference.text());
    if (path == "#") return root_;
    if (!path.starts_with("#/")) return {};
    json::View at = root_;
    Bytes rest = Bytes(path).substr(2);
    while (at.exists()) {
      const std::size_t slash = rest.find('/');
      at = at[rest.substr(0, slash)];
      if (slash == Bytes::npos) break;
      rest.remove_prefix(slash + 1);
    }
    return at;
  }

  Result<> reference(json::View where, bool nullable) {
    const json::View to = target(where);
    if (!to.is_object() || references_.size() == references_max) return unsupported();
    const char* const place = to.raw().data();
    if (std::ranges::find(references_, place) != references_.end()) return unsupported();
    references_.push_back(place);
    PENSTOCK_CHECK(members(to, nullable));
    references_.pop_back();
    return {};
  }

  // The members of one schema's object. `nullable`: what stands around it says so.
  Result<> members(json::View schema, bool nullable) {
    if (++nodes_ > nodes_max) return unsupported();
    nullable = nullable || schema["nullable"].is_true();
    if (const json::View ref = schema["$ref"]) return reference(ref, nullable);
    if (const json::View all = schema["allOf"]; all.size() == 1) {
      return members(all.at(0), nullable);
    }
    PENSTOCK_CHECK(type(schema, nullable));
    for (const json::View value : schema) {
      if (std::ranges::any_of(shared, [&](Bytes name) { return value.key_is(name); })) {
        if (value) out_.escaped_string(value.key()).verbatim(":").raw(value.raw());
      } else if (value.key_is("properties") && !value.empty()) {
        PENSTOCK_CHECK(properties(value));
      }
    }
    return {};
  }

  Result<> properties(json::View properties) {
    out_.key("properties").begin_object();
    for (const json::View property : properties) {
      out_.escaped_string(property.key()).verbatim(":");
      PENSTOCK_CHECK(schema(property));
    }
    out_.end_object();
    return {};
  }

  // `type` with all that hangs on it: nullable, enumeration, format, items, alternatives.
  Result<> type(json::View schema, bool nullable) {
    const json::View type = schema["type"];
    if (const json::View values = schema["enum"].is_array() ? schema["enum"] : schema["const"]) {
      enumeration(values, nullable);
      return {};
    }
    if (type.is_array()) return several_types(schema, type, nullable);
    const json::View any = schema["anyOf"] ? schema["anyOf"] : schema["oneOf"];
    if (any.is_array()) return alternatives(any, nullable);
    Bytes name = google_type(type);
    if (name.empty() && schema["properties"]) name = "OBJECT";
    if (name.empty() && schema["items"]) name = "ARRAY";
    if (!name.empty()) out_.key("type").string(name);
    if (nullable) out_.key("nullable").boolean(true);
    if (format_fits(schema["format"])) out_.key("format").raw(schema["format"].raw());
    return name == "ARRAY" ? items(schema) : Result<>();
  }

  // An array must say of what.
  Result<> items(json::View schema) {
    out_.key("items");
    const json::View items = schema["items"];
    if (items.is_object()) return this->schema(items);
    out_.raw("{\"type\":\"STRING\"}");
    return {};
  }

  // Values of an enumeration are strings here, whatever they are.
  void enumeration(json::View values, bool nullable) {
    out_.key("type").string("STRING").key("enum").begin_array();
    const auto one = [&](json::View value) {
      if (value.is_null()) {
        nullable = true;
      } else if (value.is_string()) {
        out_.raw(value.raw());
      } else {
        out_.string(value.raw());
      }
    };
    if (values.is_array()) {
      for (const json::View value : values) one(value);
    } else {
      one(values);
    }
    out_.end_array();
    if (nullable) out_.key("nullable").boolean(true);
  }

  Result<> several_types(json::View schema, json::View types, bool nullable) {
    json::View first;
    std::uint32_t count = 0;
    for (const json::View type : types) {
      if (type.is("null")) {
        nullable = true;
      } else if (!google_type(type).empty() && count++ == 0) {
        first = type;
      }
    }
    if (count == 1) {
      out_.key("type").string(google_type(first));
    } else if (count > 1) {
      out_.key("anyOf").begin_array();
      for (const json::View type : types) {
        const Bytes name = google_type(type);
        if (name.empty()) continue;
        out_.begin_object().key("type").string(name);
        if (name == "ARRAY") PENSTOCK_CHECK(items(schema));
        out_.end_object();
      }
      out_.end_array();
    }
    if (nullable) out_.key("nullable").boolean(true);
    return count == 1 && google_type(first) == "ARRAY" ? items(schema) : Result<>();
  }

  Result<> alternatives(json::View list, bool nullable) {
    json::View first;
    std::uint32_t count = 0;
    for (const json::View schema : list) {
      if (schema["type"].is("null")) {
        nullable = true;
      } else if (count++ == 0) {
        first = schema;
      }
    }
    if (count == 1) return members(first, nullable);
    out_.key("anyOf").begin_array();
    for (const json::View schema : list) {
      if (!schema["type"].is("null")) PENSTOCK_CHECK(this->schema(schema));
    }
    out_.end_array();
    if (nullable) out_.key("nullable").boolean(true);
    return {};
  }

  json::View root_;
  json::Writer& out_;
  std::vector<const char*> references_{};  // those we are inside of, by where they point
  int nodes_ = 0;
};

}  // namespace

Result<> write_openapi_schema(json::View schema, json::Writer& out) {
  return SchemaWriter(schema, out).schema(schema);
}

bool takes_nothing(json::View schema) {
  return schema["properties"].empty() && !schema["$ref"] && !schema["anyOf"] && !schema["oneOf"] &&
         !schema["allOf"];
}

}  // namespace penstock::dialect::gemini
