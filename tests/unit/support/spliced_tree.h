// What the upstream must see of a request, worked out on a tree by the tests' own JSON reader.
#pragma once

#include <string>
#include <string_view>

#include "penstock/json.h"
#include "support/json_tree.h"

namespace test {

// `body` is sound JSON, an object.
inline Tree edited(std::string_view body, const penstock::json::RequestEdits& edits) {
  Tree tree = *read_tree(body);
  for (const char* name : {"models", "fallbacks", "provider", "cache", "session_id", "tags"}) {
    tree.erase(name);
  }
  if (!edits.model.empty()) tree.set("model", {Tree::Kind::string, std::string(edits.model)});
  const Tree* const stream = tree.find("stream");
  if (edits.include_usage && stream != nullptr && stream->text == "true") {
    Tree options{Tree::Kind::object};
    const Tree* const given = tree.find("stream_options");
    if (given != nullptr && given->kind == Tree::Kind::object) options = *given;
    options.set("include_usage", {Tree::Kind::boolean, "true"});
    tree.set("stream_options", options);
  }
  return tree;
}

// The same members with the same values, in any order at the top level and in stream_options: where
// a new member is put is free.
inline bool same_members(const Tree& a, const Tree& b) {
  if (a.keys.size() != b.keys.size() || a.kind != b.kind) return false;
  for (std::size_t i = 0; i < a.keys.size(); ++i) {
    const Tree* const other = b.find(a.keys[i]);
    if (other == nullptr) return false;
    const bool free_order = a.keys[i] == "stream_options";
    if (free_order ? !same_members(a.items[i], *other) : a.items[i] != *other) return false;
  }
  return a.kind == Tree::Kind::object || a == b;
}

}  // namespace test
