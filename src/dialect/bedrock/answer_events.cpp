#include "dialect/bedrock/answer_events.h"

#include <algorithm>
#include <utility>

#include "dialect/bedrock/model.h"
#include "dialect/bedrock/usage.h"
#include "penstock/base64.h"

namespace penstock::dialect::bedrock {
namespace {

using hub::EventKind;
using hub::Finish;

struct Stop {
  Bytes reason;
  Finish finish;
};
// AWS API reference, Converse: stopReason; the last two are Anthropic's.
constexpr Stop stops[] = {
    {"end_turn", Finish::stop},
    {"tool_use", Finish::tool_calls},
    {"max_tokens", Finish::length},
    {"stop_sequence", Finish::stop_sequence},
    {"content_filtered", Finish::content_filter},
    {"guardrail_intervened", Finish::content_filter},
    {"model_context_window_exceeded", Finish::context_full},
    {"malformed_tool_use", Finish::malformed_call},
    {"malformed_model_output", Finish::malformed_call},
    {"refusal", Finish::refusal},
    {"pause_turn", Finish::paused},
};

Finish finish_of(json::View reason) {
  for (const Stop& each : stops) {
    if (reason.is(each.reason)) return each.finish;
  }
  return Finish::other;
}

bool begins_point(char c) {
  return static_cast<unsigned char>(c) / 64 != 2;
}

// Code points of a string's inside: an escape is one, the second half of a pair is none.
std::uint32_t count_points(hub::Escaped text) {
  if (text.find('\\') == Bytes::npos)
    return static_cast<std::uint32_t>(std::ranges::count_if(text, begins_point));
  std::uint32_t points = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    points += begins_point(text[i]) ? 1 : 0;
    if (text[i] != '\\' || ++i >= text.size() || text[i] != 'u') continue;
    const Bytes unit = text.substr(i + 1, 4);
    const bool second = unit.size() == 4 && (unit[0] == 'd' || unit[0] == 'D') &&
                        Bytes("cdefCDEF").find(unit[1]) != Bytes::npos;
    points -= second ? 1 : 0;
    i += unit.size();
  }
  return points;
}

// Text that can stand between quotes as it is.
bool is_plain(Bytes text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < 0x7F && c != '"' && c != '\\';
  });
}

}  // namespace

AnswerEvents::AnswerEvents(const TargetTraits& target)
    : issuer_(model_of(target.base_model).family == Family::claude ? hub::Issuer::anthropic
                                                                   : hub::Issuer::bedrock) {}

void AnswerEvents::begin(hub::EventSink& out) {
  if (std::exchange(begun_, true)) return;
  out.on({.kind = EventKind::begin});
}

// Two blocks of one kind in a row stay two.
void AnswerEvents::enter(Kind kind, std::uint32_t block, hub::EventSink& out) {
  if (kind_ == kind && block_ == block) return;
  if (kind_ == kind && kind != Kind::none) out.on({.kind = EventKind::block_end});
  kind_ = kind;
  block_ = block;
  block_points_ = points_;
}

void AnswerEvents::text(std::uint32_t block, hub::Escaped text, hub::EventSink& out) {
  if (text.empty()) return;
  enter(Kind::text, block, out);
  points_ += count_points(text);
  out.on({.kind = EventKind::text, .text = text});
}

void AnswerEvents::thinking(std::uint32_t block, hub::Escaped text, hub::EventSink& out) {
  enter(Kind::thinking, block, out);
  out.on({.kind = EventKind::thinking, .text = text});
}

void AnswerEvents::signature(std::uint32_t block, hub::Escaped signature, hub::EventSink& out) {
  if (signature.empty()) return;
  // Thinking that is not shown is still signed.
  if (kind_ != Kind::thinking || block_ != block) thinking(block, {}, out);
  out.on({.kind = EventKind::signature, .issuer = issuer_, .text = signature});
}

void AnswerEvents::redacted(hub::Escaped blob, hub::EventSink& out) {
  enter(Kind::none, 0, out);
  const bool wrapped = decode_base64(blob, blob_) && is_plain(blob_);
  out.on({.kind = EventKind::redacted,
          .issuer = wrapped ? hub::Issuer::anthropic : hub::Issuer::bedrock,
          .text = wrapped ? Bytes(blob_) : blob});
}

void AnswerEvents::citation(std::uint32_t block, json::View citation, hub::EventSink& out) {
  hub::Citation cited;
  const json::View web = citation["location"]["web"];
  cited.url = web["url"].text();
  cited.title = citation["title"] ? citation["title"].text() : citation["source"].text();
  cited.cited_text = citation["sourceContent"].at(0)["text"].text();
  cited.raw = citation.raw();
  cited.issuer = hub::Issuer::bedrock;
  // What it covers is known only when the text came first. A block that has nothing but citations
  // is about the text before it.
  if (kind_ != Kind::text) enter(Kind::text, block, out);
  if (points_ > block_points_) {
    cited.start = block_points_;
    cited.end = points_;
  }
  out.on({.kind = EventKind::citation, .citation = &cited});
}

void AnswerEvents::image(json::View image, hub::EventSink& out) {
  const json::View bytes = image["source"]["bytes"];
  if (!bytes.is_string()) return;
  enter(Kind::none, 0, out);
  hub::Event event{.kind = EventKind::media};
  event.media.source = hub::Source::base64;
  event.media.media_type = image["format"].is("jpeg")   ? "image/jpeg"
                           : image["format"].is("gif")  ? "image/gif"
                           : image["format"].is("webp") ? "image/webp"
                                                        : "image/png";
  event.media.data = bytes.text();
  out.on(event);
}

void AnswerEvents::opaque(json::View block, hub::EventSink& out) {
  enter(Kind::none, 0, out);
  out.on({.kind = EventKind::opaque, .issuer = hub::Issuer::bedrock, .raw = block.raw()});
}

std::uint32_t AnswerEvents::open_tool(json::View tool_use, hub::EventSink& out) {
  enter(Kind::none, 0, out);
  hub::Event event{.kind = EventKind::tool_open, .call = calls_};
  event.id = tool_use["toolUseId"].text();
  event.name = tool_use["name"].text();
  out.on(event);
  return calls_++;
}

void AnswerEvents::tool_input(std::uint32_t call, hub::Escaped piece, hub::EventSink& out) {
  if (!piece.empty()) out.on({.kind = EventKind::tool_delta, .call = call, .text = piece});
}

void AnswerEvents::close_tool(std::uint32_t call, bool any, hub::EventSink& out) {
  if (!any) tool_input(call, "{}", out);
  out.on({.kind = EventKind::tool_close, .call = call});
}

void AnswerEvents::take_usage(json::View usage) {
  usage_.take(read_usage(usage));
}

void AnswerEvents::take_stop(json::View stop) {
  finish_ = finish_of(stop["stopReason"]);
  // Claude's own answer, of which the request asked for a part: the sequence that was met.
  const json::View fields = stop["additionalModelResponseFields"];
  const json::View sequence =
      fields["stop_sequence"] ? fields["stop_sequence"] : fields["delta"]["stop_sequence"];
  stop_sequence_ = sequence.text();
}

void AnswerEvents::finish(hub::EventSink& out) {
  // Tools that the provider ran, and the one that stands for JSON, are no calls to the client.
  if (finish_ == Finish::tool_calls && calls_ == 0) finish_ = Finish::stop;
  if (finish_ == Finish::stop && calls_ > 0) finish_ = Finish::tool_calls;
  const bool met = finish_ == Finish::stop_sequence;
  out.on({.kind = EventKind::finish,
          .finish = finish_,
          .text = met ? Bytes(stop_sequence_) : Bytes()});
  if (usage_.any()) out.on({.kind = EventKind::usage, .usage = &usage_});
  out.on({.kind = EventKind::end});
}

}  // namespace penstock::dialect::bedrock
