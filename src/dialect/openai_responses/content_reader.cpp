// The parts of a message or of a tool's output: text, images, files, audio, refusals. A part of a
// kind that is not known goes to its issuer as it is.
#include "dialect/data_url.h"
#include "dialect/openai_responses/request_reading.h"

namespace penstock::dialect::openai_responses {
namespace {

using hub::Part;
using hub::PartKind;
using hub::Source;

// An address as an image or a file has it: inline data, or a URL that the provider fetches.
void read_address(Bytes url, hub::Media& media) {
  if (const auto inline_data = read_data_url(url)) {
    media.source = inline_data->source;
    media.media_type = inline_data->media_type;
    media.data = inline_data->data;
  } else {
    media.source = Source::url;
    media.data = url;
  }
}

bool read_image(json::View part, Part& out) {
  out.kind = PartKind::image;
  out.media.detail = part["detail"].text();
  if (part["image_url"].is_string()) {
    read_address(part["image_url"].text(), out.media);
  } else if (part["file_id"].is_string()) {
    out.media.source = Source::id;
    out.media.data = part["file_id"].text();
  }
  return out.media.source != Source::none;
}

bool read_file(json::View part, Part& out) {
  out.kind = PartKind::file;
  out.media.name = part["filename"].text();
  if (part["file_data"].is_string()) {
    const Bytes data = part["file_data"].text();
    if (is_data_url(data)) {
      read_address(data, out.media);
    } else {  // bare base64
      out.media.source = Source::base64;
      out.media.data = data;
      if (out.media.name.ends_with(".pdf")) out.media.media_type = "application/pdf";
    }
  } else if (part["file_url"].is_string()) {
    read_address(part["file_url"].text(), out.media);
  } else if (part["file_id"].is_string()) {
    out.media.source = Source::id;
    out.media.data = part["file_id"].text();
  }
  return out.media.source != Source::none;
}

bool read_audio(json::View part, Part& out) {
  const json::View audio = part["input_audio"];
  out.kind = PartKind::audio;
  out.media.source = Source::base64;
  out.media.data = audio["data"].text();
  out.media.media_type = audio["format"].is("mp3") ? "audio/mpeg" : "audio/wav";
  return audio["data"].is_string();
}

void read_output_text(json::View part, Part& out) {
  out.text = part["text"].text();
  if (part["annotations"].empty()) return;
  out.citations = part["annotations"].raw();
  out.issuer = hub::Issuer::openai;
}

// One part; the field that is at fault, or nothing.
Bytes read_part(json::View part, Part& out) {
  const Bytes type = part["type"].text();
  if (type == "input_text" || type == "output_text" || type == "text") {
    if (!part["text"].is_string()) return "text";
    read_output_text(part, out);
  } else if (type == "input_image") {
    if (!read_image(part, out)) return "image_url";
  } else if (type == "input_file") {
    if (!read_file(part, out)) return "file_data";
  } else if (type == "input_audio") {
    if (!read_audio(part, out)) return "input_audio";
  } else if (type == "refusal") {
    if (!part["refusal"].is_string()) return "refusal";
    out.kind = PartKind::refusal;
    out.text = part["refusal"].text();
  } else if (type.empty()) {
    return "type";
  } else {
    out.kind = PartKind::opaque;
    out.issuer = hub::Issuer::openai;
    out.raw = part.raw();
  }
  out.cache = read_cache_mark(part);
  return {};
}

}  // namespace

hub::CacheTtl read_cache_mark(json::View holder) {
  const json::View mark = holder["cache_control"];
  if (!mark.is_object()) return hub::CacheTtl::none;
  const json::View ttl = mark["ttl"];
  if (ttl.is("5m")) return hub::CacheTtl::minutes5;
  if (ttl.is("30m")) return hub::CacheTtl::minutes30;
  if (ttl.is("1h")) return hub::CacheTtl::hour1;
  if (ttl.is("12h")) return hub::CacheTtl::hours12;
  return hub::CacheTtl::standard;
}

Result<> read_content(json::View content, ContentPlace place, Reading& reading,
                      std::vector<Part>& out) {
  if (content.is_string()) {
    out.emplace_back().text = content.text();
    return {};
  }
  if (!content) return reading.missing(place.text());
  if (!content.is_array())
    return reading.wrong(place.text(), "It must be a string or an array of parts.");
  out.reserve(out.size() + content.size());
  std::uint32_t at = 0;
  for (const json::View part : content) {
    const Bytes fault = part.is_object() ? read_part(part, out.emplace_back()) : Bytes("type");
    if (!fault.empty())
      return reading.wrong(place.text(at, fault), "The part lacks it, or it is of another type.");
    ++at;
  }
  return {};
}

}  // namespace penstock::dialect::openai_responses
