#include "dialect/gemini/grounding.h"

#include <algorithm>

#include "penstock/hash.h"

namespace penstock::dialect::gemini {
namespace {

// Of one answer; far more than any answer cites.
constexpr std::size_t citations_max = 1000;
// How far from its place a cited text is looked for, in bytes.
constexpr std::size_t drift_max = 4096;

bool begins_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
}

struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Where `cited` stands in the text, next to `place`.
std::optional<Range> find_near(Bytes text, Bytes cited, std::size_t place) {
  if (cited.empty() || cited.size() > text.size()) return {};
  const std::size_t from = place > drift_max ? place - drift_max : 0;
  if (from >= text.size()) return {};
  const Bytes window = text.substr(from, 2 * drift_max + cited.size());
  const std::size_t middle = std::min(place - from, window.size());
  const std::size_t behind = window.find(cited, middle);
  const std::size_t before = window.rfind(cited, middle);
  if (behind == Bytes::npos && before == Bytes::npos) return {};
  std::size_t at = behind;
  if (behind == Bytes::npos || (before != Bytes::npos && middle - before < behind - middle)) {
    at = before;
  }
  return Range{from + at, from + at + cited.size()};
}

std::size_t index(json::View value) {
  const auto number = value.integer();
  return number && *number > 0 ? static_cast<std::size_t>(*number) : 0;
}

// Offsets were seen to run ahead of the text: what the segment says it holds decides.
std::optional<Range> locate(json::View segment, const TextTrack& track) {
  const Bytes text = track.text();
  const std::string cited = json::unescaped(segment["text"].text());
  const std::size_t start = index(segment["startIndex"]);
  const std::size_t end = index(segment["endIndex"]);
  const std::size_t base = track.part(index(segment["partIndex"]));
  for (const std::size_t from : {std::size_t{0}, base}) {
    const bool inside = start < end && end <= text.size() && from <= text.size() - end;
    if (!inside) continue;
    if (cited.empty() || text.substr(from + start, end - start) == cited) {
      return Range{from + start, from + end};
    }
  }
  return find_near(text, cited, std::min(start + base, text.size()));
}

void set_range(const std::optional<Range>& range, const TextTrack& text, hub::Citation& to) {
  if (!range) return;
  to.start = text.points_before(range->begin);
  to.end = text.points_before(range->end);
}

// A chunk is a page, a place or a piece of the client's own data; all but the kind is optional.
void set_source(json::View chunk, hub::Citation& to) {
  for (const json::View kind : chunk) {
    if (!kind.is_object()) continue;
    to.url = kind["uri"].text();
    to.title = kind["title"].text();
    return;
  }
}

}  // namespace

void TextTrack::begin_part() {
  if (parts_ < starts_.size()) starts_[parts_++] = text_.size();
}

void TextTrack::add(hub::Escaped text) {
  if (text_.size() + text.size() <= bytes_max) json::append_unescaped(text, text_);
}

std::uint32_t TextTrack::points_before(std::size_t byte) const {
  const Bytes before = text().substr(0, byte);
  return static_cast<std::uint32_t>(std::ranges::count_if(before, begins_character));
}

std::size_t TextTrack::bytes_before(std::uint32_t points) const {
  std::size_t at = 0;
  for (; at < text_.size(); ++at) {
    if (begins_character(text_[at]) && points-- == 0) break;
  }
  return at;
}

void CitationReader::emit(const hub::Citation& citation, std::uint32_t choice,
                          hub::EventSink& out) {
  if (emitted_.size() == citations_max) return;
  const std::uint64_t place = std::uint64_t{citation.start} << 32 | citation.end;
  const std::uint64_t mark =
      hash128(citation.url, place)[0] ^ hash128(citation.cited_text, place + 1)[0];
  if (std::ranges::find(emitted_, mark) != emitted_.end()) return;
  emitted_.push_back(mark);
  hub::Event event{.kind = hub::EventKind::citation, .choice = choice};
  event.citation = &citation;
  out.on(event);
}

void CitationReader::grounding(json::View metadata, const TextTrack& text, std::uint32_t choice,
                               hub::EventSink& out) {
  std::vector<json::View> chunks;
  for (const json::View chunk : metadata["groundingChunks"]) {
    if (chunks.size() < citations_max) chunks.push_back(chunk);
  }
  const json::View supports = metadata["groundingSupports"];
  std::size_t seen = 0;
  for (const json::View support : supports) {
    if (++seen > citations_max) return;
    const json::View segment = support["segment"];
    hub::Citation citation{.cited_text = segment["text"].text(), .issuer = hub::Issuer::gemini};
    set_range(locate(segment, text), text, citation);
    for (const json::View chunk : support["groundingChunkIndices"]) {
      const auto at = chunk.integer();
      if (!at || *at < 0 || static_cast<std::uint64_t>(*at) >= chunks.size()) continue;
      set_source(chunks[static_cast<std::size_t>(*at)], citation);
      emit(citation, choice, out);
    }
  }
  if (!supports.empty()) return;
  for (const json::View chunk : chunks) {
    hub::Citation citation{.issuer = hub::Issuer::gemini};
    set_source(chunk, citation);
    emit(citation, choice, out);
  }
}

void CitationReader::sources(json::View metadata, const TextTrack& text, std::uint32_t choice,
                             hub::EventSink& out) {
  const json::View list =
      metadata["citationSources"] ? metadata["citationSources"] : metadata["citations"];
  std::size_t seen = 0;
  for (const json::View source : list) {
    if (++seen > citations_max) return;
    hub::Citation citation{.url = source["uri"].text(),
                           .title = source["title"].text(),
                           .issuer = hub::Issuer::gemini};
    set_range(locate(source, text), text, citation);
    emit(citation, choice, out);
  }
}

void GroundingWriter::add(const hub::Citation& citation) {
  if (cited_.size() == citations_max) return;
  std::size_t source = 0;
  while (source < sources_.size() && sources_[source].url != citation.url) ++source;
  if (source == sources_.size()) {
    sources_.push_back({std::string(citation.url), std::string(citation.title)});
  }
  cited_.push_back({std::string(citation.cited_text), source, citation.start, citation.end});
}

void GroundingWriter::write(const TextTrack& text, json::Writer& out) const {
  out.begin_object().key("groundingChunks").begin_array();
  for (const Source& source : sources_) {
    out.begin_object().key("web").begin_object();
    if (!source.url.empty()) out.key("uri").escaped_string(source.url);
    if (!source.title.empty()) out.key("title").escaped_string(source.title);
    out.end_object().end_object();
  }
  out.end_array().key("groundingSupports").begin_array();
  for (const Cited& cited : cited_) {
    if (cited.end <= cited.start) continue;
    const std::size_t begin = text.bytes_before(cited.start);
    const std::size_t end = text.bytes_before(cited.end);
    const Bytes segment = text.text().substr(begin, end - begin);
    out.begin_object().key("segment").begin_object();
    out.key("startIndex").unsigned_integer(begin).key("endIndex").unsigned_integer(end);
    out.key("text").string(segment).end_object();
    out.key("groundingChunkIndices").begin_array().unsigned_integer(cited.source).end_array();
    out.end_object();
  }
  out.end_array().end_object();
}

}  // namespace penstock::dialect::gemini
