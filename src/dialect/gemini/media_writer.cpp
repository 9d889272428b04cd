// Writes images, audio, video and files. Bytes go inline; an address goes along only where Google
// itself reads it, for the gateway fetches nothing that a client named.
#include <array>

#include "dialect/gemini/content_writer.h"
#include "dialect/loss.h"

namespace penstock::dialect::gemini {
namespace {

constexpr Bytes files_host = "https://generativelanguage.googleapis.com/";

// By the end of an address without its query; empty: not known.
Bytes type_by_name(Bytes address) {
  constexpr std::array<std::array<Bytes, 2>, 18> types{{{".png", "image/png"},
                                                        {".jpg", "image/jpeg"},
                                                        {".jpeg", "image/jpeg"},
                                                        {".webp", "image/webp"},
                                                        {".gif", "image/gif"},
                                                        {".heic", "image/heic"},
                                                        {".pdf", "application/pdf"},
                                                        {".txt", "text/plain"},
                                                        {".md", "text/markdown"},
                                                        {".html", "text/html"},
                                                        {".csv", "text/csv"},
                                                        {".mp4", "video/mp4"},
                                                        {".mov", "video/quicktime"},
                                                        {".webm", "video/webm"},
                                                        {".mp3", "audio/mpeg"},
                                                        {".wav", "audio/wav"},
                                                        {".flac", "audio/flac"},
                                                        {".ogg", "audio/ogg"}}};
  address = address.substr(0, address.find_first_of("?#"));
  for (const auto& [ending, type] : types) {
    if (address.ends_with(ending)) return type;
  }
  return {};
}

// What is assumed where neither the client nor the name says it; empty: nothing can be.
Bytes type_by_kind(hub::PartKind kind) {
  switch (kind) {
    case hub::PartKind::image:
      return "image/jpeg";
    case hub::PartKind::audio:
      return "audio/wav";
    case hub::PartKind::video:
      return "video/mp4";
    default:
      return "application/pdf";
  }
}

bool is_youtube(Bytes url) {
  return url.starts_with("https://www.youtube.com/") || url.starts_with("https://youtube.com/") ||
         url.starts_with("https://youtu.be/");
}

bool is_read_by_google(Bytes url, bool on_vertex) {
  if (is_youtube(url)) return true;
  if (on_vertex) {
    return url.starts_with("gs://") || url.starts_with("https://") || url.starts_with("http://");
  }
  return url.starts_with(files_host) && url.find("/files/") != Bytes::npos;
}

void write_resolution(const hub::Media& media, const Model& model, json::Composer& out) {
  if (!model.third()) return;
  Bytes level;
  if (media.detail == "low") level = "MEDIA_RESOLUTION_LOW";
  if (media.detail == "high") level = "MEDIA_RESOLUTION_HIGH";
  if (level.empty()) return;
  out.key("mediaResolution").begin_object().key("level").string(level).end_object();
}

void write_end(const hub::Part& part, Target& to) {
  const bool own = part.issuer == hub::Issuer::gemini;
  if (own && !part.signature.empty()) to.out.key("thoughtSignature").escaped_string(part.signature);
  write_resolution(part.media, to.model, to.out);
  to.out.end_object();
}

Result<> write_inline(const hub::Part& part, Target& to) {
  const hub::Media& media = part.media;
  json::Composer& out = to.out;
  out.begin_object().key("inlineData").begin_object().key("mimeType");
  if (media.media_type.find('/') != Bytes::npos) {
    out.escaped_string(media.media_type);
  } else {
    const Bytes by_name = type_by_name(media.name);
    out.string(by_name.empty() ? type_by_kind(part.kind) : by_name);
  }
  out.key("data").escaped_string(media.data).end_object();
  write_end(part, to);
  return {};
}

Result<> write_address(const hub::Part& part, Bytes url, Target& to) {
  json::Composer& out = to.out;
  out.begin_object().key("fileData").begin_object().key("fileUri").string(url);
  const hub::Escaped told = part.media.media_type;
  const Bytes by_name = type_by_name(url);
  if (told.find('/') != Bytes::npos) {
    out.key("mimeType").escaped_string(told);
  } else if (!by_name.empty()) {
    out.key("mimeType").string(by_name);
  } else if (to.traits.on_vertex) {  // demands one
    out.key("mimeType").string(is_youtube(url) ? Bytes("video/mp4") : type_by_kind(part.kind));
  }
  out.end_object();
  write_end(part, to);
  return {};
}

Result<> write_id(const hub::Part& part, Target& to) {
  const Bytes id = part.media.data;
  if (to.traits.on_vertex || !id.starts_with("files/")) {
    return refuse("messages", "The target does not know this file id.", to.losses);
  }
  return write_address(part, std::string(files_host).append("v1beta/").append(json::unescaped(id)),
                       to);
}

}  // namespace

Result<> write_media(const hub::Part& part, Target& to) {
  const hub::Media& media = part.media;
  switch (media.source) {
    case hub::Source::base64:
      return write_inline(part, to);
    case hub::Source::url: {
      const std::string url = json::unescaped(media.data);
      if (!is_read_by_google(url, to.traits.on_vertex)) {
        return refuse("messages", "The target takes this media inline only, as a data URL.",
                      to.losses);
      }
      return write_address(part, url, to);
    }
    case hub::Source::id:
      return write_id(part, to);
    case hub::Source::plain_text:
      to.out.begin_object().key("text").escaped_string(media.data).end_object();
      return {};
    case hub::Source::none:
      break;
  }
  return refuse("messages", "This media has no content.", to.losses);
}

}  // namespace penstock::dialect::gemini
