// Citations. Google tells where they belong in UTF-8 bytes of a part, in `groundingMetadata` behind
// the text (https://ai.google.dev/api/generate-content#GroundingMetadata); the hub in code points
// of the whole text of a choice. Both ways need the text, so it is kept, up to a bound.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "penstock/hub.h"
#include "penstock/json_document.h"
#include "penstock/json_writer.h"

namespace penstock::dialect::gemini {

// The text of one choice so far.
class TextTrack {
 public:
  static constexpr std::size_t bytes_max = 1u << 20;

  // The places of parts count from here on: another chunk begins.
  void begin_chunk() { parts_ = 0; }
  // Part `place` of the chunk begins.
  void begin_part();
  void add(hub::Escaped text);

  Bytes text() const { return text_; }
  // Where part `place` of this chunk begins, in bytes; 0 when that is not known.
  std::size_t part(std::size_t place) const { return place < parts_ ? starts_[place] : 0; }
  std::uint32_t points_before(std::size_t byte) const;
  std::size_t bytes_before(std::uint32_t points) const;

 private:
  std::string text_;
  std::array<std::size_t, 32> starts_{};
  std::size_t parts_ = 0;
};

// Hands out the citations of a choice, each once.
class CitationReader {
 public:
  void grounding(json::View metadata, const TextTrack& text, std::uint32_t choice,
                 hub::EventSink& out);
  // `citationMetadata`: sources that the text repeats.
  void sources(json::View metadata, const TextTrack& text, std::uint32_t choice,
               hub::EventSink& out);

 private:
  void emit(const hub::Citation& citation, std::uint32_t choice, hub::EventSink& out);

  std::vector<std::uint64_t> emitted_{};
};

// Collects citations and writes them as one `groundingMetadata`.
class GroundingWriter {
 public:
  bool empty() const { return cited_.empty(); }
  void add(const hub::Citation& citation);
  void write(const TextTrack& text, json::Writer& out) const;

 private:
  struct Cited {
    std::string text{};
    std::size_t source = 0;
    std::uint32_t start = 0, end = 0;
  };
  struct Source {
    std::string url{}, title{};
  };
  std::vector<Cited> cited_{};
  std::vector<Source> sources_{};
};

}  // namespace penstock::dialect::gemini
