// Messages of the hub as Ollama's: `content` is one string, images stand beside it as base64, a
// call's arguments are an object, and a tool's result names the tool.
#include <string>
#include <unordered_map>
#include <vector>

#include "dialect/arguments.h"
#include "dialect/loss.h"
#include "dialect/ollama/ollama.h"
#include "dialect/tool_id.h"

namespace penstock::dialect::ollama {
namespace {

using hub::Message;
using hub::Part;
using hub::PartKind;
using hub::Role;

constexpr Bytes content_field = "messages.content";

bool is_text(const Part& part) {
  return part.kind == PartKind::text || part.kind == PartKind::refusal;
}
bool is_plain_file(const Part& part) {
  return part.kind == PartKind::file && part.media.source == hub::Source::plain_text;
}

class MessageWriter {
 public:
  MessageWriter(const TargetTraits& target, json::Composer& out, Losses& losses)
      : target_(target), out_(out), losses_(losses) {}

  Result<> write(const hub::Request& request, Bytes instruction);

 private:
  Result<> message(const Message& message);
  Result<> result(const Part& part);
  Result<> judge(const Part& part);
  void content(const std::vector<Part>& parts, Bytes between);
  void media(const std::vector<Part>& parts);
  void thoughts(const Message& message);
  void calls(const Message& message);
  hub::Escaped name_of_tool(const Part& result) const;

  const TargetTraits& target_;
  json::Composer& out_;
  Losses& losses_;
  json::Document document_{};
  IdRoom id_room_{};
  std::unordered_map<Bytes, Bytes> names_;  // of the tools that were called, by the call's id
  std::vector<Bytes> names_in_order_;
  std::uint32_t calls_ = 0;
  std::uint32_t results_ = 0;
};

// May the part be sent at all, and is something of it lost.
Result<> MessageWriter::judge(const Part& part) {
  if (part.cache != hub::CacheTtl::none) losses_.drop("cache_control");
  switch (part.kind) {
    case PartKind::image:
    case PartKind::audio:  // models that hear take it from the same list
      if (part.media.source == hub::Source::base64) return {};
      return refuse(content_field,
                    "The target takes images and audio as data only, not by address.", losses_);
    case PartKind::video:
      return refuse(content_field, "The target takes no video.", losses_);
    case PartKind::file:
      if (!is_plain_file(part))
        return refuse(content_field, "The target takes no files, only text.", losses_);
      losses_.emulate(content_field);
      return {};
    case PartKind::opaque:
      return lose(content_field, target_, losses_);
    case PartKind::text:
    case PartKind::refusal:
    case PartKind::thinking:
    case PartKind::redacted_thinking:
    case PartKind::tool_call:
    case PartKind::tool_result:
      return {};
  }
  PENSTOCK_UNREACHABLE();
}

void MessageWriter::content(const std::vector<Part>& parts, Bytes between) {
  out_.key("content").open_string();
  bool first = true;
  for (const Part& part : parts) {
    if (!is_text(part) && !is_plain_file(part)) continue;
    if (!first) out_.more(between);
    first = false;
    out_.more_escaped(is_text(part) ? part.text : part.media.data);
  }
  out_.close_string();
}

void MessageWriter::media(const std::vector<Part>& parts) {
  bool any = false;
  for (const Part& part : parts) {
    if (part.kind != PartKind::image && part.kind != PartKind::audio) continue;
    if (!any) out_.key("images").begin_array();
    any = true;
    out_.escaped_string(part.media.data);
  }
  if (any) out_.end_array();
}

// Signed thoughts belong to their issuer; Ollama signs none.
void MessageWriter::thoughts(const Message& message) {
  bool any = false;
  for (const Part& part : message.parts) {
    if (part.kind != PartKind::thinking || !part.signature.empty()) continue;
    if (!any) out_.key("thinking").open_string();
    any = true;
    out_.more_escaped(part.text);
  }
  if (any) out_.close_string();
}

void MessageWriter::calls(const Message& message) {
  bool any = false;
  std::int64_t index = 0;
  for (const Part& part : message.parts) {
    if (part.kind != PartKind::tool_call) continue;
    if (!any) out_.key("tool_calls").begin_array();
    any = true;
    names_.insert_or_assign(part.id, part.name);
    names_in_order_.push_back(part.name);
    out_.begin_object();
    out_.key("id").escaped_string(fit_tool_id(part.id, IdRule::any, calls_++, id_room_));
    out_.key("function").begin_object().key("index").integer(index++);
    out_.key("name").escaped_string(part.name).key("arguments");
    if (part.custom)
      out_.begin_object().key("input").escaped_string(part.arguments.bytes).end_object();
    else
      write_arguments_object(part.arguments, document_, out_);
    out_.end_object().end_object();
  }
  if (any) out_.end_array();
}

hub::Escaped MessageWriter::name_of_tool(const Part& result) const {
  if (!result.name.empty()) return result.name;
  if (result.id.empty())
    return results_ < names_in_order_.size() ? names_in_order_[results_] : hub::Escaped();
  const auto found = names_.find(result.id);
  return found == names_.end() ? hub::Escaped() : found->second;
}

Result<> MessageWriter::result(const Part& part) {
  for (const Part& one : part.content) {
    if (!is_text(one) && !is_plain_file(one))
      return refuse(content_field, "The target takes tool results as text only.", losses_);
  }
  // Ollama cannot be told that a tool failed; its text says so.
  if (part.is_error) losses_.drop("is_error");
  out_.begin_object().key("role").string("tool");
  content(part.content, "\n");
  const hub::Escaped name = name_of_tool(part);
  if (!name.empty()) out_.key("tool_name").escaped_string(name);
  out_.key("tool_call_id").escaped_string(fit_tool_id(part.id, IdRule::any, results_++, id_room_));
  out_.end_object();
  return {};
}

Result<> MessageWriter::message(const Message& message) {
  bool others = message.parts.empty() && message.role != Role::tool;
  for (const Part& part : message.parts) {
    PENSTOCK_CHECK(judge(part));
    if (part.kind == PartKind::tool_result)
      PENSTOCK_CHECK(result(part));
    else
      others = true;
  }
  if (!others) return {};
  if (!message.name.empty()) PENSTOCK_CHECK(lose("messages.name", target_, losses_));
  const bool assistant = message.role == Role::assistant;
  const bool instructs = message.role == Role::system || message.role == Role::developer;
  out_.begin_object().key("role");
  out_.string(assistant ? "assistant" : instructs ? "system" : "user");
  // Pieces of an answer are one text; the pieces of a question stood apart.
  content(message.parts, assistant ? "" : "\n");
  media(message.parts);
  if (assistant) {
    thoughts(message);
    calls(message);
  }
  out_.end_object();
  return {};
}

// The instruction stands behind the client's own, before anybody has spoken.
Result<> MessageWriter::write(const hub::Request& request, Bytes instruction) {
  const auto instruct = [&] {
    if (instruction.empty()) return;
    out_.begin_object().key("role").string("system").key("content").string(instruction);
    out_.end_object();
    instruction = {};
  };
  out_.begin_array();
  for (const Message& one : request.messages) {
    if (one.role != Role::system && one.role != Role::developer) instruct();
    PENSTOCK_CHECK(message(one));
  }
  instruct();
  out_.end_array();
  return {};
}

}  // namespace

Result<> write_messages(const hub::Request& request, const TargetTraits& target, Bytes instruction,
                        json::Composer& out, Losses& losses) {
  return MessageWriter(target, out, losses).write(request, instruction);
}

}  // namespace penstock::dialect::ollama
