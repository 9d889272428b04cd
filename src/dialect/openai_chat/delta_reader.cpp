#include "dialect/openai_chat/delta_reader.h"

#include <algorithm>

#include "dialect/data_url.h"
#include "dialect/openai_chat/reasoning_format.h"
#include "dialect/openai_chat/words.h"
#include "penstock/base64.h"

namespace penstock::dialect::openai_chat {
namespace {

using hub::EventKind;
using hub::Finish;
using hub::Issuer;

constexpr std::size_t audio_bytes_max = 32u << 20;

std::uint32_t place(json::View offset) {
  constexpr std::int64_t most = 1'000'000'000;
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(offset.integer().value_or(0), 0, most));
}

// The text of an entry of reasoning_details, whatever its type calls it.
hub::Escaped text_of(json::View detail) {
  return detail["type"].is("reasoning.summary") ? detail["summary"].text() : detail["text"].text();
}

}  // namespace

Result<> DeltaReader::read(json::View choice, hub::EventSink& out) {
  const json::View delta = choice["delta"];
  const json::View message = choice["message"];
  // Perplexity sends both; its message repeats all that was said before.
  if (delta.is_object()) {
    PENSTOCK_CHECK(say(delta, false, out));
  } else if (message.is_object()) {
    PENSTOCK_CHECK(say(message, true, out));
  } else {
    content(choice["text"], out);
  }
  if (const json::View logs = choice["logprobs"]) logprobs(logs, out);
  if (const Finish reason = finish_of(choice["finish_reason"]); reason != Finish::none)
    reason_ = reason;
  return {};
}

Result<> DeltaReader::say(json::View delta, bool whole, hub::EventSink& out) {
  thoughts(delta, out);
  content(delta["content"], out);
  if (const json::View refusal = delta["refusal"]) {
    emit(EventKind::refusal, refusal.text(), out);
    refused_ = refused_ || !refusal.text().empty();
  }
  const hub::Escaped signed_text = delta["extra_content"]["google"]["thought_signature"].text();
  if (!signed_text.empty() && calls_.empty()) signature(signed_text, {}, Issuer::gemini, out);
  PENSTOCK_CHECK(media(delta, whole, out));
  for (const json::View one : delta["annotations"]) annotation(one, out);
  const json::View calls = delta["tool_calls"];
  if (calls.is_object()) return calls_.fragment(calls, whole, out);
  for (const json::View call : calls) PENSTOCK_CHECK(calls_.fragment(call, whole, out));
  if (const json::View call = delta["function_call"]; call.is_object())
    PENSTOCK_CHECK(calls_.function_call(call, out));
  return {};
}

void DeltaReader::emit(EventKind kind, hub::Escaped text, hub::EventSink& out) {
  if (text.empty()) return;
  if (!calls_.empty()) calls_.pause(out);
  last_ = kind;
  out.on({.kind = kind, .choice = choice_, .text = text});
}

void DeltaReader::signature(hub::Escaped text, hub::Escaped id, Issuer issuer,
                            hub::EventSink& out) {
  if (text.empty()) return;
  out.on(
      {.kind = EventKind::signature, .choice = choice_, .issuer = issuer, .text = text, .id = id});
}

void DeltaReader::redacted(hub::Escaped data, hub::Escaped id, Issuer issuer, hub::EventSink& out) {
  if (data.empty()) return;
  last_ = EventKind::redacted;
  out.on(
      {.kind = EventKind::redacted, .choice = choice_, .issuer = issuer, .text = data, .id = id});
}

// A string, or Mistral's parts.
void DeltaReader::content(json::View content, hub::EventSink& out) {
  if (content.is_string()) return emit(EventKind::text, content.text(), out);
  for (const json::View part : content) {
    const json::View thinking = part["thinking"];
    if (part["type"].is("thinking")) {
      if (thinking.is_string()) emit(EventKind::thinking, thinking.text(), out);
      for (const json::View piece : thinking) emit(EventKind::thinking, piece["text"].text(), out);
    } else if (part["type"].is("refusal")) {
      emit(EventKind::refusal, part["refusal"].text(), out);
    } else {
      emit(EventKind::text, part["text"].text(), out);
    }
  }
}

// The same reasoning may stand in up to three fields; the richest is read.
void DeltaReader::thoughts(json::View delta, hub::EventSink& out) {
  const json::View details = delta["reasoning_details"];
  const json::View blocks = delta["thinking_blocks"];
  bool has_text = false;
  for (const json::View one : details) has_text = has_text || !text_of(one).empty();
  if (!details.empty() || blocks.empty()) {
    if (!has_text) {
      const bool named = !delta["reasoning_content"].text().empty();
      emit(EventKind::thinking, delta[named ? "reasoning_content" : "reasoning"].text(), out);
    }
    for (const json::View one : details) detail(one, out);
    return;
  }
  for (const json::View one : blocks) thinking_block(one, out);
}

void DeltaReader::detail(json::View detail, hub::EventSink& out) {
  const std::int64_t index = detail["index"].integer().value_or(-1);
  const Issuer issuer = issuer_of_format(detail["format"]);
  const hub::Escaped id = detail["id"].text();
  const bool same = index == thought_ && last_ == EventKind::thinking;
  if (detail["type"].is("reasoning.encrypted")) {
    // The seal of a summary has the summary's index.
    if (same && issuer == Issuer::openai) return signature(detail["data"].text(), id, issuer, out);
    return redacted(detail["data"].text(), id, issuer, out);
  }
  const hub::Escaped text = text_of(detail);
  if (!text.empty()) {
    if (last_ == EventKind::thinking && !same)
      out.on({.kind = EventKind::block_end, .choice = choice_});
    thought_ = index;
    emit(EventKind::thinking, text, out);
  }
  signature(detail["signature"].text(), id, issuer, out);
}

void DeltaReader::thinking_block(json::View block, hub::EventSink& out) {
  if (block["type"].is("redacted_thinking"))
    return redacted(block["data"].text(), {}, Issuer::anthropic, out);
  emit(EventKind::thinking, block["thinking"].text(), out);
  const hub::Escaped seal = block["signature"].text();
  if (seal.empty()) return;
  signature(seal, {}, Issuer::anthropic, out);
  out.on({.kind = EventKind::block_end, .choice = choice_});
}

Result<> DeltaReader::media(json::View delta, bool whole, hub::EventSink& out) {
  for (const json::View image : delta["images"]) {
    const hub::Escaped url = image["image_url"]["url"].text();
    if (url.empty()) continue;
    hub::Media media{.source = hub::Source::url, .media_type = "image", .data = url};
    if (const auto data = read_data_url(url)) media = *data;
    out.on({.kind = EventKind::media, .choice = choice_, .media = media});
  }
  const json::View audio = delta["audio"];
  if (!audio.is_object()) return {};
  audio_whole_ = whole;
  if (audio_id_.empty()) audio_id_ = audio["id"].text();
  transcript_.append(audio["transcript"].text());
  if (const hub::Escaped data = audio["data"].text(); !data.empty()) {
    std::string bytes;
    if (!decode_base64(data, bytes)) return fail(Code::malformed, Side::upstream);
    audio_data_.append(bytes);
  }
  if (audio_data_.size() + transcript_.size() > audio_bytes_max)
    return fail(Code::too_large, Side::upstream);
  return {};
}

void DeltaReader::annotation(json::View annotation, hub::EventSink& out) {
  const json::View cited = annotation["url_citation"];
  if (!cited.is_object()) return;
  hub::Citation note;
  note.url = cited["url"].text();
  note.title = cited["title"].text();
  note.cited_text = cited["content"].text();
  note.start = place(cited["start_index"]);
  note.end = place(cited["end_index"]);
  note.raw = annotation.raw();
  note.issuer = Issuer::openai;
  out.on({.kind = EventKind::citation,
          .choice = choice_,
          .issuer = Issuer::openai,
          .citation = &note});
}

void DeltaReader::logprobs(json::View logprobs, hub::EventSink& out) {
  const auto tell = [&](json::View list, bool refusal) {
    if (!list.is_array() || list.empty()) return;
    out.on({.kind = EventKind::logprobs, .choice = choice_, .custom = refusal, .raw = list.raw()});
  };
  tell(logprobs["content"], false);
  tell(logprobs["refusal"], true);
}

Result<> DeltaReader::close(hub::EventSink& out) {
  if (!audio_data_.empty() || !transcript_.empty() || !audio_id_.empty()) {
    std::string base64;
    append_base64(audio_data_, base64);
    // The format is the one that was asked for; a stream has raw samples only.
    out.on({.kind = EventKind::media,
            .choice = choice_,
            .text = transcript_,
            .id = audio_id_,
            .media = {.source = base64.empty() ? hub::Source::none : hub::Source::base64,
                      .media_type = audio_whole_ ? "audio/wav" : "audio/pcm",
                      .data = base64}});
  }
  return calls_.finish(out);
}

Finish DeltaReader::finish() const {
  const bool natural = reason_ == Finish::stop || reason_ == Finish::none ||
                       reason_ == Finish::other || reason_ == Finish::stop_sequence;
  if (natural && !calls_.empty()) return Finish::tool_calls;
  if (reason_ == Finish::tool_calls && calls_.empty()) return Finish::stop;
  if (natural && refused_) return Finish::refusal;
  return reason_ == Finish::none ? Finish::stop : reason_;
}

void emit_sources(json::View body, std::uint32_t choice, hub::EventSink& out) {
  hub::Citation note;
  note.issuer = Issuer::other;
  const hub::Event event{
      .kind = EventKind::citation, .choice = choice, .issuer = Issuer::other, .citation = &note};
  for (const json::View result : body["search_results"]) {
    note.url = result["url"].text();
    note.title = result["title"].text();
    note.cited_text = result["snippet"].text();
    if (!note.url.empty()) out.on(event);
  }
  if (!body["search_results"].empty()) return;
  for (const json::View address : body["citations"]) {
    note.url = address.text();
    if (!note.url.empty()) out.on(event);
  }
}

}  // namespace penstock::dialect::openai_chat
