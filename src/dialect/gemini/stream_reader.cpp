#include "dialect/gemini/stream_reader.h"

#include "dialect/gemini/call_id.h"
#include "dialect/gemini/created.h"
#include "dialect/gemini/finish.h"

namespace penstock::dialect::gemini {
namespace {

using hub::Event;
using hub::EventKind;

std::unexpected<Error> malformed() {
  return fail(Code::malformed, Side::upstream);
}

// The tier in OpenAI's words; Vertex tells how the traffic was paid for.
hub::Escaped tier_of(json::View usage) {
  const json::View tier = usage["serviceTier"];
  const json::View traffic = usage["trafficType"];
  if (tier.is("standard") || traffic.is("ON_DEMAND")) return "default";
  if (traffic.is("ON_DEMAND_PRIORITY")) return "priority";
  if (traffic.is("ON_DEMAND_FLEX")) return "flex";
  return tier ? tier.text() : traffic.text();
}

}  // namespace

void Reader::begin(json::View data, hub::EventSink& out) {
  if (begun_) return;
  begun_ = true;
  id_ = data["responseId"].text();
  Event event{.kind = EventKind::begin, .id = id_};
  event.model = data["modelVersion"].text();
  event.created = unix_seconds(data["createTime"].text());
  event.tier = tier_of(data["usageMetadata"]);
  out.on(event);
}

Result<> Reader::frame(Bytes, json::View data, hub::EventSink& out) {
  if (data.is_array()) {
    for (const json::View chunk : data) PENSTOCK_CHECK(frame({}, chunk, out));
    return {};
  }
  if (done_) return {};
  if (!data.is_object()) return malformed();
  if (data["error"]) {
    hub::ErrorNote note;
    read_error(0, data, note);
    Event event{.kind = EventKind::error};
    event.error = &note;
    out.on(event);
    done_ = true;
    return {};
  }
  begin(data, out);
  for (const json::View value : data) {
    if (value.key_is("candidates")) {
      for (const json::View one : value) PENSTOCK_CHECK(candidate(one, out));
    } else if (value.key_is("promptFeedback")) {
      blocked(value, out);
    } else if (value.key_is("usageMetadata")) {
      figures_.read(value);
      has_usage_ = true;
      usage(out);  // so far: the client may leave before the end
    }
  }
  return {};
}

// The prompt was refused: there is no candidate, but an answer it is.
void Reader::blocked(json::View feedback, hub::EventSink& out) {
  const json::View reason = feedback["blockReason"];
  if (!reason || reason.is("BLOCK_REASON_UNSPECIFIED") || blocked_) return;
  blocked_ = true;
  if (choices_.empty()) choices_.resize(1);
  Choice& choice = choices_[0];
  const json::View message = feedback["blockReasonMessage"];
  choice.seen = true;
  choice.finish = hub::Finish::content_filter;
  choice.finish_text = message.text().empty() ? reason.text() : message.text();
  if (choice.content) return;
  Event event{.kind = EventKind::refusal};
  event.text = choice.finish_text;
  out.on(event);
}

Result<> Reader::candidate(json::View candidate, hub::EventSink& out) {
  const std::int64_t index = candidate["index"].integer().value_or(0);
  if (index < 0 || index >= static_cast<std::int64_t>(hub::Answer::choices_max)) {
    return malformed();
  }
  const auto at = static_cast<std::uint32_t>(index);
  if (at >= choices_.size()) choices_.resize(at + 1);
  choices_[at].seen = true;
  json::View reason, message, grounding, sources, logs, parts;
  for (const json::View value : candidate) {
    if (value.key_is("content")) {
      parts = value["parts"];
    } else if (value.key_is("finishReason")) {
      reason = value;
    } else if (value.key_is("finishMessage")) {
      message = value;
    } else if (value.key_is("groundingMetadata")) {
      grounding = value;
    } else if (value.key_is("citationMetadata")) {
      sources = value;
    } else if (value.key_is("logprobsResult")) {
      logs = value;
    }
  }
  choices_[at].text.begin_chunk();
  // A call for a function that was never declared comes with this reason: not for the client.
  const bool calls_count = !reason.is("UNEXPECTED_TOOL_CALL");
  PENSTOCK_CHECK(for_each(parts, [&](json::View one) { return part(one, calls_count, at, out); }));
  Choice& choice = choices_[at];
  if (logs) logprobs(logs, at, out);
  if (grounding) choice.citations.grounding(grounding, choice.text, at, out);
  if (sources) choice.citations.sources(sources, choice.text, at, out);
  // Some models send a reason with every chunk: the last one counts, at the end.
  if (const hub::Finish finish = read_finish(reason); finish != hub::Finish::none) {
    choice.finish = finish;
    if (message) choice.finish_text = message.text();
  }
  return {};
}

Result<> Reader::part(json::View part, bool calls_count, std::uint32_t at, hub::EventSink& out) {
  const PartMembers members(part);
  Choice& choice = choices_[at];
  choice.text.begin_part();
  if (members.call) {
    if (calls_count) return call_part(part, members, at, out);
    return {};
  }
  if (choice.calling) end_partial_call(at, out);
  if (members.inline_data || members.file_data) {
    media_part(members, at, out);
  } else if (members.unknown && !members.text) {
    Event event{.kind = EventKind::opaque, .choice = at, .issuer = hub::Issuer::gemini};
    event.raw = part.raw();
    out.on(event);
    choice.content = true;
    choice.open = Open::nothing;
  } else {
    text_part(members, at, out);
  }
  return {};
}

void Reader::text_part(const PartMembers& part, std::uint32_t at, hub::EventSink& out) {
  Choice& choice = choices_[at];
  const hub::Escaped text = part.text.text();
  const bool thought = part.thought;
  const Open kind = thought ? Open::thinking : Open::text;
  // A signature may come on an empty part: it belongs to the block that is open, or to an empty
  // one.
  if (text.empty() && (!part.signature || choice.open != Open::nothing)) {
    if (part.signature) sign(part.signature.text(), at, out);
    return;
  }
  Event event{.kind = thought ? EventKind::thinking : EventKind::text, .choice = at};
  event.text = text;
  out.on(event);
  if (!thought) choice.text.add(text);
  choice.content = choice.content || (!thought && !text.empty());
  choice.open = kind;
  if (part.signature) sign(part.signature.text(), at, out);
}

// What follows must not be joined to a signed part.
void Reader::sign(hub::Escaped signature, std::uint32_t at, hub::EventSink& out) {
  Event event{.kind = EventKind::signature, .choice = at, .issuer = hub::Issuer::gemini};
  event.text = signature;
  out.on(event);
  out.on({.kind = EventKind::block_end, .choice = at});
  choices_[at].open = Open::nothing;
}

void Reader::media_part(const PartMembers& part, std::uint32_t at, hub::EventSink& out) {
  Choice& choice = choices_[at];
  if (part.thought) return;  // a draft, on the way to the picture
  Event event{.kind = EventKind::media, .choice = at};
  const bool is_inline = part.inline_data.exists();
  const json::View data = is_inline ? part.inline_data : part.file_data;
  event.media.source = is_inline ? hub::Source::base64 : hub::Source::url;
  event.media.media_type = data["mimeType"].text();
  event.media.data = data[is_inline ? "data" : "fileUri"].text();
  out.on(event);
  choice.content = true;
  choice.open = Open::nothing;
  if (part.signature) sign(part.signature.text(), at, out);
}

// A call comes whole, or its arguments piece by piece until one says that no more will come. The
// piece that says so may be missing, then the next part ends it.
Result<> Reader::call_part(json::View part, const PartMembers& members, std::uint32_t at,
                           hub::EventSink& out) {
  Choice& choice = choices_[at];
  const json::View call = members.call;
  if (const json::View name = call["name"]; !name.text().empty()) {
    if (choice.calling) end_partial_call(at, out);
    open_call(part, members, at, out);
    if (!call["willContinue"].is_true() && !call["partialArgs"]) {
      close_call(call["args"] ? call["args"].raw() : "{}", at, out);
      return {};
    }
    choice.calling = true;
    choice.arguments.begin();
  }
  if (!choice.calling) return {};
  for (const json::View piece : call["partialArgs"]) PENSTOCK_CHECK(choice.arguments.add(piece));
  if (!call["willContinue"].is_true()) end_partial_call(at, out);
  return {};
}

void Reader::open_call(json::View part, const PartMembers& members, std::uint32_t at,
                       hub::EventSink& out) {
  Choice& choice = choices_[at];
  CallIdRoom room;
  Event event{.kind = EventKind::tool_open, .choice = at, .call = choice.calls};
  event.id = members.call["id"].text();
  if (event.id.empty()) {
    event.id = made_call_id(id_, part.raw(), at << 16 | (choice.calls & 0xFFFF), room);
  }
  event.name = members.call["name"].text();
  out.on(event);
  choice.content = true;
  choice.open = Open::nothing;
  if (!members.signature) return;
  Event signature{.kind = EventKind::signature, .choice = at, .call = choice.calls};
  signature.issuer = hub::Issuer::gemini;
  signature.text = members.signature.text();
  out.on(signature);
}

void Reader::close_call(hub::Raw arguments, std::uint32_t at, hub::EventSink& out) {
  Choice& choice = choices_[at];
  scratch_.clear();
  scratch_.string(arguments);
  const Bytes quoted = scratch_.text();
  Event event{.kind = EventKind::tool_delta, .choice = at, .call = choice.calls};
  event.text = quoted.substr(1, quoted.size() - 2);
  out.on(event);
  out.on({.kind = EventKind::tool_close, .choice = at, .call = choice.calls});
  ++choice.calls;
}

void Reader::end_partial_call(std::uint32_t at, hub::EventSink& out) {
  choices_[at].calling = false;
  close_call(choices_[at].arguments.end(), at, out);
}

// In the form of OpenAI's token objects.
void Reader::logprobs(json::View result, std::uint32_t at, hub::EventSink& out) {
  const auto token = [&](json::View candidate) {
    const json::View text = candidate["token"];
    const json::View value = candidate["logProbability"];
    scratch_.begin_object().key("token").escaped_string(text.text());
    scratch_.key("logprob").raw(value.is_number() ? value.raw() : "-9999.0");
    scratch_.key("bytes").null();
  };
  scratch_.clear();
  scratch_.begin_array();
  const json::View tops = result["topCandidates"];
  auto top = tops.begin();
  for (const json::View chosen : result["chosenCandidates"]) {
    token(chosen);
    scratch_.key("top_logprobs").begin_array();
    if (top != tops.end()) {
      for (const json::View candidate : (*top)["candidates"]) {
        token(candidate);
        scratch_.end_object();
      }
      ++top;
    }
    scratch_.end_array().end_object();
  }
  scratch_.end_array();
  Event event{.kind = EventKind::logprobs, .choice = at};
  event.raw = scratch_.text();
  out.on(event);
}

void Reader::usage(hub::EventSink& out) {
  if (!has_usage_) return;
  const hub::Usage usage = figures_.usage();
  if (!usage.any()) return;
  Event event{.kind = EventKind::usage};
  event.usage = &usage;
  out.on(event);
}

hub::Finish Reader::final_finish(const Choice& choice) const {
  using hub::Finish;
  if (choice.finish == Finish::stop && choice.calls > 0) return Finish::tool_calls;
  if (choice.finish == Finish::none || choice.finish == Finish::other) {
    if (choice.calls > 0) return Finish::tool_calls;
    return choice.content ? Finish::other : Finish::content_filter;
  }
  return choice.finish;
}

Result<> Reader::finish(hub::EventSink& out) {
  if (done_) return {};
  bool any = false;
  bool all = true;
  for (std::uint32_t at = 0; at < choices_.size(); ++at) {
    Choice& choice = choices_[at];
    if (!choice.seen) continue;
    if (choice.calling) end_partial_call(at, out);
    any = true;
    all = all && (whole_ || blocked_ || choice.finish != hub::Finish::none);
  }
  if (!any || !all) {
    usage(out);  // what was used so far is used, although the answer was cut
    return malformed();
  }
  for (std::uint32_t at = 0; at < choices_.size(); ++at) {
    if (!choices_[at].seen) continue;
    Event event{.kind = EventKind::finish, .choice = at, .finish = final_finish(choices_[at])};
    event.text = choices_[at].finish_text;
    out.on(event);
  }
  usage(out);
  out.on({.kind = EventKind::end});
  done_ = true;
  return {};
}

std::unique_ptr<StreamReader> stream_reader(const TargetTraits&) {
  return std::make_unique<Reader>();
}

Result<> read_answer(json::View body, const TargetTraits&, hub::EventSink& out) {
  Reader reader(true);
  PENSTOCK_CHECK(reader.frame({}, body, out));
  return reader.finish(out);
}

}  // namespace penstock::dialect::gemini
