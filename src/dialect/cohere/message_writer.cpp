// Messages of the hub as Cohere's: system, user, assistant and tool, content as a string or as a
// list of text, image_url and thinking. A tool result is a message of its own.
#include <algorithm>

#include "dialect/arguments.h"
#include "dialect/cohere/cohere.h"
#include "dialect/loss.h"
#include "dialect/tool_id.h"

namespace penstock::dialect::cohere {
namespace {

using hub::Message;
using hub::Part;
using hub::PartKind;
using hub::Role;

constexpr Bytes content_field = "messages.content";

bool is_text(const Part& part) {
  return part.kind == PartKind::text || part.kind == PartKind::refusal;
}

class MessageWriter {
 public:
  MessageWriter(const hub::Request& request, const TargetTraits& target, json::Composer& out,
                Losses& losses, Documents& documents)
      : request_(request), target_(target), out_(out), losses_(losses), documents_(documents) {
    const hub::Reasoning& asked = request.reasoning;
    thinks_ = asked.adaptive || (asked.budget && *asked.budget != 0) ||
              (asked.effort != hub::Effort::unset && asked.effort != hub::Effort::none);
  }

  Result<> write(bool format_in_text);

 private:
  Result<> message(const Message& message);
  Result<> tool_result(const Part& part);
  Result<> assistant(const Message& message);
  Result<> content(const Message& message);
  Result<> part(const Part& part);
  Result<> image(const Part& part);
  Result<> file(const Part& part);
  void text_part(hub::Escaped text);
  void tool_calls(const Message& message);
  void thoughts(const Message& message);
  void instruction();
  hub::Escaped call_id(const Part& part, std::uint32_t ordinal);
  // An unsigned thought, or one of Cohere's own, may be sent.
  static bool may_send(const Part& part) {
    return part.signature.empty() || part.issuer == hub::Issuer::cohere;
  }

  const hub::Request& request_;
  const TargetTraits& target_;
  json::Composer& out_;
  Losses& losses_;
  Documents& documents_;
  IdRoom id_room_{};
  std::uint32_t calls_ = 0;
  std::uint32_t results_ = 0;
  bool thinks_ = false;
  bool only_files_ = false;  // of the message that is being written
};

// Thoughts of the messages are told to a model that was asked to think as thinking; to another as
// the plan that goes with its tool calls.
void MessageWriter::thoughts(const Message& message) {
  out_.key("tool_plan").open_string();
  for (const Part& part : message.parts) {
    if (part.kind == PartKind::thinking && may_send(part)) out_.more_escaped(part.text);
  }
  out_.close_string();
}

void MessageWriter::text_part(hub::Escaped text) {
  out_.begin_object().key("type").string("text").key("text").escaped_string(text).end_object();
}

Result<> MessageWriter::image(const Part& part) {
  const hub::Media& media = part.media;
  if (media.source != hub::Source::url && media.source != hub::Source::base64)
    return refuse(content_field, "The target takes images as data or by address only.", losses_);
  out_.begin_object().key("type").string("image_url").key("image_url").begin_object().key("url");
  if (media.source == hub::Source::url) {
    out_.escaped_string(media.data);
  } else {
    out_.open_string().more_escaped("data:").more_escaped(media.media_type);
    out_.more_escaped(";base64,").more_escaped(media.data).close_string();
  }
  if (!media.detail.empty()) out_.key("detail").escaped_string(media.detail);
  out_.end_object().end_object();
  return {};
}

Result<> MessageWriter::file(const Part& part) {
  if (part.media.source != hub::Source::plain_text)
    return refuse(content_field, "The target takes no files, only documents as text.", losses_);
  if (documents_.allowed && !only_files_) {
    documents_.parts.push_back(&part);
    return {};
  }
  losses_.emulate(content_field);
  text_part(part.media.data);
  return {};
}

Result<> MessageWriter::part(const Part& part) {
  switch (part.kind) {
    case PartKind::text:
    case PartKind::refusal:
      text_part(part.text);
      return {};
    case PartKind::image:
      return image(part);
    case PartKind::file:
      return file(part);
    case PartKind::audio:
      return refuse(content_field, "The target takes no audio.", losses_);
    case PartKind::video:
      return refuse(content_field, "The target takes no video.", losses_);
    case PartKind::thinking:
      if (thinks_ && may_send(part)) {
        out_.begin_object().key("type").string("thinking");
        out_.key("thinking").escaped_string(part.text).end_object();
      }
      return {};
    case PartKind::redacted_thinking:  // of another provider: only its issuer can read it
    case PartKind::tool_call:          // written beside the content
    case PartKind::tool_result:        // a message of its own
      return {};
    case PartKind::opaque:
      return lose(content_field, target_, losses_);
  }
  PENSTOCK_UNREACHABLE();
}

Result<> MessageWriter::content(const Message& message) {
  if (message.parts.size() == 1 && is_text(message.parts.front())) {
    out_.key("content").escaped_string(message.parts.front().text);
    return {};
  }
  // A message must say something: its only document stays in it.
  only_files_ = std::ranges::all_of(message.parts,
                                    [](const Part& one) { return one.kind == PartKind::file; });
  out_.key("content").begin_array();
  const std::size_t empty = out_.size();
  for (const Part& one : message.parts) PENSTOCK_CHECK(part(one));
  if (out_.size() == empty) text_part("");  // all of it was for another provider
  out_.end_array();
  return {};
}

hub::Escaped MessageWriter::call_id(const Part& part, std::uint32_t ordinal) {
  return fit_tool_id(part.id, IdRule::any, ordinal, id_room_);
}

void MessageWriter::tool_calls(const Message& message) {
  out_.key("tool_calls").begin_array();
  for (const Part& part : message.parts) {
    if (part.kind != PartKind::tool_call) continue;
    out_.begin_object().key("id").escaped_string(call_id(part, calls_++));
    out_.key("type").string("function").key("function").begin_object();
    out_.key("name").escaped_string(part.name).key("arguments");
    if (part.custom) {
      out_.open_string().more(R"({"input":")").more(part.arguments.bytes).more("\"}");
      out_.close_string();
    } else {
      write_arguments_string(part.arguments, out_);
    }
    out_.end_object().end_object();
  }
  out_.end_array();
}

Result<> MessageWriter::assistant(const Message& message) {
  bool has_calls = false;
  bool has_content = false;
  bool has_thoughts = false;
  for (const Part& part : message.parts) {
    has_calls |= part.kind == PartKind::tool_call;
    const bool thought = part.kind == PartKind::thinking && may_send(part);
    has_thoughts |= thought;
    has_content |= thought ? thinks_
                           : part.kind != PartKind::tool_call && part.kind != PartKind::thinking &&
                                 part.kind != PartKind::redacted_thinking;
  }
  if (has_content) {
    PENSTOCK_CHECK(content(message));
  } else if (!has_calls) {
    out_.key("content").string("");
  }
  if (has_thoughts && !thinks_) {
    if (has_calls)
      thoughts(message);
    else
      losses_.drop("reasoning_content");
  }
  if (has_calls) tool_calls(message);
  return {};
}

Result<> MessageWriter::tool_result(const Part& result) {
  out_.begin_object().key("role").string("tool");
  out_.key("tool_call_id").escaped_string(call_id(result, results_++));
  // Cohere cannot be told that a tool failed; its text says so.
  if (result.is_error) losses_.drop("is_error");
  if (result.content.size() == 1 && is_text(result.content.front())) {
    out_.key("content").escaped_string(result.content.front().text).end_object();
    return {};
  }
  if (result.content.empty()) {
    out_.key("content").string("").end_object();
    return {};
  }
  out_.key("content").begin_array();
  for (const Part& part : result.content) {
    if (is_text(part))
      text_part(part.text);
    else if (part.kind == PartKind::file && part.media.source == hub::Source::plain_text)
      text_part(part.media.data);
    else
      return refuse(content_field, "The target takes tool results as text only.", losses_);
  }
  out_.end_array().end_object();
  return {};
}

Result<> MessageWriter::message(const Message& message) {
  bool others = message.parts.empty();
  for (const Part& part : message.parts) {
    if (part.kind == PartKind::tool_result)
      PENSTOCK_CHECK(tool_result(part));
    else
      others = true;
    if (part.cache != hub::CacheTtl::none) losses_.drop("cache_control");
  }
  if (!others || (message.role == Role::tool && message.parts.empty())) return {};
  if (!message.name.empty()) PENSTOCK_CHECK(lose("messages.name", target_, losses_));
  out_.begin_object().key("role");
  switch (message.role) {
    case Role::system:
    case Role::developer:
      out_.string("system");
      break;
    case Role::assistant:
      out_.string("assistant");
      PENSTOCK_CHECK(assistant(message));
      out_.end_object();
      return {};
    case Role::user:
    case Role::tool:
      out_.string("user");
      break;
  }
  PENSTOCK_CHECK(content(message));
  out_.end_object();
  return {};
}

void MessageWriter::instruction() {
  out_.begin_object().key("role").string("system").key("content").open_string();
  if (request_.format.kind == hub::ResponseFormat::Kind::json_schema) {
    out_.more("When you answer the user, write one JSON value that follows this JSON Schema, and ");
    out_.more("nothing else: ").more(request_.format.schema);
  } else {
    out_.more("When you answer the user, write one JSON object and nothing else.");
  }
  out_.close_string().end_object();
}

Result<> MessageWriter::write(bool format_in_text) {
  out_.begin_array();
  for (const Message& one : request_.messages) {
    // Behind the instructions of the client, so that the beginning of the prompt stays the same.
    if (format_in_text && one.role != Role::system && one.role != Role::developer) {
      instruction();
      format_in_text = false;
    }
    PENSTOCK_CHECK(message(one));
  }
  if (format_in_text) instruction();
  out_.end_array();
  return {};
}

}  // namespace

Result<> write_messages(const hub::Request& request, const TargetTraits& target,
                        bool format_in_text, json::Composer& out, Losses& losses,
                        Documents& documents) {
  return MessageWriter(request, target, out, losses, documents).write(format_in_text);
}

}  // namespace penstock::dialect::cohere
