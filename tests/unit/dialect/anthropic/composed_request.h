// Requests made by hand in the hub's terms, as they come from clients of other dialects, and a way
// to look into what was written for them.
#pragma once

#include <algorithm>

#include "exchange.h"

namespace test {

using hub::CacheTtl;
using hub::Effort;
using hub::Issuer;
using hub::Part;
using hub::PartKind;
using hub::Role;

inline Part text(Bytes words) {
  return {.text = words};
}

inline hub::Request asking(Bytes words) {
  hub::Request request;
  request.issuer = Issuer::openai;
  request.messages.push_back({.role = Role::user, .parts = {text(words)}});
  return request;
}

inline hub::Message call(Bytes id, Bytes name, Bytes arguments) {
  return {
      .role = Role::assistant,
      .parts = {
          {.kind = PartKind::tool_call, .id = id, .name = name, .arguments = {arguments, true}}}};
}

inline hub::Message result(Bytes id, Bytes words) {
  Part part{.kind = PartKind::tool_result, .id = id};
  part.content.push_back(text(words));
  return {.role = Role::tool, .parts = {part}};
}

inline hub::Tool function(Bytes name) {
  return {.name = name, .schema = R"({"type":"object","properties":{}})"};
}

// The member of a path such as "messages.0.content.1.type", printed: strings plain, a missing one
// as "-", arrays and objects by their sizes.
inline std::string at(const Written& written, const std::string& path) {
  const Tree root = written.tree();
  const Tree* found = &root;
  std::size_t begin = 0;
  while (begin <= path.size()) {
    const std::size_t end = std::min(path.find('.', begin), path.size());
    const std::string step = path.substr(begin, end - begin);
    if (found->kind == Tree::Kind::array) {
      const std::size_t i = std::stoul(step);
      if (i >= found->items.size()) return "-";
      found = &found->items[i];
    } else {
      found = found->find(step);
      if (found == nullptr) return "-";
    }
    begin = end + 1;
  }
  if (found->kind == Tree::Kind::array || found->kind == Tree::Kind::object)
    return "#" + std::to_string(found->items.size());
  return found->text;
}

inline bool has(const std::vector<Bytes>& list, Bytes name) {
  return std::ranges::find(list, name) != list.end();
}

}  // namespace test
