#include "dialect/anthropic/schema.h"

#include <algorithm>
#include <array>

namespace penstock::dialect::anthropic {
namespace {

constexpr Bytes empty_schema = R"({"type":"object","properties":{}})";

constexpr std::array<Bytes, 3> alternatives = {"oneOf", "anyOf", "allOf"};

constexpr std::array<Bytes, 25> left_out = {"minimum",
                                            "maximum",
                                            "exclusiveMinimum",
                                            "exclusiveMaximum",
                                            "multipleOf",
                                            "minLength",
                                            "maxLength",
                                            "maxItems",
                                            "uniqueItems",
                                            "minProperties",
                                            "maxProperties",
                                            "contains",
                                            "minContains",
                                            "maxContains",
                                            "propertyNames",
                                            "patternProperties",
                                            "dependentSchemas",
                                            "dependentRequired",
                                            "if",
                                            "then",
                                            "else",
                                            "not",
                                            "$schema",
                                            "$id",
                                            "unevaluatedProperties"};

constexpr std::array<Bytes, 10> formats = {"date-time", "time", "date", "duration", "email",
                                           "hostname",  "uri",  "ipv4", "ipv6",     "uuid"};

template <std::size_t N>
bool is_one_of(Bytes word, const std::array<Bytes, N>& words) {
  return std::ranges::find(words, word) != words.end();
}

// A key as it stood; one with escapes is written anew.
void write_key(json::View value, json::Writer& out) {
  const Bytes key = value.key();
  if (key.find('\\') == Bytes::npos)
    out.key(key);
  else
    out.key(json::unescaped(key));
}

bool is_object_schema(json::View schema) {
  const json::View type = schema["type"];
  if (type.is("object")) return true;
  for (const json::View each : type) {
    if (each.is("object")) return true;
  }
  return schema["properties"].is_object();
}

class AnswerSchema {
 public:
  explicit AnswerSchema(json::Writer& out) : out_(out) {}

  // A schema nests as deep as its text, which the document bounds.
  void write(json::View schema) {
    if (!schema.is_object()) {
      out_.raw(schema.raw());
      return;
    }
    out_.begin_object();
    for (const json::View member : schema) write_member(member);
    if (is_object_schema(schema)) out_.key("additionalProperties").boolean(false);
    out_.end_object();
  }
  bool lost() const { return lost_; }

 private:
  void write_member(json::View member) {
    const Bytes key = member.key();
    if (is_left_out(member)) {
      lost_ = true;
      return;
    }
    if (key == "additionalProperties") {
      lost_ = lost_ || !member.is_false();
      return;
    }
    if (key == "oneOf") {  // not taken; that more than one may fit is no harm
      out_.key("anyOf");
      lost_ = true;
    } else {
      write_key(member, out_);
    }
    if (key == "properties" || key == "$defs" || key == "definitions")
      write_map(member);
    else if (key == "items")
      write(member);
    else if (is_one_of(key, alternatives))
      write_list(member);
    else
      out_.raw(member.raw());
  }

  static bool is_left_out(json::View member) {
    const Bytes key = member.key();
    if (key == "minItems") return member.integer().value_or(2) > 1;
    if (key == "format") return !is_one_of(member.text(), formats);
    return is_one_of(key, left_out);
  }

  void write_map(json::View map) {
    out_.begin_object();
    for (const json::View each : map) {
      write_key(each, out_);
      write(each);
    }
    out_.end_object();
  }

  void write_list(json::View list) {
    out_.begin_array();
    for (const json::View each : list) write(each);
    out_.end_array();
  }

  json::Writer& out_;
  bool lost_ = false;
};

}  // namespace

bool write_tool_schema(hub::Raw schema, json::Document& document, json::Writer& out) {
  if (schema.empty() || schema == "null" || schema == "{}") {
    out.raw(empty_schema);
    return false;
  }
  // Nearly all schemas are fine: those are not taken apart.
  const bool plain =
      schema.starts_with(R"({"type":"object")") || schema.starts_with(R"({"type": "object")");
  if (plain && schema.find("Of\"") == Bytes::npos) {
    out.raw(schema);
    return false;
  }
  const auto root = document.read(schema, json::Judge::answer);
  if (!root || !root->is_object()) {
    out.raw(empty_schema);
    return true;
  }
  const bool has_type = (*root)["type"].is("object");
  bool lost = false;
  for (const json::View member : *root) lost = lost || is_one_of(member.key(), alternatives);
  if (has_type && !lost) {
    out.raw(schema);
    return false;
  }
  out.begin_object().key("type").string("object");
  for (const json::View member : *root) {
    if (member.key_is("type") || is_one_of(member.key(), alternatives)) continue;
    write_key(member, out);
    out.raw(member.raw());
  }
  out.end_object();
  return lost;
}

bool write_answer_schema(hub::Raw schema, json::Document& document, json::Writer& out) {
  const auto root = document.read(schema, json::Judge::answer);
  if (!root || !root->is_object()) {
    out.raw(R"({"type":"object","properties":{},"additionalProperties":false})");
    return true;
  }
  AnswerSchema writer(out);
  writer.write(*root);
  return writer.lost();
}

}  // namespace penstock::dialect::anthropic
