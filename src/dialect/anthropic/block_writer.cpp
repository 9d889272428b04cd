#include "dialect/anthropic/block_writer.h"

#include "dialect/anthropic/media_kind.h"
#include "dialect/anthropic/turns.h"
#include "dialect/arguments.h"
#include "dialect/loss.h"
#include "dialect/tool_id.h"
#include "penstock/base64.h"

namespace penstock::dialect::anthropic {
namespace {

using hub::CacheTtl;
using hub::Part;
using hub::PartKind;
using hub::Source;

bool fits(hub::Escaped id) {
  IdRoom room;
  return fit_tool_id(id, IdRule::word, 0, room).data() == id.data();
}

bool is_shown(const Part& part) {
  return part.kind != PartKind::text || !is_blank(part.text);
}

}  // namespace

void count_marks(const Part& part, CacheMarks& marks) {
  for (const Part& each : part.content) {
    if (is_shown(each)) marks.count(each.cache);
  }
  marks.count(part.cache);
}

Result<> BlockWriter::write(const Part& part, CacheTtl mark, bool trim) {
  PENSTOCK_CHECK(judge_media(part));
  for (const Part& each : part.content) PENSTOCK_CHECK(judge_media(each));
  if (as_it_was(part) && !trim) {
    const CacheTtl kept = part.kind == PartKind::tool_result ? part.cache : marks_.take(part.cache);
    if (kept != CacheTtl::none || mark == CacheTtl::none || part.kind == PartKind::opaque) {
      out_.raw(part.raw);
    } else {
      out_.raw(part.raw.substr(0, part.raw.size() - 1));
      close(mark);
    }
    calls_ += part.kind == PartKind::tool_call ? 1 : 0;
    results_ += part.kind == PartKind::tool_result ? 1 : 0;
    return {};
  }
  if (part.kind == PartKind::tool_result) return tool_result(part, mark);
  const CacheTtl ttl = mark != CacheTtl::none ? mark : marks_.take(part.cache);
  switch (part.kind) {
    case PartKind::image:
      return image(part, ttl);
    case PartKind::file:
      return file(part, ttl);
    case PartKind::thinking:
      out_.begin_object().key("type").string("thinking");
      out_.key("thinking").escaped_string(part.text);
      out_.key("signature").escaped_string(part.signature).end_object();
      return {};
    case PartKind::redacted_thinking:
      out_.begin_object().key("type").string("redacted_thinking");
      out_.key("data").escaped_string(part.signature).end_object();
      return {};
    case PartKind::tool_call:
      tool_use(part, ttl);
      return {};
    case PartKind::opaque:
      out_.raw(part.raw);
      return {};
    default:
      text(part, ttl, trim);
      return {};
  }
}

// Blocks of Anthropic's own clients go byte for byte, unless there are marks to be taken out or an
// id that would be refused.
bool BlockWriter::as_it_was(const Part& part) const {
  if (part.raw.empty() || part.issuer != hub::Issuer::anthropic) return false;
  if (part.kind == PartKind::opaque) return true;
  const bool has_id = part.kind == PartKind::tool_call || part.kind == PartKind::tool_result;
  return marks_.counted() <= CacheMarks::marks_max && (!has_id || fits(part.id));
}

void BlockWriter::close(CacheTtl ttl) {
  write_cache_control(ttl, out_);
  out_.end_object();
}

void BlockWriter::text(const Part& part, CacheTtl ttl, bool trim) {
  out_.begin_object().key("type").string("text");
  out_.key("text").escaped_string(trim ? trimmed(part.text) : part.text);
  if (!part.citations.empty() && part.issuer == hub::Issuer::anthropic)
    out_.key("citations").raw(part.citations);
  close(ttl);
}

// What no target of this dialect, or not this one, can read.
Result<> BlockWriter::judge_media(const Part& part) {
  if (part.kind == PartKind::audio)
    return refuse("messages", "Claude models take no audio.", losses_);
  if (part.kind == PartKind::video)
    return refuse("messages", "Claude models take no video.", losses_);
  if (part.kind != PartKind::image && part.kind != PartKind::file) return {};
  if (part.media.source == Source::url && target_.in_bedrock_invoke)
    return refuse("messages", "The target takes images and files as data only, not by address.",
                  losses_);
  if (part.media.source == Source::id && part.issuer != hub::Issuer::anthropic &&
      !part.media.data.starts_with("file_"))
    return refuse("messages", "The file was uploaded to another provider.", losses_);
  return {};
}

// `source` of a url or a file.
void BlockWriter::reference(const hub::Media& media) {
  out_.begin_object().key("type").string(media.source == Source::url ? "url" : "file");
  out_.key(media.source == Source::url ? "url" : "file_id").escaped_string(media.data);
  out_.end_object();
}

Result<> BlockWriter::image(const Part& part, CacheTtl ttl) {
  const hub::Media& media = part.media;
  if (!media.detail.empty() && media.detail != "auto")
    PENSTOCK_CHECK(lose("image_url.detail", target_, losses_));
  out_.begin_object().key("type").string("image").key("source");
  if (media.source == Source::base64) {
    const Bytes type = image_type_of(media);
    if (type.empty())
      return refuse("messages", "Claude models take images as jpeg, png, gif or webp.", losses_);
    out_.begin_object().key("type").string("base64").key("media_type").string(type);
    out_.key("data").escaped_string(media.data).end_object();
  } else {
    reference(media);
  }
  close(ttl);
  return {};
}

Result<> BlockWriter::file(const Part& part, CacheTtl ttl) {
  const hub::Media& media = part.media;
  const bool bytes = media.source == Source::base64;
  if (bytes && media.media_type.starts_with("image/")) return image(part, ttl);
  out_.begin_object().key("type").string("document").key("source");
  if (media.source == Source::plain_text || (bytes && is_text_type(media.media_type))) {
    out_.begin_object().key("type").string("text").key("media_type").string("text/plain");
    out_.key("data");
    std::string plain;
    if (!bytes)
      out_.escaped_string(media.data);
    else if (decode_base64(media.data, plain))
      out_.string(plain);
    else
      return refuse("messages", "The data of the file are not base64.", losses_);
    out_.end_object();
  } else if (bytes) {
    if (media.media_type != "application/pdf" && !media.data.starts_with("JVBERi"))
      return refuse("messages", "Claude models take files as pdf or as text.", losses_);
    out_.begin_object().key("type").string("base64");
    out_.key("media_type").string("application/pdf");
    out_.key("data").escaped_string(media.data).end_object();
  } else {
    reference(media);
  }
  if (!media.name.empty()) out_.key("title").escaped_string(media.name);
  close(ttl);
  return {};
}

void BlockWriter::tool_use(const Part& part, CacheTtl ttl) {
  IdRoom room;
  out_.begin_object().key("type").string("tool_use");
  out_.key("id").escaped_string(fit_tool_id(part.id, IdRule::word, calls_++, room));
  out_.key("name").escaped_string(part.name).key("input");
  if (part.custom) {  // plain text, not JSON
    out_.begin_object().key("input");
    if (part.arguments.in_string)
      out_.escaped_string(part.arguments.bytes);
    else
      out_.string(part.arguments.bytes);
    out_.end_object();
  } else {
    write_arguments_object(part.arguments, document_, out_);
  }
  close(ttl);
}

Result<> BlockWriter::tool_result(const Part& part, CacheTtl mark) {
  IdRoom room;
  out_.begin_object().key("type").string("tool_result");
  out_.key("tool_use_id").escaped_string(fit_tool_id(part.id, IdRule::word, results_++, room));
  PENSTOCK_CHECK(result_content(part));
  if (part.is_error) out_.key("is_error").boolean(true);
  const CacheTtl own = marks_.take(part.cache);
  close(mark != CacheTtl::none ? mark : own);
  return {};
}

Result<> BlockWriter::result_content(const Part& part) {
  std::size_t shown = 0;
  const Part* first = nullptr;
  for (const Part& each : part.content) {
    if (!is_shown(each)) continue;
    if (shown++ == 0) first = &each;
  }
  if (shown == 0) return {};
  out_.key("content");
  if (shown == 1 && first->kind == PartKind::text && first->cache == CacheTtl::none) {
    out_.escaped_string(first->text);
    return {};
  }
  out_.begin_array();
  for (const Part& each : part.content) {
    if (!is_shown(each)) continue;
    if (each.kind == PartKind::opaque && each.issuer != hub::Issuer::anthropic)
      return refuse("messages", "A part of this kind is for another provider only.", losses_);
    PENSTOCK_CHECK(write(each, CacheTtl::none, false));
  }
  out_.end_array();
  return {};
}

}  // namespace penstock::dialect::anthropic
