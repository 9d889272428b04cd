// `messages`: every role, tool calls and their answers, the deprecated functions.
#include <algorithm>
#include <utility>

#include "dialect/openai_chat/request_reading.h"

namespace penstock::dialect::openai_chat {
namespace {

using hub::Message;
using hub::Part;
using hub::PartKind;
using hub::Role;

// How far back the call of an answer is looked for: enough for what clients send, and a bound for
// what they could.
constexpr std::size_t searched_max = 256;

class MessageReader {
 public:
  MessageReader(json::View message, const Path& path, Judge& judge)
      : value_(message), path_(path), judge_(judge) {}

  Result<> read();

 private:
  Result<> spoken(Role role, Speaker speaker);
  Result<> assistant();
  Result<> tool_calls(Message& to);
  Result<> tool_call(json::View call, const Path& path, Message& to);
  Result<> function_call(json::View call, Message& to);
  Result<> tool();
  Result<> function();
  void mark(std::vector<Part>& parts) const;
  const Part* find_call(hub::Escaped id, hub::Escaped name);
  hub::Escaped function_id(std::size_t message);

  json::View value_;
  const Path& path_;
  Judge& judge_;
};

// A mark on the message is meant for its last part.
void MessageReader::mark(std::vector<Part>& parts) const {
  if (!parts.empty() && parts.back().cache == hub::CacheTtl::none)
    parts.back().cache = cache_mark(value_);
}

Result<> MessageReader::spoken(Role role, Speaker speaker) {
  if (!value_["content"]) return judge_.missing(path_.member("content"));
  Message to{.role = role};
  PENSTOCK_TRY(name, judge_.text(value_["name"], path_.member("name")));
  to.name = name;
  PENSTOCK_CHECK(
      read_content(value_["content"], speaker, path_.member("content"), judge_, to.parts));
  mark(to.parts);
  judge_.request().messages.push_back(std::move(to));
  return {};
}

Result<> MessageReader::tool_call(json::View call, const Path& path, Message& to) {
  if (!call.is_object()) return judge_.invalid(path, "Invalid type: expected an object.");
  const json::View type = call["type"];
  const bool custom = type.is("custom");
  if (type && !custom && !type.is("function"))
    return judge_.invalid(path.member("type"), "Invalid value: expected function or custom.");
  const Bytes holder = custom ? "custom" : "function";
  const Bytes key = custom ? "input" : "arguments";
  const Path place = path.member(holder);
  const json::View said = call[holder];
  if (!said) return judge_.missing(place);
  Part& part = to.parts.emplace_back();
  part.kind = PartKind::tool_call;
  part.custom = custom;
  PENSTOCK_TRY(id, judge_.demand_text(call["id"], path.member("id")));
  PENSTOCK_TRY(name, judge_.demand_text(said["name"], place.member("name")));
  part.id = id;
  part.name = name;
  const json::View arguments = said[key];
  if (arguments.is_string())
    part.arguments = {.bytes = arguments.text(), .in_string = true};
  else if (arguments.is_object() && !custom)  // what Ollama and older TGI answered with
    part.arguments = {.bytes = arguments.raw()};
  else if (arguments)
    return judge_.invalid(place.member(key), "Invalid type: expected a string.");
  part.signature = call["extra_content"]["google"]["thought_signature"].text();
  if (!part.signature.empty()) part.issuer = hub::Issuer::gemini;
  return {};
}

Result<> MessageReader::tool_calls(Message& to) {
  const json::View calls = value_["tool_calls"];
  if (!calls) return {};
  const Path path = path_.member("tool_calls");
  if (!calls.is_array()) return judge_.invalid(path, "Invalid type: expected an array.");
  std::uint32_t at = 0;
  for (const json::View call : calls) PENSTOCK_CHECK(tool_call(call, path.at(at++), to));
  return {};
}

// Functions had no ids; the place of the message is one.
hub::Escaped MessageReader::function_id(std::size_t message) {
  return judge_.request().keep("call_function_" + std::to_string(message));
}

Result<> MessageReader::function_call(json::View call, Message& to) {
  const Path path = path_.member("function_call");
  PENSTOCK_TRY(name, judge_.demand_text(call["name"], path.member("name")));
  PENSTOCK_TRY(arguments, judge_.text(call["arguments"], path.member("arguments")));
  Part& part = to.parts.emplace_back();
  part.kind = PartKind::tool_call;
  part.id = function_id(judge_.request().messages.size());
  part.name = name;
  part.arguments = {.bytes = arguments, .in_string = true};
  return {};
}

Result<> MessageReader::assistant() {
  const json::View content = value_["content"];
  const json::View call = value_["function_call"];
  const bool calls = !value_["tool_calls"].empty() || call;
  Message to{.role = Role::assistant};
  PENSTOCK_TRY(name, judge_.text(value_["name"], path_.member("name")));
  to.name = name;
  read_reasoning(value_, judge_.request(), to.parts);
  // "" beside calls is how some clients write null.
  if (content && !(calls && content.is(""))) {
    PENSTOCK_CHECK(
        read_content(content, Speaker::assistant, path_.member("content"), judge_, to.parts));
  }
  PENSTOCK_TRY(refusal, judge_.text(value_["refusal"], path_.member("refusal")));
  if (!refusal.empty()) {
    Part& part = to.parts.emplace_back();
    part.kind = PartKind::refusal;
    part.text = refusal;
  }
  if (const hub::Escaped id = value_["audio"]["id"].text(); !id.empty()) {
    Part& part = to.parts.emplace_back();
    part.kind = PartKind::audio;
    part.issuer = hub::Issuer::openai;
    part.media = {.source = hub::Source::id, .data = id};
  }
  const hub::Escaped seal = value_["extra_content"]["google"]["thought_signature"].text();
  if (!seal.empty()) {
    if (to.parts.empty() || to.parts.back().kind != PartKind::text) to.parts.emplace_back();
    to.parts.back().signature = seal;
    to.parts.back().issuer = hub::Issuer::gemini;
  }
  PENSTOCK_CHECK(tool_calls(to));
  if (call) PENSTOCK_CHECK(function_call(call, to));
  if (to.parts.empty()) return judge_.missing(path_.member("content"));
  seal_calls(to.parts);
  mark(to.parts);
  judge_.request().messages.push_back(std::move(to));
  return {};
}

// The last call with that id, or, where `id` is empty, of that name.
const Part* MessageReader::find_call(hub::Escaped id, hub::Escaped name) {
  const std::vector<Message>& messages = judge_.request().messages;
  const std::size_t searched = std::min(messages.size(), searched_max);
  for (std::size_t back = 1; back <= searched; ++back) {
    const Message& message = messages[messages.size() - back];
    if (message.role != Role::assistant) continue;
    const std::size_t parts = std::min(message.parts.size(), searched_max);
    for (std::size_t i = 1; i <= parts; ++i) {
      const Part& part = message.parts[message.parts.size() - i];
      if (part.kind != PartKind::tool_call) continue;
      if (id.empty() ? part.name == name : part.id == id) return &part;
    }
  }
  return nullptr;
}

Result<> MessageReader::tool() {
  Part part;
  part.kind = PartKind::tool_result;
  PENSTOCK_TRY(id, judge_.demand_text(value_["tool_call_id"], path_.member("tool_call_id")));
  part.id = id;
  part.name = value_["name"].text();
  if (const Part* const call = find_call(id, {})) {
    part.name = call->name;
    part.custom = call->custom;
  }
  if (!value_["content"]) return judge_.missing(path_.member("content"));
  PENSTOCK_CHECK(read_content(value_["content"], Speaker::tool, path_.member("content"), judge_,
                              part.content));
  part.cache = cache_mark(value_);
  for (Part& inside : part.content) {
    if (part.cache == hub::CacheTtl::none) part.cache = inside.cache;
    inside.cache = hub::CacheTtl::none;
  }
  Message to{.role = Role::tool};
  to.parts.push_back(std::move(part));
  judge_.request().messages.push_back(std::move(to));
  return {};
}

Result<> MessageReader::function() {
  Part part;
  part.kind = PartKind::tool_result;
  PENSTOCK_TRY(name, judge_.demand_text(value_["name"], path_.member("name")));
  PENSTOCK_TRY(content, judge_.text(value_["content"], path_.member("content")));
  part.name = name;
  const Part* const call = find_call({}, name);
  part.id = call != nullptr ? call->id : function_id(judge_.request().messages.size());
  part.content.emplace_back().text = content;
  Message to{.role = Role::tool};
  to.parts.push_back(std::move(part));
  judge_.request().messages.push_back(std::move(to));
  return {};
}

Result<> MessageReader::read() {
  if (!value_.is_object()) return judge_.invalid(path_, "Invalid type: expected an object.");
  PENSTOCK_TRY(role, judge_.demand_text(value_["role"], path_.member("role")));
  if (role == "user") return spoken(Role::user, Speaker::user);
  if (role == "assistant") return assistant();
  if (role == "tool") return tool();
  if (role == "system") return spoken(Role::system, Speaker::system);
  if (role == "developer") return spoken(Role::developer, Speaker::system);
  if (role == "function") return function();
  return judge_.invalid(
      path_.member("role"),
      "Invalid value: expected system, developer, user, assistant, tool or function.");
}

}  // namespace

Result<> read_messages(json::View value, const Path& path, Judge& judge) {
  if (!value.is_array()) return judge.invalid(path, "Invalid type: expected an array.");
  if (value.empty()) return judge.invalid(path, "Invalid value: expected at least one message.");
  judge.request().messages.reserve(value.size());
  std::uint32_t at = 0;
  for (const json::View message : value) {
    const Path place = path.at(at++);
    PENSTOCK_CHECK(MessageReader(message, place, judge).read());
  }
  return {};
}

}  // namespace penstock::dialect::openai_chat
