// Cohere's citations and log probabilities. A citation names a stretch of one text block, from 0,
// and any number of sources; the hub has one citation per source, in places of the whole text.
#include <algorithm>
#include <string>

#include "dialect/cohere/cohere.h"

namespace penstock::dialect::cohere {
namespace {

// Characters of an escaped text; half a surrogate pair that comes second counts nothing.
std::uint32_t code_points(hub::Escaped text) {
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((static_cast<unsigned char>(c) & 0xC0) == 0x80) continue;
    ++count;
    if (c != '\\' || ++i >= text.size()) continue;
    if (text[i] != 'u' || text.size() - i < 5) continue;
    const bool second_half =
        (text[i + 1] | 0x20) == 'd' && (text[i + 2] | 0x20) >= 'c' && (text[i + 2] | 0x20) <= 'f';
    count -= second_half ? 1 : 0;
    i += 4;
  }
  return count;
}

std::uint32_t place(std::uint32_t start, json::View offset) {
  const std::int64_t value = offset.integer().value_or(0);
  constexpr std::int64_t most = 1'000'000'000;
  return start + static_cast<std::uint32_t>(std::clamp<std::int64_t>(value, 0, most));
}

}  // namespace

void TextPlaces::begin_block(std::int64_t content_index) {
  if (blocks_.size() < blocks_max) blocks_.push_back({content_index, length_});
}

void TextPlaces::add(hub::Escaped text) {
  length_ += code_points(text);
}

std::uint32_t TextPlaces::start_of(json::View content_index) const {
  if (blocks_.empty()) return 0;
  if (const auto index = content_index.integer()) {
    const auto found = std::ranges::find(blocks_, *index, &Block::content_index);
    if (found != blocks_.end()) return found->start;
  }
  return blocks_.back().start;
}

void TextPlaces::emit_citation(json::View citation, hub::EventSink& out) const {
  const json::View type = citation["type"];
  if (!citation.is_object() || (type && !type.is("TEXT_CONTENT"))) return;
  const std::uint32_t start = start_of(citation["content_index"]);
  hub::Citation note;
  note.start = place(start, citation["start"]);
  note.end = place(start, citation["end"]);
  note.raw = citation.raw();
  note.issuer = hub::Issuer::cohere;
  const hub::Event event{
      .kind = hub::EventKind::citation, .issuer = hub::Issuer::cohere, .citation = &note};
  for (const json::View source : citation["sources"]) {
    const json::View about = source["document"] ? source["document"] : source["tool_output"];
    note.url = about["url"].text();
    note.title = about["title"] ? about["title"].text() : source["id"].text();
    note.cited_text = about["snippet"].text();
    out.on(event);
  }
  if (citation["sources"].empty()) out.on(event);
}

void emit_logprobs(json::View logprobs, hub::EventSink& out) {
  std::string list;
  const auto add = [&](json::View one) {
    // Only what is of one token can be told as a token.
    if (!one["text"].is_string() || one["logprobs"].size() != 1) return;
    if (!one["logprobs"].at(0).is_number()) return;
    list.append(list.empty() ? "[" : ",").append(R"({"token":)").append(one["text"].raw());
    list.append(R"(,"logprob":)").append(one["logprobs"].at(0).raw());
    list.append(R"(,"bytes":null,"top_logprobs":[]})");
  };
  if (logprobs.is_array()) {
    for (const json::View one : logprobs) add(one);
  } else if (logprobs.is_object()) {
    add(logprobs);
  }
  if (!list.empty()) out.on({.kind = hub::EventKind::logprobs, .raw = list.append("]")});
}

}  // namespace penstock::dialect::cohere
