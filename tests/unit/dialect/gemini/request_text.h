// A request of the hub as lines of text, for comparing two of them field by field.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "penstock/hub.h"
#include "support/json_tree.h"

namespace test {

// A JSON text with its members in the order of their names: schemas mean the same in any order.
inline std::string sorted(const Tree& tree) {
  std::vector<std::string> items;
  for (std::size_t i = 0; i < tree.items.size(); ++i) {
    const bool member = tree.kind == Tree::Kind::object;
    items.push_back((member ? tree.keys[i] + ":" : std::string()) + sorted(tree.items[i]));
  }
  if (tree.kind == Tree::Kind::object) std::ranges::sort(items);
  std::string out = tree.text;
  for (const std::string& item : items) out += "(" + item + ")";
  return out;
}
inline std::string sorted(penstock::Bytes json) {
  const auto tree = read_tree(json);
  return tree ? sorted(*tree) : std::string(json);
}

inline void append_part(const penstock::hub::Part& part, std::string& out) {
  const auto add = [&](penstock::Bytes text) { out.append(" <").append(text).append(">"); };
  out.append(" part ").append(std::to_string(static_cast<int>(part.kind)));
  out.append(part.is_error ? " error" : "");
  add(part.text);
  add(part.id);
  add(part.name);
  add(part.arguments.bytes);
  add(part.signature);
  add(std::to_string(static_cast<int>(part.issuer)));
  add(part.media.media_type);
  add(part.media.data);
  add(part.media.detail);
  add(part.raw);
  out.append("\n");
  for (const penstock::hub::Part& piece : part.content) append_part(piece, out);
}

inline std::string request_text(const penstock::hub::Request& request) {
  std::string out;
  const auto add = [&](penstock::Bytes name, penstock::Bytes value) {
    out.append(name).append(" ").append(value).append("\n");
  };
  const auto number = [&](penstock::Bytes name, const auto& value) {
    add(name, value ? std::to_string(static_cast<long long>(*value)) : "unset");
  };
  const auto word = [&](penstock::Bytes name, auto value) {
    add(name, std::to_string(static_cast<int>(value)));
  };
  for (const auto& message : request.messages) {
    word("message", message.role);
    for (const auto& part : message.parts) append_part(part, out);
  }
  for (const auto& tool : request.tools) {
    word("tool", tool.kind);
    number("strict", tool.strict);
    add(tool.name, tool.description);
    add("parameters", sorted(tool.schema));
    add("server", tool.raw);
  }
  word("choice", request.tool_choice.mode);
  add("named", request.tool_choice.name);
  for (const auto name : request.tool_choice.names) add("allowed", name);
  word("format", request.format.kind);
  add("schema", sorted(request.format.schema));
  word("effort", request.reasoning.effort);
  number("budget", request.reasoning.budget);
  number("show", request.reasoning.show);
  number("max", request.max_output_tokens);
  number("n", request.n);
  number("top_k", request.top_k);
  number("logprobs", request.logprobs);
  number("top_logprobs", request.top_logprobs);
  add("temperature", request.temperature);
  add("top_p", request.top_p);
  add("seed", request.seed);
  add("presence", request.presence_penalty);
  add("frequency", request.frequency_penalty);
  for (const auto stop : request.stop) add("stop", stop);
  add("tier", request.service_tier);
  for (const auto& extra : request.extra) {
    out.append("extra ").append(extra.key).append(" ").append(extra.value).append("\n");
  }
  return out;
}

}  // namespace test
