// Cohere's v2 chat stream as events: message-start, then tool-plan-delta, content-start, -delta and
// -end, citation-start, tool-call-start, -delta and -end, and message-end, behind which a [DONE]
// may come. The type stands in the data; the name of the SSE event only repeats it.
#include "dialect/cohere/cohere.h"

namespace penstock::dialect::cohere {
namespace {

using hub::EventKind;

std::unexpected<Error> malformed() {
  return fail(Code::malformed, Side::upstream);
}

class CohereReader final : public StreamReader {
 public:
  Result<> frame(Bytes name, json::View data, hub::EventSink& out) override;
  Result<> word(Bytes data, hub::EventSink& out) override;
  Result<> finish(hub::EventSink& out) override;
  bool done() const override { return done_; }

 private:
  void begin(json::View data, hub::EventSink& out);
  void block(json::View data, hub::EventSink& out);
  void delta(json::View data, hub::EventSink& out);
  void emit(EventKind kind, hub::Escaped text, hub::EventSink& out);
  void open_call(json::View message, hub::EventSink& out);
  Result<> call_delta(json::View message, hub::EventSink& out);
  void close_call(hub::EventSink& out);
  void end(json::View delta, hub::EventSink& out);

  TextPlaces places_;
  EventKind last_ = EventKind::begin;  // the kind of what was open last
  std::uint32_t calls_ = 0;
  bool begun_ = false;
  bool block_ended_ = false;
  bool call_open_ = false;
  bool call_has_arguments_ = false;
  bool text_begun_ = false;
  bool done_ = false;
};

void CohereReader::begin(json::View data, hub::EventSink& out) {
  if (begun_) return;
  begun_ = true;
  out.on({.kind = EventKind::begin, .id = data["id"].text()});
}

// Two blocks of one kind in a row are told apart when the second one begins to speak: a citation of
// the first may come behind its end.
void CohereReader::emit(EventKind kind, hub::Escaped text, hub::EventSink& out) {
  if (text.empty()) return;
  if (block_ended_ && kind == last_) out.on({.kind = EventKind::block_end});
  block_ended_ = false;
  last_ = kind;
  out.on({.kind = kind, .text = text});
}

void CohereReader::block(json::View data, hub::EventSink& out) {
  const json::View content = data["delta"]["message"]["content"];
  block_ended_ = true;
  if (content["type"].is("text")) {
    text_begun_ = true;
    places_.begin_block(data["index"].integer().value_or(-1));
  }
  delta(data, out);
}

void CohereReader::delta(json::View data, hub::EventSink& out) {
  const json::View content = data["delta"]["message"]["content"];
  if (const json::View text = content["text"]) {
    if (!text_begun_) places_.begin_block(data["index"].integer().value_or(-1));
    text_begun_ = true;
    places_.add(text.text());
    emit(EventKind::text, text.text(), out);
  } else {
    emit(EventKind::thinking, content["thinking"].text(), out);
  }
  if (const json::View logprobs = data["logprobs"]) emit_logprobs(logprobs, out);
}

void CohereReader::open_call(json::View message, hub::EventSink& out) {
  close_call(out);
  // An object by Cohere's own description; a list of one does no harm.
  const json::View calls = message["tool_calls"];
  const json::View call = calls.is_array() ? calls.at(0) : calls;
  call_open_ = true;
  call_has_arguments_ = false;
  last_ = EventKind::tool_open;
  out.on({.kind = EventKind::tool_open,
          .call = calls_,
          .id = call["id"].text(),
          .name = call["function"]["name"].text()});
  const hub::Escaped arguments = call["function"]["arguments"].text();
  if (arguments.empty()) return;
  call_has_arguments_ = true;
  out.on({.kind = EventKind::tool_delta, .call = calls_, .text = arguments});
}

Result<> CohereReader::call_delta(json::View message, hub::EventSink& out) {
  if (!call_open_) return malformed();
  const json::View calls = message["tool_calls"];
  const json::View call = calls.is_array() ? calls.at(0) : calls;
  const hub::Escaped arguments = call["function"]["arguments"].text();
  // A call without arguments may say null.
  if (arguments.empty() || (!call_has_arguments_ && arguments == "null")) return {};
  call_has_arguments_ = true;
  out.on({.kind = EventKind::tool_delta, .call = calls_, .text = arguments});
  return {};
}

void CohereReader::close_call(hub::EventSink& out) {
  if (!call_open_) return;
  if (!call_has_arguments_) out.on({.kind = EventKind::tool_delta, .call = calls_, .text = "{}"});
  out.on({.kind = EventKind::tool_close, .call = calls_});
  ++calls_;
  call_open_ = false;
}

void CohereReader::end(json::View delta, hub::EventSink& out) {
  done_ = true;
  const hub::Finish finish = read_finish(delta["finish_reason"]);
  if (finish == hub::Finish::none || delta["error"]) {
    emit_failure(delta["error"], delta["error_type"], out);
    return;
  }
  close_call(out);
  out.on({.kind = EventKind::finish, .finish = finish});
  const hub::Usage usage = read_usage(delta["usage"]);
  if (usage.any()) out.on({.kind = EventKind::usage, .usage = &usage});
  out.on({.kind = EventKind::end});
}

Result<> CohereReader::frame(Bytes name, json::View data, hub::EventSink& out) {
  if (!data.is_object()) return malformed();
  if (done_) return {};
  const json::View told = data["type"];
  const hub::Escaped type = told.is_string() ? told.text() : name;
  const json::View delta_of = data["delta"];
  if (type.empty() && data["message"].is_string()) {  // the body of an error
    done_ = true;
    emit_failure(data["message"], data["error_type"], out);
    return {};
  }
  begin(data, out);
  if (type == "content-delta") {
    delta(data, out);
  } else if (type == "content-start") {
    block(data, out);
  } else if (type == "tool-plan-delta") {
    emit(EventKind::thinking, delta_of["message"]["tool_plan"].text(), out);
  } else if (type == "citation-start") {
    places_.emit_citation(delta_of["message"]["citations"], out);
  } else if (type == "tool-call-start") {
    open_call(delta_of["message"], out);
  } else if (type == "tool-call-delta") {
    return call_delta(delta_of["message"], out);
  } else if (type == "tool-call-end") {
    close_call(out);
  } else if (type == "message-end") {
    end(delta_of, out);
  } else if (type == "content-end") {
    block_ended_ = true;
  }
  return {};
}

Result<> CohereReader::word(Bytes data, hub::EventSink&) {
  if (data == "[DONE]" && done_) return {};
  return malformed();
}

Result<> CohereReader::finish(hub::EventSink&) {
  if (!done_) return malformed();
  return {};
}

}  // namespace

std::unique_ptr<StreamReader> stream_reader(const TargetTraits&) {
  return std::make_unique<CohereReader>();
}

}  // namespace penstock::dialect::cohere
