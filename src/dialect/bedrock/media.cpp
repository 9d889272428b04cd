#include "dialect/bedrock/media.h"

#include <algorithm>
#include <span>

#include "penstock/json_document.h"

namespace penstock::dialect::bedrock {
namespace {

constexpr std::size_t name_bytes_max = 200;

struct Format {
  Bytes type;  // what stands in the media type
  Bytes word;
};

constexpr Format images[] = {
    {"png", "png"}, {"jpeg", "jpeg"}, {"jpg", "jpeg"}, {"gif", "gif"}, {"webp", "webp"}};
// The first bytes, in base64.
constexpr Format image_starts[] = {{"iVBORw0KGgo", "png"},
                                   {"/9j/", "jpeg"},
                                   {"\\/9j\\/", "jpeg"},
                                   {"R0lGOD", "gif"},
                                   {"UklGR", "webp"}};
constexpr Format audios[] = {{"wav", "wav"}, {"wave", "wav"},  {"x-wav", "wav"}, {"mpeg", "mp3"},
                             {"mp3", "mp3"}, {"flac", "flac"}, {"ogg", "ogg"},   {"opus", "opus"},
                             {"aac", "aac"}, {"mp4", "m4a"},   {"m4a", "m4a"},   {"webm", "webm"}};
constexpr Format videos[] = {{"mp4", "mp4"},        {"quicktime", "mov"}, {"mov", "mov"},
                             {"x-matroska", "mkv"}, {"mkv", "mkv"},       {"webm", "webm"},
                             {"x-flv", "flv"},      {"flv", "flv"},       {"mpeg", "mpeg"},
                             {"mpg", "mpg"},        {"x-ms-wmv", "wmv"},  {"wmv", "wmv"},
                             {"3gpp", "three_gp"}};
constexpr Format documents[] = {
    {"pdf", "pdf"},
    {"csv", "csv"},
    {"msword", "doc"},
    {"vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"},
    {"vnd.ms-excel", "xls"},
    {"vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"},
    {"html", "html"},
    {"plain", "txt"},
    {"markdown", "md"},
    {"x-markdown", "md"}};
constexpr Format endings[] = {{"pdf", "pdf"}, {"csv", "csv"},   {"doc", "doc"},   {"docx", "docx"},
                              {"xls", "xls"}, {"xlsx", "xlsx"}, {"html", "html"}, {"htm", "html"},
                              {"txt", "txt"}, {"md", "md"}};

Bytes word_of(std::span<const Format> formats, Bytes type) {
  const auto found = std::ranges::find(formats, type, &Format::type);
  return found != formats.end() ? found->word : Bytes();
}

// What stands behind the slash, which some serialisers escape.
Bytes subtype(hub::Escaped media_type) {
  const std::size_t slash = media_type.find('/');
  if (slash == Bytes::npos) return {};
  const Bytes rest = media_type.substr(slash + 1);
  return rest.substr(0, rest.find(';'));
}

// The last dot and what follows, if that looks like an ending.
std::size_t ending_at(Bytes name) {
  const std::size_t dot = name.rfind('.');
  return dot != Bytes::npos && dot > 0 && name.size() - dot <= 6 ? dot : name.size();
}

bool may_stand(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         Bytes("-()[]").find(c) != Bytes::npos;
}

}  // namespace

Bytes image_format(const hub::Media& media) {
  for (const Format& start : image_starts) {
    if (media.data.starts_with(start.type)) return start.word;
  }
  return word_of(images, subtype(media.media_type));
}

Bytes audio_format(const hub::Media& media) {
  return word_of(audios, subtype(media.media_type));
}

Bytes video_format(const hub::Media& media) {
  return word_of(videos, subtype(media.media_type));
}

Bytes document_format(const hub::Media& media) {
  const Bytes word = word_of(documents, subtype(media.media_type));
  if (!word.empty()) return word;
  const std::size_t dot = ending_at(media.name);
  if (dot < media.name.size()) return word_of(endings, media.name.substr(dot + 1));
  return media.source == hub::Source::plain_text ? "txt" : "";
}

Bytes DocumentNames::fit(hub::Escaped name) {
  if (given_.size() == names_max) return {};
  const std::string plain = json::unescaped(name);
  std::string fitted;
  for (const char c : Bytes(plain).substr(0, ending_at(plain))) {
    const char put = may_stand(c) ? c : c == ' ' || c == '\t' || c == '\n' ? ' ' : '-';
    // One blank, and one dash, stands for any number of what may not stand.
    const bool again = fitted.ends_with(put) && put != c;
    if (!again && !(put == ' ' && (fitted.empty() || fitted.ends_with(' '))) &&
        fitted.size() < name_bytes_max)
      fitted.push_back(put);
  }
  while (fitted.ends_with(' ')) fitted.pop_back();
  if (fitted.empty()) fitted = "Document";
  std::string unique = fitted;
  for (unsigned n = 2; std::ranges::find(given_, unique) != given_.end(); ++n)
    unique = fitted + " (" + std::to_string(n) + ")";
  given_.push_back(std::move(unique));
  return given_.back();
}

}  // namespace penstock::dialect::bedrock
