#include "config/schema.h"

#include <string>

#include "penstock/assert.h"

namespace penstock::config {
namespace {

// Takes the first segment off: "targets[].weight" is "targets", "[]", "weight".
std::string_view next_segment(std::string_view& path) {
  if (path.starts_with("[]")) {
    path.remove_prefix(path.starts_with("[].") ? 3 : 2);
    return "[]";
  }
  const std::size_t end = path.find_first_of(".[");
  const std::string_view segment = path.substr(0, end);
  if (end == std::string_view::npos) {
    path = {};
  } else {
    path.remove_prefix(path[end] == '.' ? end + 1 : end);
  }
  return segment;
}

// The child of that name, made when it is not there yet.
SchemaNode& child_of(SchemaNode& node, std::string_view name) {
  for (SchemaNode& child : node.children) {
    if (child.name == name) return child;
  }
  node.children.push_back({.name = name, .row = nullptr, .children = {}});
  return node.children.back();
}

SchemaNode make_tree() {
  SchemaNode root;
  for (const Row& row : schema_rows()) {
    SchemaNode* node = &root;
    for (std::string_view rest = row.path; !rest.empty();) {
      node = &child_of(*node, next_segment(rest));
    }
    PENSTOCK_ASSERT(node->row == nullptr);
    node->row = &row;
  }
  return root;
}

}  // namespace

const SchemaNode* SchemaNode::find(std::string_view child) const {
  for (const SchemaNode& node : children) {
    if (node.name == child) return &node;
  }
  return nullptr;
}

const SchemaNode& schema_tree() {
  static const SchemaNode tree = make_tree();
  return tree;
}

std::string_view describe(Kind kind) {
  switch (kind) {
    case Kind::section:
      return "section";
    case Kind::named:
      return "sections by name";
    case Kind::list:
      return "list of sections";
    case Kind::text:
      return "text";
    case Kind::name:
      return "name";
    case Kind::names:
      return "list of names";
    case Kind::secret:
      return "secret";
    case Kind::secrets:
      return "list of secrets";
    case Kind::key_file:
      return "file:/path";
    case Kind::flag:
      return "true or false";
    case Kind::count:
      return "whole number";
    case Kind::size:
      return "size";
    case Kind::memory:
      return "size or percentage";
    case Kind::duration:
      return "duration";
    case Kind::off_duration:
      return "duration or off";
    case Kind::choice:
      return "choice";
    case Kind::address:
      return "address";
    case Kind::url:
      return "URL";
    case Kind::path:
      return "file";
    case Kind::date:
      return "date";
    case Kind::cpus:
      return "auto or list of CPUs";
    case Kind::headers:
      return "headers";
    case Kind::log:
      return "stdout, off or file";
    case Kind::later:
      return "–";
  }
  return "";
}

}  // namespace penstock::config
