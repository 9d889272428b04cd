// A provider's stream. Only deltas are handed on; a `done` event completes what its deltas lacked.
// Items are told apart by `output_index`, because some servers give an item another id in each
// event.
#include <array>

#include "dialect/openai_responses/answer_reading.h"
#include "dialect/openai_responses/responses.h"

namespace penstock::dialect::openai_responses {
namespace {

using hub::EventKind;

constexpr Bytes family = "response.";

}  // namespace

void Received::take(Bytes delta) {
  constexpr std::uint64_t prime = 0x100'0000'01B3;
  for (const char c : delta) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * prime;
  bytes_ += delta.size();
}

Bytes Received::rest_of(Bytes whole) const {
  if (whole.size() <= bytes_) return {};
  Received same;
  same.take(whole.substr(0, bytes_));
  return same.hash_ == hash_ ? whole.substr(bytes_) : Bytes();
}

const std::vector<ResponseReader::Step>& ResponseReader::steps() {
  using R = ResponseReader;
  static const std::vector<Step> table{
      {"output_text.delta", &R::on_text},
      {"function_call_arguments.delta", &R::on_arguments},
      {"reasoning_summary_text.delta", &R::on_summary},
      {"reasoning_text.delta", &R::on_reasoning},
      {"custom_tool_call_input.delta", &R::on_arguments},
      {"refusal.delta", &R::on_refusal},
      {"output_text.annotation.added", &R::on_annotation},
      {"output_item.added", &R::on_item_added},
      {"output_item.done", &R::on_item_done},
      {"output_text.done", &R::on_text},
      {"refusal.done", &R::on_refusal},
      {"content_part.done", &R::on_part_done},
      {"reasoning_summary_text.done", &R::on_summary},
      {"reasoning_text.done", &R::on_reasoning},
      {"function_call_arguments.done", &R::on_arguments},
      {"custom_tool_call_input.done", &R::on_arguments},
      {"created", &R::on_start},
      {"in_progress", &R::on_start},
      {"queued", &R::on_start},
      {"completed", &R::on_terminal},
      {"incomplete", &R::on_terminal},
      {"failed", &R::on_terminal},
      {"cancelled", &R::on_terminal},
  };
  return table;
}

Result<> ResponseReader::frame(Bytes name, json::View data, hub::EventSink& out) {
  if (done_) return {};
  Bytes type = data["type"].text();
  if (type.empty()) type = name;
  if (type == "error" || (type.empty() && data["error"])) return on_error(data, out);
  if (type.starts_with(family)) {
    type.remove_prefix(family.size());
    for (const Step& step : steps()) {
      if (step.type == type) return (this->*step.handler)(data, out);
    }
  }
  // Steps of hosted tools, parts that begin, and what is not known yet.
  out.on({.kind = EventKind::ping});
  return {};
}

Result<> ResponseReader::word(Bytes, hub::EventSink&) {
  return {};  // [DONE], which OpenAI does not send; the answer is complete without it or not at all
}

Result<> ResponseReader::finish(hub::EventSink&) {
  return done_ ? Result<>() : fail(Code::malformed, Side::upstream);
}

// -- The beginning --

// Held back until something is said: before that an error can still become a status.
void ResponseReader::begin(hub::EventSink& out) {
  if (begun_) return;
  begun_ = true;
  out.on(
      {.kind = EventKind::begin, .id = id_, .model = model_, .tier = tier_, .created = created_});
}

void ResponseReader::note_response(json::View response) {
  if (begun_) return;
  if (!response["id"].text().empty()) id_ = response["id"].text();
  if (!response["model"].text().empty()) model_ = response["model"].text();
  const json::View tier = response["service_tier"];
  if (!tier.text().empty() && !tier.is("auto")) tier_ = tier.text();
  if (const auto created = response["created_at"].integer()) created_ = *created;
}

Result<> ResponseReader::on_start(json::View data, hub::EventSink& out) {
  note_response(data["response"]);
  out.on({.kind = EventKind::ping});
  return {};
}

// -- Items --

Result<ResponseReader::Item*> ResponseReader::item_of(json::View data) {
  const std::int64_t last = items_.empty() ? 0 : items_[last_].index;
  const std::int64_t index = data["output_index"].integer().value_or(last);
  if (!items_.empty() && items_[last_].index == index) return &items_[last_];
  for (std::size_t i = items_.size(); i > 0; --i) {
    if (items_[i - 1].index != index) continue;
    last_ = i - 1;
    return &items_[last_];
  }
  if (items_.size() == items_max) return fail(Code::malformed, Side::upstream);
  last_ = items_.size();
  items_.emplace_back().index = index;
  return &items_.back();
}

void ResponseReader::classify(Item& item, json::View described) {
  if (item.kind != ItemKind::unknown) return;
  const json::View type = described["type"];
  item.custom = type.is("custom_tool_call");
  if (type.is("message"))
    item.kind = ItemKind::message;
  else if (type.is("reasoning"))
    item.kind = ItemKind::reasoning;
  else if (item.custom || type.is("function_call"))
    item.kind = ItemKind::call;
  else if (!type.text().empty())
    item.kind = ItemKind::other;
}

Result<> ResponseReader::on_item_added(json::View data, hub::EventSink& out) {
  PENSTOCK_TRY(item, item_of(data));
  classify(*item, data["item"]);
  begin(out);
  if (item->kind == ItemKind::call) open_call(*item, data["item"], out);
  return {};
}

Result<> ResponseReader::on_item_done(json::View data, hub::EventSink& out) {
  PENSTOCK_TRY(item, item_of(data));
  begin(out);
  complete_item(*item, data["item"], out);
  return {};
}

// -- Deltas and what completes them --

Result<> ResponseReader::on_text(json::View data, hub::EventSink& out) {
  PENSTOCK_TRY(item, item_of(data));
  const std::int64_t part = data["content_index"].integer().value_or(0);
  begin(out);
  if (const json::View text = data["delta"]) {
    delta(*item, EventKind::text, part, text.text(), out);
    logprobs(data["logprobs"], out);
  } else if (complete(*item, EventKind::text, part, data["text"].text(), out)) {
    logprobs(data["logprobs"], out);
  }
  return {};
}

Result<> ResponseReader::on_refusal(json::View data, hub::EventSink& out) {
  PENSTOCK_TRY(item, item_of(data));
  const std::int64_t part = data["content_index"].integer().value_or(0);
  begin(out);
  if (const json::View text = data["delta"])
    delta(*item, EventKind::refusal, part, text.text(), out);
  else
    complete(*item, EventKind::refusal, part, data["refusal"].text(), out);
  return {};
}

Result<> ResponseReader::on_summary(json::View data, hub::EventSink& out) {
  PENSTOCK_TRY(item, item_of(data));
  if (item->from_content) return {};  // the text itself is better than its summary
  const std::int64_t part = data["summary_index"].integer().value_or(0);
  begin(out);
  if (const json::View text = data["delta"])
    delta(*item, EventKind::thinking, part, text.text(), out);
  else
    complete(*item, EventKind::thinking, part, data["text"].text(), out);
  return {};
}

Result<> ResponseReader::on_reasoning(json::View data, hub::EventSink& out) {
  PENSTOCK_TRY(item, item_of(data));
  if (item->said && !item->from_content) return {};
  item->from_content = true;
  const std::int64_t part = data["content_index"].integer().value_or(0);
  begin(out);
  if (const json::View text = data["delta"])
    delta(*item, EventKind::thinking, part, text.text(), out);
  else
    complete(*item, EventKind::thinking, part, data["text"].text(), out);
  return {};
}

Result<> ResponseReader::on_annotation(json::View data, hub::EventSink& out) {
  PENSTOCK_TRY(item, item_of(data));
  begin(out);
  cite(*item, data["annotation"], out);
  return {};
}

Result<> ResponseReader::on_arguments(json::View data, hub::EventSink& out) {
  PENSTOCK_TRY(item, item_of(data));
  if (!item->opened || item->closed) return {};  // the item's own `done` will tell all of it
  const json::View text = data["delta"];
  const json::View whole = data["arguments"] ? data["arguments"] : data["input"];
  const Bytes piece = text ? text.text() : item->received.rest_of(whole.text());
  if (piece.empty()) return {};
  item->received.take(piece);
  out.on({.kind = EventKind::tool_delta, .call = item->call, .text = piece});
  return {};
}

Result<> ResponseReader::on_part_done(json::View data, hub::EventSink& out) {
  PENSTOCK_TRY(item, item_of(data));
  begin(out);
  complete_content(*item, data["content_index"].integer().value_or(0), data["part"], out);
  return {};
}

void ResponseReader::delta(Item& item, EventKind kind, std::int64_t part, Bytes text,
                           hub::EventSink& out) {
  if (!item.has_part || item.part != part) {
    const bool joined = kind == EventKind::thinking && item.said && block_ == kind;
    if (joined)
      out.on({.kind = kind, .text = "\\n\\n"});
    else if (block_ == kind)
      out.on({.kind = EventKind::block_end});
    item.has_part = true;
    item.part = part;
    item.annotations = 0;
    item.received = {};
  }
  if (text.empty()) return;
  item.received.take(text);
  item.said = said_ = true;
  block_ = kind;
  out.on({.kind = kind, .text = text});
}

std::unique_ptr<StreamReader> stream_reader(const TargetTraits&) {
  return std::make_unique<ResponseReader>();
}

}  // namespace penstock::dialect::openai_responses
