// Messages as the items of `input`. What the assistant said becomes output_text, what it called an
// item of its own; encrypted reasoning stands directly before the call it led to.
#include <algorithm>
#include <span>
#include <vector>

#include "dialect/loss.h"
#include "dialect/openai_responses/request_writing.h"

namespace penstock::dialect::openai_responses {
namespace {

using hub::Issuer;
using hub::Message;
using hub::Part;
using hub::PartKind;
using hub::Role;
using hub::Source;

bool is_said(const Part& part) {
  return part.kind == PartKind::text || part.kind == PartKind::refusal;
}
bool is_reasoning(const Part& part) {
  return part.kind == PartKind::thinking || part.kind == PartKind::redacted_thinking;
}
// Reasoning that this provider can read again. Without its data the provider would look for it
// where nothing was stored.
bool is_readable_reasoning(const Part& part) {
  return is_reasoning(part) && part.issuer == Issuer::openai && !part.signature.empty();
}

class InputWriter {
 public:
  InputWriter(const hub::Request& request, const TargetTraits& target, json::Writer& out,
              Losses& losses)
      : request_(request), target_(target), out_(out), losses_(losses) {}

  Result<> message(const Message& message);

 private:
  Result<> heard(const Message& message);
  Result<> said(const Message& message);
  Result<> content(const Part& part);
  Result<> image(const Part& part);
  Result<> file(const Part& part);
  Result<> audio(const Part& part);
  Result<> opaque(const Part& part);
  Result<> result(const Part& part);
  void texts(std::span<const Part> parts);
  void reasoning(const Part& part);
  void call(const Part& part);
  void data_url(const hub::Media& media, Bytes fallback_type);
  void open(Role role);
  void close() { out_.end_array().end_object(); }
  bool takes(bool Quirks::* quirk) const {
    return target_.quirks == nullptr || target_.quirks->*quirk;
  }

  const hub::Request& request_;
  const TargetTraits& target_;
  json::Writer& out_;
  Losses& losses_;
  std::vector<Bytes> custom_ids_{};
};

void InputWriter::open(Role role) {
  out_.begin_object().key("type").raw("\"message\"").key("role");
  switch (role) {
    case Role::system:
      out_.raw("\"system\"");
      break;
    case Role::developer:
      out_.raw(takes(&Quirks::developer_role) ? "\"developer\"" : "\"system\"");
      break;
    case Role::assistant:
      out_.raw("\"assistant\"");
      break;
    case Role::user:
    case Role::tool:
      out_.raw("\"user\"");
      break;
  }
  out_.key("content").begin_array();
}

Result<> InputWriter::message(const Message& message) {
  if (!message.name.empty()) PENSTOCK_CHECK(lose("name", target_, losses_));
  return message.role == Role::assistant ? said(message) : heard(message);
}

// What the model was told: one message, interrupted by the results of its calls.
Result<> InputWriter::heard(const Message& message) {
  bool is_open = false;
  for (const Part& part : message.parts) {
    if (part.kind == PartKind::tool_result) {
      if (is_open) close();
      is_open = false;
      PENSTOCK_CHECK(result(part));
      continue;
    }
    if (!is_open) open(message.role);
    is_open = true;
    PENSTOCK_CHECK(content(part));
  }
  if (is_open) close();
  return {};
}

Result<> InputWriter::said(const Message& message) {
  const std::span<const Part> parts(message.parts);
  for (std::size_t i = 0; i < parts.size();) {
    const Part& part = parts[i];
    std::size_t next = i + 1;
    while (next < parts.size() && is_said(parts[next])) ++next;
    if (is_said(part)) {
      texts(parts.subspan(i, next - i));
      i = next;
      continue;
    }
    if (is_readable_reasoning(part)) {
      // What was said between the thought and its call goes before both.
      const bool calls = next < parts.size() && parts[next].kind == PartKind::tool_call;
      if (calls) texts(parts.subspan(i + 1, next - i - 1));
      const bool followed = std::ranges::any_of(parts.subspan(i + 1), [](const Part& later) {
        return is_said(later) || later.kind == PartKind::tool_call;
      });
      if (followed) reasoning(part);
      i = calls ? next : i + 1;
      continue;
    }
    if (part.kind == PartKind::tool_call)
      call(part);
    else if (is_reasoning(part))
      losses_.drop("reasoning");
    else
      PENSTOCK_CHECK(opaque(part));
    ++i;
  }
  return {};
}

// One message of the assistant; none when nothing was said.
void InputWriter::texts(std::span<const Part> parts) {
  if (std::ranges::all_of(parts, [](const Part& part) { return part.text.empty(); })) return;
  open(Role::assistant);
  for (const Part& part : parts) {
    if (part.text.empty()) continue;
    out_.begin_object();
    if (part.kind == PartKind::refusal) {
      out_.key("type").raw("\"refusal\"").key("refusal").escaped_string(part.text);
    } else {
      out_.key("type").raw("\"output_text\"").key("text").escaped_string(part.text);
      if (!part.citations.empty() && part.issuer == Issuer::openai && request_.responses)
        out_.key("annotations").raw(part.citations);
    }
    out_.end_object();
  }
  close();
}

void InputWriter::reasoning(const Part& part) {
  out_.begin_object().key("type").raw("\"reasoning\"");
  if (!part.id.empty()) out_.key("id").escaped_string(part.id);
  out_.key("summary").begin_array();
  if (!part.text.empty()) {
    out_.begin_object().key("type").raw("\"summary_text\"");
    out_.key("text").escaped_string(part.text).end_object();
  }
  out_.end_array().key("encrypted_content").escaped_string(part.signature).end_object();
}

void InputWriter::call(const Part& part) {
  if (part.custom) custom_ids_.push_back(part.id);
  out_.begin_object().key("type");
  out_.raw(part.custom ? "\"custom_tool_call\"" : "\"function_call\"");
  out_.key("call_id").escaped_string(part.id).key("name").escaped_string(part.name);
  out_.key(part.custom ? "input" : "arguments");
  if (part.arguments.bytes.empty())
    out_.raw(part.custom ? "\"\"" : "\"{}\"");
  else if (part.arguments.in_string)
    out_.escaped_string(part.arguments.bytes);
  else
    out_.string(part.arguments.bytes);
  out_.end_object();
}

Result<> InputWriter::result(const Part& part) {
  const bool custom = part.custom || std::ranges::find(custom_ids_, part.id) != custom_ids_.end();
  if (part.is_error) losses_.drop("is_error");
  out_.begin_object().key("type");
  out_.raw(custom ? "\"custom_tool_call_output\"" : "\"function_call_output\"");
  out_.key("call_id").escaped_string(part.id).key("output");
  if (part.content.empty()) {
    out_.raw("\"\"");
  } else if (part.content.size() == 1 && part.content.front().kind == PartKind::text) {
    out_.escaped_string(part.content.front().text);
  } else {
    out_.begin_array();
    for (const Part& piece : part.content) PENSTOCK_CHECK(content(piece));
    out_.end_array();
  }
  out_.end_object();
  return {};
}

Result<> InputWriter::content(const Part& part) {
  switch (part.kind) {
    case PartKind::text:
    case PartKind::refusal:
      out_.begin_object().key("type").raw("\"input_text\"");
      out_.key("text").escaped_string(part.text).end_object();
      return {};
    case PartKind::image:
      return image(part);
    case PartKind::file:
      return file(part);
    case PartKind::audio:
      return audio(part);
    case PartKind::video:
      return refuse("video", "The target takes no video.", losses_);
    case PartKind::opaque:
      return opaque(part);
    case PartKind::thinking:
    case PartKind::redacted_thinking:
      losses_.drop("reasoning");
      return {};
    case PartKind::tool_call:
    case PartKind::tool_result:
      return refuse("messages", "A tool call or its result stands where none can be.", losses_);
  }
  PENSTOCK_UNREACHABLE();
}

void InputWriter::data_url(const hub::Media& media, Bytes fallback_type) {
  out_.open_string().more_escaped("data:");
  out_.more_escaped(media.media_type.empty() ? fallback_type : media.media_type);
  out_.more_escaped(";base64,").more_escaped(media.data).close_string();
}

Result<> InputWriter::image(const Part& part) {
  const hub::Media& media = part.media;
  if (media.source == Source::url && !takes(&Quirks::image_url))
    return refuse("image_url", "The target takes inline images only.", losses_);
  out_.begin_object().key("type").raw("\"input_image\"");
  if (media.source == Source::id) {
    out_.key("file_id").escaped_string(media.data);
  } else if (media.source == Source::url) {
    out_.key("image_url").escaped_string(media.data);
  } else {
    out_.key("image_url");
    data_url(media, "image/png");
  }
  if (!media.detail.empty()) out_.key("detail").escaped_string(media.detail);
  out_.end_object();
  return {};
}

Result<> InputWriter::file(const Part& part) {
  const hub::Media& media = part.media;
  if (!takes(&Quirks::file_input)) return refuse("file", "The target takes no files.", losses_);
  if (media.source == Source::plain_text) {
    losses_.emulate("document");
    out_.begin_object().key("type").raw("\"input_text\"").key("text").open_string();
    if (!media.name.empty()) out_.more_escaped(media.name).more_escaped("\\n\\n");
    out_.more_escaped(media.data).close_string().end_object();
    return {};
  }
  out_.begin_object().key("type").raw("\"input_file\"");
  if (media.source == Source::id) {
    out_.key("file_id").escaped_string(media.data);
  } else if (media.source == Source::url) {
    out_.key("file_url").escaped_string(media.data);
  } else {
    // The name decides how the bytes are read, so there must be one.
    out_.key("filename");
    out_.escaped_string(media.name.empty() ? Bytes("document.pdf") : media.name);
    out_.key("file_data");
    data_url(media, "application/pdf");
  }
  out_.end_object();
  return {};
}

Result<> InputWriter::audio(const Part& part) {
  if (!takes(&Quirks::audio_input) || part.media.source != Source::base64)
    return refuse("input_audio", "The target takes no such audio.", losses_);
  const Bytes type = part.media.media_type;
  const bool mp3 = type == "audio/mpeg" || type == "audio/mp3";
  out_.begin_object().key("type").raw("\"input_audio\"").key("input_audio").begin_object();
  out_.key("data").escaped_string(part.media.data);
  out_.key("format").raw(mp3 ? "\"mp3\"" : "\"wav\"").end_object().end_object();
  return {};
}

// An item or a part as the client had it, when the client spoke this dialect.
Result<> InputWriter::opaque(const Part& part) {
  if (part.kind == PartKind::opaque && part.issuer == Issuer::openai && request_.responses)
    out_.raw(part.raw);
  else if (part.kind == PartKind::opaque)
    losses_.drop("content");
  else
    return refuse("messages", "The assistant's turn holds what the target cannot take.", losses_);
  return {};
}

}  // namespace

const hub::Message* instructions_of(const hub::Request& request) {
  if (request.messages.empty()) return nullptr;
  const Message& first = request.messages.front();
  if (request.responses) return request.instructions ? &first : nullptr;
  const bool plain = first.role == Role::system && first.name.empty() && first.parts.size() == 1 &&
                     first.parts.front().kind == PartKind::text;
  return plain ? &first : nullptr;
}

Result<> write_input(const hub::Request& request, const TargetTraits& target, json::Writer& out,
                     Losses& losses) {
  InputWriter writer(request, target, out, losses);
  const Message* const instructions = instructions_of(request);
  out.begin_array();
  for (const Message& message : request.messages) {
    if (&message != instructions) PENSTOCK_CHECK(writer.message(message));
  }
  out.end_array();
  return {};
}

}  // namespace penstock::dialect::openai_responses
