// Content of messages: a string, or parts of text, image_url, input_audio, file and refusal; and
// the parts that servers like OpenAI added: video_url, document_url, thinking.
#include <utility>

#include "dialect/data_url.h"
#include "dialect/openai_chat/request_reading.h"

namespace penstock::dialect::openai_chat {
namespace {

using hub::Part;
using hub::PartKind;
using hub::Source;

class PartReader {
 public:
  PartReader(json::View part, Speaker speaker, const Path& path, Judge& judge)
      : part_(part), speaker_(speaker), path_(path), judge_(judge) {}

  Result<> read(std::vector<Part>& out);

 private:
  Result<> text(Part& to, PartKind kind, Bytes key);
  Result<> address(Part& to, PartKind kind, Bytes key);
  Result<> audio(Part& to);
  Result<> file(Part& to);
  Result<> thinking(Part& to);

  json::View part_;
  Speaker speaker_;
  const Path& path_;
  Judge& judge_;
};

Result<> PartReader::text(Part& to, PartKind kind, Bytes key) {
  const json::View text = part_[key];
  if (!text) return judge_.missing(path_.member(key));
  PENSTOCK_TRY(said, judge_.text(text, path_.member(key)));
  to.kind = kind;
  to.text = said;
  return {};
}

// {"image_url":{"url","detail"}} or, as some clients write it, {"image_url":"…"}.
Result<> PartReader::address(Part& to, PartKind kind, Bytes key) {
  const json::View holder = part_[key];
  if (!holder) return judge_.missing(path_.member(key));
  const Path place = path_.member(key);
  const bool plain = holder.is_string();
  const Path url_place = plain ? path_.member(key) : place.member("url");
  PENSTOCK_TRY(url, judge_.demand_text(plain ? holder : holder["url"], url_place));
  to.kind = kind;
  if (is_data_url(url)) {
    const auto data = read_data_url(url);
    if (!data)
      return judge_.invalid(url_place, "Invalid value: expected a data URL with base64 data.");
    to.media = *data;
    // PDFs are sent this way, too.
    if (data->media_type == "application/pdf") to.kind = PartKind::file;
  } else {
    to.media.source = Source::url;
    to.media.data = url;
  }
  PENSTOCK_TRY(detail, judge_.text(holder["detail"], place.member("detail")));
  to.media.detail = detail;
  return {};
}

Result<> PartReader::audio(Part& to) {
  const Path place = path_.member("input_audio");
  const json::View audio = part_["input_audio"];
  if (!audio) return judge_.missing(place);
  to.kind = PartKind::audio;
  to.media.source = Source::base64;
  if (audio.is_string()) {  // Mistral's
    to.media.data = audio.text();
    return {};
  }
  PENSTOCK_TRY(data, judge_.demand_text(audio["data"], place.member("data")));
  PENSTOCK_TRY(format, judge_.demand_text(audio["format"], place.member("format")));
  to.media.data = data;
  if (const auto inside = read_data_url(data)) to.media.data = inside->data;
  if (format == "wav")
    to.media.media_type = "audio/wav";
  else if (format == "mp3")
    to.media.media_type = "audio/mpeg";
  else
    to.media.media_type = judge_.request().keep("audio/" + std::string(format));
  return {};
}

Result<> PartReader::file(Part& to) {
  const Path place = path_.member("file");
  const json::View file = part_["file"];
  if (!file) return judge_.missing(place);
  to.kind = PartKind::file;
  PENSTOCK_TRY(name, judge_.text(file["filename"], place.member("filename")));
  PENSTOCK_TRY(id, judge_.text(file["file_id"], place.member("file_id")));
  PENSTOCK_TRY(data, judge_.text(file["file_data"], place.member("file_data")));
  if (!id.empty()) {
    to.media.source = Source::id;
    to.media.data = id;
    to.issuer = hub::Issuer::openai;
  } else if (data.empty()) {
    return judge_.missing(place.member("file_data"));
  } else if (const auto inside = read_data_url(data)) {
    to.media = *inside;
  } else if (data.starts_with("http://") || data.starts_with("https:")) {  // OpenRouter
    to.media.source = Source::url;
    to.media.data = data;
  } else {
    return judge_.invalid(place.member("file_data"),
                          "Invalid value: expected a data URL with base64 data.");
  }
  to.media.name = name;
  return {};
}

// {"type":"thinking","thinking":[{"type":"text","text":"…"}]} is Mistral's,
// {"type":"thinking","thinking":"…","signature":"…"} Anthropic's.
Result<> PartReader::thinking(Part& to) {
  const json::View thinking = part_["thinking"];
  to.kind = PartKind::thinking;
  to.text = thinking.text();
  to.signature = part_["signature"].text();
  if (!to.signature.empty()) to.issuer = hub::Issuer::anthropic;
  if (thinking.size() == 1) to.text = thinking.at(0)["text"].text();
  if (thinking.size() > 1) {
    std::string joined;
    for (const json::View piece : thinking) joined.append(piece["text"].text());
    to.text = judge_.request().keep(std::move(joined));
  }
  return {};
}

Result<> PartReader::read(std::vector<Part>& out) {
  if (!part_.is_object()) return judge_.invalid(path_, "Invalid type: expected an object.");
  PENSTOCK_TRY(type, judge_.demand_text(part_["type"], path_.member("type")));
  Part to;
  to.cache = cache_mark(part_);
  const bool assistant = speaker_ == Speaker::assistant;
  const bool media = speaker_ == Speaker::user || speaker_ == Speaker::tool;
  Result<> done;
  if (type == "text" || type == "input_text" || (assistant && type == "output_text"))
    done = text(to, PartKind::text, "text");
  else if (assistant && type == "refusal")
    done = text(to, PartKind::refusal, "refusal");
  else if (assistant && type == "thinking")
    done = thinking(to);
  else if ((media || assistant) && type == "image_url")
    done = address(to, PartKind::image, "image_url");
  else if (media && type == "video_url")
    done = address(to, PartKind::video, "video_url");
  else if (media && type == "document_url")
    done = address(to, PartKind::file, "document_url");
  else if (media && type == "input_audio")
    done = audio(to);
  else if (media && type == "file")
    done = file(to);
  else
    return judge_.invalid(path_.member("type"),
                          "Invalid value: not a type of content that this role may have.");
  if (done) out.push_back(std::move(to));
  return done;
}

}  // namespace

hub::CacheTtl cache_mark(json::View holder) {
  if (const json::View mark = holder["cache_control"]; mark.is_object()) {
    if (mark["ttl"].is("5m")) return hub::CacheTtl::minutes5;
    if (mark["ttl"].is("1h")) return hub::CacheTtl::hour1;
    return hub::CacheTtl::standard;
  }
  return holder["prompt_cache_breakpoint"].is_object() ? hub::CacheTtl::standard
                                                       : hub::CacheTtl::none;
}

Result<> read_content(json::View content, Speaker speaker, const Path& path, Judge& judge,
                      std::vector<Part>& out) {
  if (content.is_string()) {
    out.emplace_back().text = content.text();
    return {};
  }
  if (!content.is_array())
    return judge.invalid(path, "Invalid type: expected a string or an array of parts.");
  if (content.empty() && speaker == Speaker::user)
    return judge.invalid(path, "Invalid value: expected at least one part.");
  out.reserve(out.size() + content.size());
  std::uint32_t at = 0;
  for (const json::View part : content) {
    const Path place = path.at(at++);
    PENSTOCK_CHECK(PartReader(part, speaker, place, judge).read(out));
  }
  return {};
}

}  // namespace penstock::dialect::openai_chat
