// Ollama's answers as events: whole, they are one object; streamed, one object per line, the last
// with `done`. A call comes whole, its arguments an object, its id often missing.
#include <string>

#include "dialect/ollama/ollama.h"
#include "dialect/tool_id.h"

namespace penstock::dialect::ollama {
namespace {

using hub::EventKind;

std::unexpected<Error> malformed() {
  return fail(Code::malformed, Side::upstream);
}

hub::Tokens tokens(json::View figure) {
  const auto value = figure.integer();
  return value && *value >= 0 ? hub::Tokens(static_cast<std::uint64_t>(*value)) : hub::Tokens();
}

// `done_reason` is "stop" also where the model called tools; "load" and "unload" say that no text
// was made; an older server gave no reason at all.
hub::Finish read_finish(json::View reason, bool called) {
  if (reason.is("length")) return hub::Finish::length;
  if (called) return hub::Finish::tool_calls;
  const bool stopped = !reason || reason.is("stop") || reason.is("load") || reason.is("unload");
  return stopped ? hub::Finish::stop : hub::Finish::other;
}

class OllamaReader final : public StreamReader {
 public:
  Result<> frame(Bytes, json::View data, hub::EventSink& out) override {
    if (reader_.done()) return {};
    return reader_.object(data, out);
  }
  Result<> finish(hub::EventSink&) override {
    if (!reader_.done()) return malformed();
    return {};
  }
  bool done() const override { return reader_.done(); }

 private:
  AnswerReader reader_;
};

}  // namespace

void AnswerReader::call(json::View call, json::View created_at, hub::EventSink& out) {
  const json::View function = call["function"];
  hub::Escaped id = call["id"].text();
  IdRoom id_room;
  std::string key;
  if (id.empty()) {
    // Another answer's first call must not get the same id: the time goes in, to the nanosecond.
    key.append(created_at.text()).append(":").append(function["name"].text());
    key.append(":").append(std::to_string(calls_));
    id = fit_tool_id(key, IdRule::word, calls_, id_room);
  }
  out.on({.kind = EventKind::tool_open, .call = calls_, .id = id, .name = function["name"].text()});
  const json::View arguments = function["arguments"];
  hub::Escaped text = "{}";
  if (arguments.is_string() && !arguments.text().empty()) {
    text = arguments.text();
  } else if (arguments.is_object()) {
    room_.clear();
    text = room_.open_string().more(arguments.raw()).close_string().text();
    text = text.substr(1, text.size() - 2);
  }
  out.on({.kind = EventKind::tool_delta, .call = calls_, .text = text});
  out.on({.kind = EventKind::tool_close, .call = calls_});
  ++calls_;
}

// The same objects as OpenAI's, whose members may be missing here.
void AnswerReader::logprobs(json::View list, hub::EventSink& out) {
  const auto token = [&](json::View one) {
    room_.begin_object().key("token").escaped_string(one["token"].text());
    room_.key("logprob").raw(one["logprob"].is_number() ? one["logprob"].raw() : "0");
    room_.key("bytes").raw(one["bytes"].is_array() ? one["bytes"].raw() : "null");
  };
  room_.clear();
  room_.begin_array();
  for (const json::View one : list) {
    token(one);
    room_.key("top_logprobs").begin_array();
    for (const json::View other : one["top_logprobs"]) {
      token(other);
      room_.end_object();
    }
    room_.end_array().end_object();
  }
  room_.end_array();
  if (room_.fits()) out.on({.kind = EventKind::logprobs, .raw = room_.text()});
}

void AnswerReader::end(json::View data, hub::EventSink& out) {
  done_ = true;
  out.on({.kind = EventKind::finish, .finish = read_finish(data["done_reason"], calls_ != 0)});
  hub::Usage usage;
  usage.input = tokens(data["prompt_eval_count"]);
  usage.output = tokens(data["eval_count"]);
  if (usage.any()) out.on({.kind = EventKind::usage, .usage = &usage});
  out.on({.kind = EventKind::end});
}

Result<> AnswerReader::object(json::View data, hub::EventSink& out) {
  if (!data.is_object()) return malformed();
  if (data["error"]) {
    hub::ErrorNote note;
    read_error(0, data, note);
    done_ = true;
    out.on({.kind = EventKind::error, .error = &note});
    return {};
  }
  const json::View message = data["message"];
  const bool last = data["done"].is_true();
  if (!message.is_object() && !last) return malformed();
  if (!begun_) {
    begun_ = true;
    out.on({.kind = EventKind::begin,
            .model = data["model"].text(),
            .created = read_time(data["created_at"].text())});
  }
  const hub::Escaped thinking = message["thinking"].text();
  if (!thinking.empty()) out.on({.kind = EventKind::thinking, .text = thinking});
  const hub::Escaped content = message["content"].text();
  if (!content.empty()) out.on({.kind = EventKind::text, .text = content});
  if (const json::View list = data["logprobs"]; list.is_array() && !list.empty())
    logprobs(list, out);
  for (const json::View one : message["tool_calls"]) call(one, data["created_at"], out);
  if (last) end(data, out);
  return {};
}

Result<> read_answer(json::View body, const TargetTraits&, hub::EventSink& out) {
  // Without a message it is another call's answer: /api/generate has `response` in its place.
  const bool complete = body["done"].is_true() && body["message"].is_object();
  if (!body["error"] && !complete) return malformed();
  AnswerReader reader;
  return reader.object(body, out);
}

std::unique_ptr<StreamReader> stream_reader(const TargetTraits&) {
  return std::make_unique<OllamaReader>();
}

}  // namespace penstock::dialect::ollama
