#include "dialect/openai_chat/part_writer.h"

#include "dialect/loss.h"

namespace penstock::dialect::openai_chat {

using hub::Issuer;
using hub::Part;
using hub::PartKind;
using hub::Source;

// Data of unknown type is told as what its place expects.
void PartWriter::data_url(const hub::Media& media, Bytes fallback_type) {
  out_.open_string().more_escaped("data:");
  out_.more_escaped(media.media_type.empty() ? fallback_type : media.media_type);
  out_.more_escaped(";base64,").more_escaped(media.data).close_string();
}

void PartWriter::mark(hub::CacheTtl cache) {
  if (cache == hub::CacheTtl::none) return;
  if (!quirks_.cache_control) {
    losses_.drop("cache_control");
    return;
  }
  const Bytes hour = R"({"type":"ephemeral","ttl":"1h"})";
  out_.key("cache_control");
  out_.raw(cache == hub::CacheTtl::hour1 ? hour : Bytes(R"({"type":"ephemeral"})"));
}

void PartWriter::end_part(hub::CacheTtl cache) {
  mark(cache);
  out_.end_object();
}

void PartWriter::text(hub::Escaped text, hub::CacheTtl cache) {
  out_.begin_object().key("type").string("text").key("text").escaped_string(text);
  end_part(cache);
}

Result<> PartWriter::image(const Part& part) {
  const hub::Media& media = part.media;
  if (media.source != Source::base64 && media.source != Source::url)
    return refuse(content_field, "The target takes images as data or by address only.", losses_);
  if (media.source == Source::url && !quirks_.image_url)
    return refuse(content_field, "The target takes images as inline data only.", losses_);
  out_.begin_object().key("type").string("image_url").key("image_url").begin_object().key("url");
  if (media.source == Source::url)
    out_.escaped_string(media.data);
  else
    data_url(media, "image/png");
  if (!media.detail.empty()) out_.key("detail").escaped_string(media.detail);
  out_.end_object();
  end_part(part.cache);
  return {};
}

Result<> PartWriter::audio(const Part& part) {
  const hub::Media& media = part.media;
  if (!quirks_.audio_input || media.source != Source::base64)
    return refuse(content_field, "The target takes no audio of this kind.", losses_);
  hub::Escaped format = media.media_type;
  if (const auto slash = format.find('/'); slash != Bytes::npos) format.remove_prefix(slash + 1);
  if (format.starts_with("x-")) format.remove_prefix(2);
  if (format == "mpeg") format = "mp3";
  if (format == "wave" || format.empty()) format = "wav";
  if (writing_.is_openai() && format != "wav" && format != "mp3")
    return refuse(content_field, "The target takes audio as wav or mp3 only.", losses_);
  out_.begin_object().key("type").string("input_audio").key("input_audio").begin_object();
  out_.key("data").escaped_string(media.data).key("format").escaped_string(format).end_object();
  end_part(part.cache);
  return {};
}

Result<> PartWriter::file(const Part& part) {
  const hub::Media& media = part.media;
  if (media.source == Source::plain_text) {
    losses_.emulate(content_field);
    text(media.data, part.cache);
    return {};
  }
  const bool known_id = media.source == Source::id && part.issuer == Issuer::openai;
  if (!quirks_.file_input || (media.source != Source::base64 && !known_id))
    return refuse(content_field, "The target takes no files of this kind.", losses_);
  out_.begin_object().key("type").string("file").key("file").begin_object();
  if (known_id) {
    out_.key("file_id").escaped_string(media.data);
  } else {
    out_.key("filename")
        .escaped_string(media.name.empty() ? hub::Escaped("document.pdf") : media.name);
    out_.key("file_data");
    data_url(media, "application/pdf");
  }
  out_.end_object();
  end_part(part.cache);
  return {};
}

Result<> PartWriter::part(const Part& part) {
  switch (part.kind) {
    case PartKind::text:
      text(part.text, part.cache);
      return {};
    case PartKind::refusal:
      out_.begin_object().key("type").string("refusal");
      out_.key("refusal").escaped_string(part.text).end_object();
      return {};
    case PartKind::image:
      return image(part);
    case PartKind::audio:
      return audio(part);
    case PartKind::file:
      return file(part);
    case PartKind::video:
      return refuse(content_field, "The target takes no video.", losses_);
    case PartKind::thinking:
      if (thinks_in_parts() && is_free_thought(part)) {
        out_.begin_object().key("type").string("thinking").key("thinking").begin_array();
        text(part.text, hub::CacheTtl::none);
        out_.end_array().end_object();
      }
      return {};
    case PartKind::redacted_thinking:  // of others
    case PartKind::tool_call:          // beside the content
    case PartKind::tool_result:        // a message of its own
      return {};
    case PartKind::opaque:
      return lose(content_field, writing_.target, losses_);
  }
  PENSTOCK_UNREACHABLE();
}

}  // namespace penstock::dialect::openai_chat
