// A whole answer of Cohere's v2 chat as events.
#include "dialect/cohere/cohere.h"

namespace penstock::dialect::cohere {
namespace {

using hub::EventKind;

// A citation without `content_index` is about the first text there is.
bool is_cited_in(json::View citation, std::int64_t content_index, bool first_text) {
  const auto index = citation["content_index"].integer();
  return index ? *index == content_index : first_text;
}

void read_content(json::View message, hub::EventSink& out) {
  const json::View content = message["content"];
  TextPlaces places;
  bool first_text = true;
  EventKind last = EventKind::begin;
  std::int64_t index = 0;
  const auto emit = [&](EventKind kind, hub::Escaped text) {
    if (kind == last) out.on({.kind = EventKind::block_end});
    last = kind;
    out.on({.kind = kind, .text = text});
  };
  for (const json::View part : content) {
    if (part["type"].is("thinking")) {
      emit(EventKind::thinking, part["thinking"].text());
    } else if (part["type"].is("text")) {
      emit(EventKind::text, part["text"].text());
      places.begin_block(index);
      places.add(part["text"].text());
      for (const json::View citation : message["citations"]) {
        if (is_cited_in(citation, index, first_text)) places.emit_citation(citation, out);
      }
      first_text = false;
    }
    ++index;
  }
}

void read_calls(json::View calls, hub::EventSink& out) {
  std::uint32_t call = 0;
  for (const json::View one : calls) {
    const json::View function = one["function"];
    out.on({.kind = EventKind::tool_open,
            .call = call,
            .id = one["id"].text(),
            .name = function["name"].text()});
    const json::View arguments = function["arguments"];
    const bool none = arguments.text().empty() || arguments.is("null");
    out.on({.kind = EventKind::tool_delta, .call = call, .text = none ? "{}" : arguments.text()});
    out.on({.kind = EventKind::tool_close, .call = call});
    ++call;
  }
}

}  // namespace

Result<> read_answer(json::View body, const TargetTraits&, hub::EventSink& out) {
  const json::View message = body["message"];
  if (message.is_string()) {  // the form of its errors
    emit_failure(message, body["error_type"], out);
    return {};
  }
  if (!message.is_object()) return fail(Code::malformed, Side::upstream);
  const hub::Finish finish = read_finish(body["finish_reason"]);
  if (finish == hub::Finish::none) {
    emit_failure(body["error"], body["error_type"], out);
    return {};
  }
  out.on({.kind = EventKind::begin, .id = body["id"].text()});
  if (!message["tool_plan"].text().empty())
    out.on({.kind = EventKind::thinking, .text = message["tool_plan"].text()});
  if (message["tool_plan"] && message["content"].at(0)["type"].is("thinking"))
    out.on({.kind = EventKind::block_end});
  read_content(message, out);
  read_calls(message["tool_calls"], out);
  emit_logprobs(body["logprobs"], out);
  out.on({.kind = EventKind::finish, .finish = finish});
  const hub::Usage usage = read_usage(body["usage"]);
  if (usage.any()) out.on({.kind = EventKind::usage, .usage = &usage});
  out.on({.kind = EventKind::end});
  return {};
}

}  // namespace penstock::dialect::cohere
