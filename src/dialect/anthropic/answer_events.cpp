#include "dialect/anthropic/answer_events.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "dialect/anthropic/words.h"
#include "dialect/arguments.h"

namespace penstock::dialect::anthropic {
namespace {

using hub::EventKind;
using hub::Finish;
using hub::Issuer;

constexpr std::size_t citations_max = 4096;  // of one block

// Unicode code points of UTF-8: all bytes but those that continue one, eight at a time.
std::uint32_t points_of_plain(Bytes text) {
  constexpr std::uint64_t ones = 0x0101'0101'0101'0101;
  auto points = static_cast<std::uint32_t>(text.size());
  for (; text.size() >= 8; text.remove_prefix(8)) {
    std::uint64_t x = 0;
    std::memcpy(&x, text.data(), 8);
    points -= static_cast<std::uint32_t>(std::popcount(x >> 7 & ~(x >> 6) & ones));
  }
  for (const char c : text) points -= static_cast<unsigned char>(c) / 64 == 2;
  return points;
}

// The same of a JSON string's inside; the second half of a surrogate pair is none.
std::uint32_t points_of(hub::Escaped text) {
  std::uint32_t points = 0;
  for (;;) {
    const std::size_t stop = text.find('\\');
    points += points_of_plain(text.substr(0, stop));
    if (stop == Bytes::npos) return points;
    text.remove_prefix(stop);
    const bool unit = text.size() >= 4 && text[1] == 'u';
    const bool low = unit && (text[2] == 'd' || text[2] == 'D') &&
                     Bytes("cdefCDEF").find(text[3]) != Bytes::npos;
    points += low ? 0 : 1;
    text.remove_prefix(std::min<std::size_t>(unit ? 6 : 2, text.size()));
  }
}

// The inside of a JSON string that holds `json`.
void append_escaped(Bytes json, std::string& out) {
  json::Composer composer;
  composer.string(json);
  out.append(composer.text().substr(1, composer.size() - 2));
}

}  // namespace

void AnswerEvents::begin(json::View message, hub::EventSink& out) {
  begun_ = true;
  id_ = message["id"].text();
  const json::View usage = message["usage"];
  out.on({.kind = EventKind::begin,
          .id = message["id"].text(),
          .model = message["model"].text(),
          .tier = usage["service_tier"].text()});
  if (!usage.is_object()) return;
  take_usage(usage);
  this->usage(out);
}

bool AnswerEvents::same_message(json::View message) const {
  const Bytes id = message["id"].text();
  return id.empty() || id == id_;
}

void AnswerEvents::usage(hub::EventSink& out) const {
  const hub::Usage usage = usage_.usage();
  out.on({.kind = EventKind::usage, .usage = &usage});
}

void AnswerEvents::open(json::View block, hub::EventSink& out) {
  const json::View type = block["type"];
  if (type.is("text")) {
    block_ = Block::text;
    block_points_ = text_points_;
    text(block["text"].text(), out);
    for (const json::View each : block["citations"]) {
      if (!citation(each)) break;
    }
  } else if (type.is("thinking")) {
    block_ = Block::thinking;
    thought_ = false;
    thinking(block["thinking"].text(), out);
    signature(block["signature"].text(), out);
  } else if (type.is("tool_use")) {
    open_tool(block, out);
  } else if (type.is("redacted_thinking")) {
    out.on(
        {.kind = EventKind::redacted, .issuer = Issuer::anthropic, .text = block["data"].text()});
    block_ = Block::none;
  } else {
    block_ = Block::opaque;
    held_start_ = block.raw();
    held_input_.clear();
  }
}

void AnswerEvents::text(Bytes text, hub::EventSink& out) {
  if (text.empty()) return;
  text_points_ += points_of(text);
  out.on({.kind = EventKind::text, .text = text});
}

void AnswerEvents::thinking(Bytes text, hub::EventSink& out) {
  if (text.empty()) return;
  thought_ = true;
  out.on({.kind = EventKind::thinking, .text = text});
}

// The text may be kept from the client and the signature must still come back: an empty piece of
// text says whose it is.
void AnswerEvents::signature(Bytes signature, hub::EventSink& out) {
  if (signature.empty()) return;
  if (!thought_) out.on({.kind = EventKind::thinking});
  thought_ = true;
  out.on({.kind = EventKind::signature, .issuer = Issuer::anthropic, .text = signature});
}

// An input that is filled already at the start counts only when no piece follows.
void AnswerEvents::open_tool(json::View block, hub::EventSink& out) {
  arguments_seen_ = false;
  held_start_.clear();
  const json::View input = block["input"];
  if (input.is_object() && !input.empty()) append_escaped(input.raw(), held_start_);
  if (block["name"].is(answer_tool)) {
    block_ = Block::answer;
    answer_seen_ = true;
    return;
  }
  block_ = Block::tool;
  out.on({.kind = EventKind::tool_open,
          .call = calls_++,
          .id = block["id"].text(),
          .name = block["name"].text()});
}

void AnswerEvents::arguments(Bytes text, hub::EventSink& out) {
  if (text.empty()) return;
  arguments_seen_ = true;
  if (block_ == Block::answer)
    this->text(text, out);
  else
    out.on({.kind = EventKind::tool_delta, .call = calls_ - 1, .text = text});
}

Result<> AnswerEvents::delta(json::View delta, hub::EventSink& out) {
  const json::View type = delta["type"];
  if (type.is("text_delta")) {
    text(delta["text"].text(), out);
  } else if (type.is("input_json_delta")) {
    const Bytes piece = delta["partial_json"].text();
    if (block_ == Block::tool || block_ == Block::answer)
      arguments(piece, out);
    else if (block_ == Block::opaque)
      return hold(held_input_, piece);
  } else if (type.is("thinking_delta")) {
    thinking(delta["thinking"].text(), out);
  } else if (type.is("signature_delta")) {
    if (block_ == Block::thinking) signature(delta["signature"].text(), out);
  } else if (type.is("citations_delta")) {
    return citation(delta["citation"]);
  }
  return {};  // kinds that are not known are no fault
}

Result<> AnswerEvents::hold(std::string& to, Bytes bytes) {
  if (to.size() + bytes.size() > held_bytes_max) return fail(Code::malformed, Side::upstream);
  to.append(bytes);
  return {};
}

// A citation stands before the text it covers, which is not known before the block ends.
Result<> AnswerEvents::citation(json::View citation) {
  if (!citation.is_object() || block_ != Block::text) return {};
  if (citations_.size() >= citations_max) return fail(Code::malformed, Side::upstream);
  return hold(citations_.emplace_back(), citation.raw());
}

Result<> AnswerEvents::close(hub::EventSink& out) {
  const Block closed = block_;
  switch (closed) {
    case Block::none:
      break;
    case Block::text:
      close_text(out);
      break;
    case Block::thinking:
      out.on({.kind = EventKind::block_end});
      break;
    case Block::tool:
    case Block::answer:
      close_tool(out);
      break;
    case Block::opaque:
      close_opaque(out);
      break;
  }
  block_ = Block::none;
  return {};
}

void AnswerEvents::close_text(hub::EventSink& out) {
  for (const std::string& each : citations_) {
    const auto value = document_.read(each, json::Judge::answer);
    if (!value) continue;
    const json::View from = *value;
    hub::Citation citation;
    citation.url = from["url"] ? from["url"].text() : from["source"].text();
    citation.title = from["title"] ? from["title"].text() : from["document_title"].text();
    citation.cited_text = from["cited_text"].text();
    citation.start = block_points_;
    citation.end = text_points_;
    citation.raw = each;
    citation.issuer = Issuer::anthropic;
    out.on({.kind = EventKind::citation, .issuer = Issuer::anthropic, .citation = &citation});
  }
  citations_.clear();
  out.on({.kind = EventKind::block_end});
}

void AnswerEvents::close_tool(hub::EventSink& out) {
  if (!arguments_seen_) arguments(held_start_.empty() ? Bytes("{}") : Bytes(held_start_), out);
  if (block_ == Block::answer)
    out.on({.kind = EventKind::block_end});
  else
    out.on({.kind = EventKind::tool_close, .call = calls_ - 1});
}

// A block of the provider's own goes on in one piece, with the input that came behind its start.
void AnswerEvents::close_opaque(hub::EventSink& out) {
  if (held_input_.empty()) {
    out.on({.kind = EventKind::opaque, .issuer = Issuer::anthropic, .raw = held_start_});
    return;
  }
  json::Composer input;
  write_arguments_object(held_input_, document_, input);
  json::Composer whole;
  const auto start = document_.read(held_start_, json::Judge::answer);
  if (!start) return;
  whole.begin_object();
  for (const json::View member : *start) {
    if (!member.key_is("input")) whole.key(json::unescaped(member.key())).raw(member.raw());
  }
  whole.key("input").raw(input.text()).end_object();
  out.on({.kind = EventKind::opaque, .issuer = Issuer::anthropic, .raw = whole.text()});
}

void AnswerEvents::stop(json::View from) {
  const json::View reason = from["stop_reason"];
  if (!reason) return;
  stopped_ = true;
  finish_ = finish_of(reason);
  finish_text_.clear();
  if (finish_ == Finish::stop_sequence)
    finish_text_ = from["stop_sequence"].text();
  else if (finish_ == Finish::refusal)
    finish_text_ = from["stop_details"]["explanation"].text();
  // The reserved tool is no tool of the client's.
  if (finish_ == Finish::tool_calls && answer_seen_ && calls_ == 0) finish_ = Finish::stop;
}

void AnswerEvents::end(hub::EventSink& out) {
  if (!stopped_) finish_ = calls_ > 0 ? Finish::tool_calls : Finish::other;
  out.on({.kind = EventKind::finish, .finish = finish_, .text = finish_text_});
  usage(out);
  out.on({.kind = EventKind::end});
}

}  // namespace penstock::dialect::anthropic
