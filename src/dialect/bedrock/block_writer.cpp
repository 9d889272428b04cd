#include "dialect/bedrock/block_writer.h"

#include <utility>

#include "dialect/arguments.h"
#include "dialect/data_url.h"
#include "dialect/loss.h"
#include "penstock/base64.h"

namespace penstock::dialect::bedrock {
namespace {

using hub::PartKind;
using hub::Source;

constexpr Bytes content_field = "messages.content";

Bytes blank_at(hub::Escaped text) {
  for (const Bytes blank :
       {" ", "\\n", "\\t", "\\r", "\\f", "\\u0020", "\\u00a0", "\\u00A0", "\xC2\xA0"}) {
    if (text.starts_with(blank)) return blank;
  }
  return {};
}

}  // namespace

bool is_blank(hub::Escaped text) {
  while (!text.empty()) {
    const Bytes blank = blank_at(text);
    if (blank.empty()) return false;
    text.remove_prefix(blank.size());
  }
  return true;
}

void BlockWriter::begin(bool keep_blank_text) {
  blocks_ = 0;
  keep_blank_text_ = keep_blank_text;
  has_text_ = has_document_ = false;
}

json::Writer& BlockWriter::open(Bytes member) {
  ++blocks_;
  return job_.out.begin_object().key(member);
}

void BlockWriter::text(hub::Escaped text) {
  const bool blank = is_blank(text);
  if (blank && !keep_blank_text_) return;
  has_text_ = has_text_ || !blank;
  open("text").escaped_string(text);
  close();
}

Result<> BlockWriter::part(const hub::Part& part) {
  const std::size_t before = blocks_;
  PENSTOCK_CHECK(block(part));
  const hub::CacheTtl mark = mark_of(part);
  if (mark == hub::CacheTtl::none || !job_.cache.take_message()) return {};
  const bool thinking = part.kind == PartKind::thinking || part.kind == PartKind::redacted_thinking;
  // A mark on what was left out falls on the block before it.
  if (!thinking && (blocks_ > before || before > 0)) job_.cache.write(mark, job_.out);
  return {};
}

Result<> BlockWriter::block(const hub::Part& part) {
  switch (part.kind) {
    case PartKind::text:
    case PartKind::refusal:
      text(part.text);
      return {};
    case PartKind::image:
      return image(part);
    case PartKind::audio:
      return recording(part, "audio", audio_format(part.media), job_.model.audio_input);
    case PartKind::video:
      return recording(part, "video", video_format(part.media), job_.model.video_input);
    case PartKind::file:
      if (kind_of_media(part.media.media_type) == PartKind::image) return image(part);
      return document(part);
    case PartKind::thinking:
      reasoning(part);
      return {};
    case PartKind::redacted_thinking:
      redacted(part);
      return {};
    case PartKind::tool_call:
      tool_call(part);
      return {};
    case PartKind::tool_result:
      return tool_result(part);
    case PartKind::opaque:
      return opaque(part);
  }
  PENSTOCK_UNREACHABLE();
}

Result<> BlockWriter::source(const hub::Media& media) {
  job_.out.key("source").begin_object();
  switch (media.source) {
    case Source::base64:
      job_.out.key("bytes").escaped_string(media.data);
      break;
    case Source::plain_text:
      job_.out.key("text").escaped_string(media.data);
      break;
    case Source::url:
      if (!media.data.starts_with("s3://") && !media.data.starts_with("s3:\\/\\/"))
        return refuse(content_field, "The target takes no addresses of media, only inline data.",
                      job_.losses);
      job_.out.key("s3Location").begin_object().key("uri").escaped_string(media.data).end_object();
      break;
    case Source::id:
    case Source::none:
      return refuse(content_field, "The target takes no file ids, only inline data.", job_.losses);
  }
  job_.out.end_object();
  return {};
}

Result<> BlockWriter::image(const hub::Part& part) {
  const Bytes format = image_format(part.media);
  if (format.empty() && part.media.source == Source::base64)
    return refuse(content_field, "The target takes images in png, jpeg, gif and webp only.",
                  job_.losses);
  open("image").begin_object().key("format").string(format.empty() ? "png" : format);
  PENSTOCK_CHECK(source(part.media));
  job_.out.end_object();
  close();
  return {};
}

Result<> BlockWriter::recording(const hub::Part& part, Bytes kind, Bytes format, bool taken) {
  if (!taken || format.empty())
    return refuse(content_field, "The target model does not take audio or video of this form.",
                  job_.losses);
  open(kind).begin_object().key("format").string(format);
  PENSTOCK_CHECK(source(part.media));
  job_.out.end_object();
  close();
  return {};
}

Result<> BlockWriter::document(const hub::Part& part) {
  const Bytes format = document_format(part.media);
  if (format.empty() && part.media.source != Source::url && part.media.source != Source::id)
    return refuse(content_field, "The target does not take documents of this type.", job_.losses);
  const Bytes name = names_.fit(part.media.name);
  if (name.empty()) return refuse(content_field, "These are too many documents.", job_.losses);
  has_document_ = true;
  open("document").begin_object();
  job_.out.key("format").string(format.empty() ? "pdf" : format).key("name").string(name);
  PENSTOCK_CHECK(source(part.media));
  // Anthropic's documents carry {"enabled":true} when they are to be cited.
  const auto citations = job_.document.read(part.citations, json::Judge::answer);
  if (citations && (*citations)["enabled"].is_true())
    job_.out.key("citations").raw(R"({"enabled":true})");
  job_.out.end_object();
  close();
  return {};
}

// Signatures are good at their issuer only. Claude's are Anthropic's, at whichever door.
bool BlockWriter::may_go_back(const hub::Part& part) const {
  if (part.signature.empty()) return false;
  const bool claude = job_.model.family == Family::claude || job_.model.family == Family::other;
  const bool others = job_.model.family != Family::claude;
  return (part.issuer == hub::Issuer::anthropic && claude) ||
         (part.issuer == hub::Issuer::bedrock && (others || part.kind != PartKind::thinking));
}

void BlockWriter::reasoning(const hub::Part& part) {
  if (!may_go_back(part)) {
    job_.losses.drop("reasoning_content");
    return;
  }
  open("reasoningContent").begin_object().key("reasoningText").begin_object();
  job_.out.key("text").escaped_string(part.text);
  job_.out.key("signature").escaped_string(part.signature).end_object().end_object();
  close();
}

void BlockWriter::redacted(const hub::Part& part) {
  if (!may_go_back(part)) {
    job_.losses.drop("reasoning_content");
    return;
  }
  open("reasoningContent").begin_object().key("redactedContent");
  if (part.issuer == hub::Issuer::anthropic) {
    blob_.clear();
    append_base64(json::unescaped(part.signature), blob_);
    job_.out.string(blob_);
  } else {
    job_.out.escaped_string(part.signature);
  }
  job_.out.end_object();
  close();
}

void BlockWriter::tool_call(const hub::Part& part) {
  IdRoom room;
  open("toolUse").begin_object();
  job_.out.key("toolUseId").escaped_string(fit_tool_id(part.id, job_.model.ids, calls_++, room));
  job_.out.key("name").escaped_string(part.name).key("input");
  if (!part.custom) {
    write_arguments_object(part.arguments, job_.document, job_.out);
  } else {
    job_.out.begin_object().key("input");
    if (part.arguments.in_string)
      job_.out.escaped_string(part.arguments.bytes);
    else
      job_.out.string(part.arguments.bytes);
    job_.out.end_object();
  }
  job_.out.end_object();
  close();
}

Result<> BlockWriter::tool_result(const hub::Part& part) {
  IdRoom room;
  open("toolResult").begin_object();
  job_.out.key("toolUseId").escaped_string(fit_tool_id(part.id, job_.model.ids, results_++, room));
  job_.out.key("content").begin_array();
  // What is inside does not count as the message's own.
  const std::size_t outer = std::exchange(blocks_, 0);
  const bool outer_text = has_text_;
  const bool outer_document = has_document_;
  if (part.is_error && !job_.model.result_status) text("Error:");
  text(part.text);
  PENSTOCK_CHECK(result_content(part));
  if (blocks_ == 0) text("(empty)");
  blocks_ = outer;
  has_text_ = outer_text;
  has_document_ = outer_document;
  job_.out.end_array();
  if (part.is_error && job_.model.result_status) job_.out.key("status").string("error");
  job_.out.end_object();
  close();
  return {};
}

Result<> BlockWriter::result_content(const hub::Part& part) {
  for (const hub::Part& inner : part.content) {
    switch (inner.kind) {
      case PartKind::text:
      case PartKind::image:
      case PartKind::video:
      case PartKind::file:
        PENSTOCK_CHECK(block(inner));
        break;
      case PartKind::opaque:
        PENSTOCK_CHECK(opaque(inner));
        break;
      default:
        return refuse(content_field, "The target does not take such a tool result.", job_.losses);
    }
  }
  return {};
}

Result<> BlockWriter::opaque(const hub::Part& part) {
  if (part.issuer != hub::Issuer::bedrock || part.raw.empty())
    return lose(content_field, job_.target, job_.losses);
  ++blocks_;
  job_.out.raw(part.raw);
  return {};
}

}  // namespace penstock::dialect::bedrock
