// Whole items and the end of an answer: what the stream did not tell in pieces, the finish, the
// usage, the errors. A whole answer is read by the same steps.
#include <algorithm>
#include <array>

#include "dialect/openai_responses/answer_reading.h"
#include "dialect/openai_responses/errors.h"
#include "dialect/openai_responses/responses.h"
#include "dialect/openai_responses/usage.h"

namespace penstock::dialect::openai_responses {
namespace {

using hub::EventKind;
using hub::Finish;

std::uint32_t offset_of(json::View value) {
  const std::int64_t at = value.integer().value_or(0);
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(at, 0, UINT32_MAX));
}

Bytes image_type(json::View format) {
  if (format.is("webp")) return "image/webp";
  if (format.is("jpeg")) return "image/jpeg";
  return "image/png";
}

}  // namespace

bool ResponseReader::complete(Item& item, EventKind kind, std::int64_t part, Bytes whole,
                              hub::EventSink& out) {
  if (item.has_part && item.part > part) return false;
  const bool same = item.has_part && item.part == part;
  const bool all = !same || !item.received.any();
  const Bytes rest = same ? item.received.rest_of(whole) : whole;
  if (rest.empty()) return false;
  delta(item, kind, part, rest, out);
  return all;
}

void ResponseReader::logprobs(json::View list, hub::EventSink& out) {
  if (list.is_array() && !list.empty()) out.on({.kind = EventKind::logprobs, .raw = list.raw()});
}

void ResponseReader::cite(Item& item, json::View annotation, hub::EventSink& out) {
  ++item.annotations;
  hub::Citation citation;
  citation.url = annotation["url"].text();
  citation.title = annotation["title"].text();
  if (citation.title.empty()) citation.title = annotation["filename"].text();
  citation.start = offset_of(annotation["start_index"]);
  citation.end = offset_of(annotation["end_index"]);
  citation.raw = annotation.raw();
  citation.issuer = hub::Issuer::openai;
  out.on({.kind = EventKind::citation, .citation = &citation});
}

void ResponseReader::complete_content(Item& item, std::int64_t at, json::View part,
                                      hub::EventSink& out) {
  const json::View type = part["type"];
  if (type.is("refusal")) {
    complete(item, EventKind::refusal, at, part["refusal"].text(), out);
  } else if (type.is("output_text") || type.is("text")) {
    if (complete(item, EventKind::text, at, part["text"].text(), out))
      logprobs(part["logprobs"], out);
    if (!item.has_part || item.part != at) return;
    std::uint32_t told = item.annotations;
    for (const json::View annotation : part["annotations"]) {
      if (told > 0)
        --told;
      else
        cite(item, annotation, out);
    }
  } else if (type.is("reasoning_text") && (item.from_content || !item.said)) {
    item.from_content = true;
    complete(item, EventKind::thinking, at, part["text"].text(), out);
  }
}

void ResponseReader::open_call(Item& item, json::View described, hub::EventSink& out) {
  if (item.opened) return;
  item.opened = true;
  item.call = calls_++;
  block_ = EventKind::ping;
  const Bytes call_id = described["call_id"].text();
  out.on({.kind = EventKind::tool_open,
          .call = item.call,
          .custom = item.custom,
          .id = call_id.empty() ? described["id"].text() : call_id,
          .name = described["name"].text()});
}

void ResponseReader::close_call(Item& item, hub::EventSink& out) {
  if (!item.opened || item.closed) return;
  item.closed = true;
  out.on({.kind = EventKind::tool_close, .call = item.call});
}

void ResponseReader::complete_item(Item& item, json::View described, hub::EventSink& out) {
  classify(item, described);
  if (item.closed) return;
  switch (item.kind) {
    case ItemKind::unknown:
      return;
    case ItemKind::message: {
      std::int64_t at = 0;
      for (const json::View part : described["content"]) complete_content(item, at++, part, out);
      break;
    }
    case ItemKind::reasoning:
      complete_reasoning(item, described, out);
      break;
    case ItemKind::call: {
      open_call(item, described, out);
      const Bytes whole = described[item.custom ? "input" : "arguments"].text();
      const Bytes rest = item.received.rest_of(whole);
      if (!rest.empty()) {
        item.received.take(rest);
        out.on({.kind = EventKind::tool_delta, .call = item.call, .text = rest});
      }
      close_call(item, out);
      break;
    }
    case ItemKind::other:
      hand_on(item, described, out);
      break;
  }
  item.closed = true;
}

void ResponseReader::complete_reasoning(Item& item, json::View described, hub::EventSink& out) {
  std::int64_t at = 0;
  if (!item.from_content) {
    for (const json::View part : described["summary"])
      complete(item, EventKind::thinking, at++, part["text"].text(), out);
  }
  at = 0;
  const bool from_content = item.from_content || !item.said;
  for (const json::View part : described["content"]) {
    if (from_content) complete_content(item, at++, part, out);
  }
  const Bytes data = described["encrypted_content"].text();
  if (data.empty()) return;
  if (!item.said) block_ = EventKind::ping;
  out.on({.kind = item.said ? EventKind::signature : EventKind::redacted,
          .issuer = hub::Issuer::openai,
          .text = data,
          .id = described["id"].text()});
}

// What a hosted tool did: an image is an image, all else is for a client of this dialect.
void ResponseReader::hand_on(Item&, json::View described, hub::EventSink& out) {
  block_ = EventKind::ping;
  if (described["type"].is("web_search_call")) ++searches_;
  if (described["type"].is("image_generation_call") && described["result"].is_string()) {
    hub::Media media;
    media.source = hub::Source::base64;
    media.media_type = image_type(described["output_format"]);
    media.data = described["result"].text();
    out.on({.kind = EventKind::media, .id = described["id"].text(), .media = media});
    return;
  }
  out.on({.kind = EventKind::opaque, .issuer = hub::Issuer::openai, .raw = described.raw()});
}

// -- The end --

void ResponseReader::tell_error(json::View error, hub::EventSink& out) {
  hub::ErrorNote note;
  read_error_object(error, 0, note);
  if (note.message.empty()) note.message = "The provider failed and did not say why.";
  done_ = true;
  out.on({.kind = EventKind::error, .error = &note});
}

// Nested as OpenAI sends it, or flat as its types have it.
Result<> ResponseReader::on_error(json::View data, hub::EventSink& out) {
  if (data["error"]) {
    tell_error(data["error"], out);
    return {};
  }
  hub::ErrorNote note;
  read_error_object(data, 0, note);
  // `type` is the event's own here.
  if (note.type == "error") note.type = {};
  if (note.message.empty()) note.message = "The provider failed and did not say why.";
  done_ = true;
  out.on({.kind = EventKind::error, .error = &note});
  return {};
}

void ResponseReader::tell_usage(json::View response, hub::EventSink& out) {
  if (!response["usage"].is_object()) return;
  hub::Usage usage = read_usage(response["usage"], response["tool_usage"]);
  // Zeros beside text mean that nothing was counted.
  if (usage.input_total() + usage.output_total() == 0 && said_) return;
  if (!usage.web_searches.present && searches_ > 0) usage.web_searches = hub::Tokens(searches_);
  out.on({.kind = EventKind::usage, .usage = &usage});
}

Result<> ResponseReader::on_terminal(json::View data, hub::EventSink& out) {
  const json::View response = data["response"];
  Bytes status = data["type"].text();
  if (status.starts_with("response.")) status.remove_prefix(9);
  // The event's name counts, but for a failure that is told in the object.
  if (response["status"].is("failed")) status = "failed";
  return terminal(response, status, out);
}

Result<> ResponseReader::terminal(json::View response, Bytes status, hub::EventSink& out) {
  note_response(response);
  if (status == "failed" || status == "cancelled") {
    tell_error(response["error"], out);
    return {};
  }
  begin(out);
  if (items_.empty()) {  // nothing was told in pieces
    for (const json::View described : response["output"]) {
      if (items_.size() == items_max) return fail(Code::malformed, Side::upstream);
      Item& item = items_.emplace_back();
      item.index = static_cast<std::int64_t>(items_.size()) - 1;
      complete_item(item, described, out);
    }
  }
  for (Item& item : items_) close_call(item, out);
  Finish finish = calls_ > 0 ? Finish::tool_calls : Finish::stop;
  if (status == "incomplete") {
    const json::View reason = response["incomplete_details"]["reason"];
    finish = reason.is("max_output_tokens") ? Finish::length
             : reason.is("content_filter")  ? Finish::content_filter
                                            : Finish::other;
  }
  done_ = true;
  out.on({.kind = EventKind::finish, .finish = finish});
  tell_usage(response, out);
  out.on({.kind = EventKind::end});
  return {};
}

Result<> ResponseReader::whole(json::View response, hub::EventSink& out) {
  const Bytes status = response["status"].text();
  if (response["error"] && status != "completed" && status != "incomplete") {
    note_response(response);
    tell_error(response["error"], out);
    return {};
  }
  const bool finished = status.empty() || status == "completed" || status == "incomplete" ||
                        status == "failed" || status == "cancelled";
  if (!finished || (!response["output"].is_array() && status != "failed"))
    return fail(Code::malformed, Side::upstream);
  return terminal(response, status, out);
}

Result<> read_answer(json::View body, const TargetTraits&, hub::EventSink& out) {
  return ResponseReader().whole(body, out);
}

}  // namespace penstock::dialect::openai_responses
