// A judge of what Anthropic's clients are sent: follows a stream of /v1/messages as strictly as
// their accumulators do, with the tests' own readers of events and of JSON.
#pragma once

#include "exchange.h"
#include "support/sse_events.h"

namespace test {

struct MachineReport {
  std::string fault;               // empty: well formed
  std::vector<std::string> steps;  // "start 0 text", "delta 0 text_delta", "stop 0", …
  std::vector<std::string> data;   // of every event, in order
  Tree message_start;
  Tree message_delta;
};

inline std::string word(const Tree& tree, std::string_view key) {
  const Tree* const found = tree.find(key);
  return found != nullptr ? found->text : std::string("?");
}

// Which block a delta may stand in.
inline std::string block_of_delta(const std::string& delta) {
  if (delta == "text_delta" || delta == "citations_delta") return "text";
  if (delta == "thinking_delta" || delta == "signature_delta") return "thinking";
  return delta == "input_json_delta" ? "tool_use" : "?";
}

inline MachineReport judge_stream(const std::string& stream) {
  MachineReport report;
  std::string open;
  int next = 0;
  bool started = false, delta_seen = false, stopped = false;
  const auto fault = [&](std::string words) {
    if (report.fault.empty()) report.fault = std::move(words);
  };
  for (const Message& event : read_events(stream)) {
    const auto data = read_tree(event.data);
    if (!data) {
      fault("no JSON: " + event.data);
      return report;
    }
    report.data.push_back(event.data);
    const std::string type = word(*data, "type");
    if (type != event.name) fault("event is not named as its data");
    if (stopped) fault("something behind message_stop");
    if (type == "ping") continue;
    if (type == "error") {
      stopped = true;
      report.steps.push_back("error");
      continue;
    }
    if (type == "message_start") {
      if (started) fault("two message_start");
      started = true;
      report.message_start = *data->find("message");
      continue;
    }
    if (!started) fault("no message_start");
    const std::string index = word(*data, "index");
    if (type == "content_block_start") {
      if (!open.empty()) fault("a block inside a block");
      if (index != std::to_string(next)) fault("index " + index);
      open = word(*data->find("content_block"), "type");
      report.steps.push_back("start " + index + " " + open);
    } else if (type == "content_block_delta") {
      const Tree& delta = *data->find("delta");
      const std::string kind = word(delta, "type");
      if (index != std::to_string(next) || open != block_of_delta(kind))
        fault(kind + " in " + open);
      std::string shown;
      for (const auto key : {"text", "thinking", "signature", "partial_json"}) {
        if (delta.find(key) != nullptr) shown = delta.find(key)->text;
      }
      report.steps.push_back("delta " + index + " " + shown);
    } else if (type == "content_block_stop") {
      if (open.empty() || index != std::to_string(next)) fault("stop of nothing");
      report.steps.push_back("stop " + index);
      open.clear();
      ++next;
    } else if (type == "message_delta") {
      if (!open.empty() || delta_seen) fault("message_delta out of place");
      delta_seen = true;
      report.message_delta = *data;
    } else if (type == "message_stop") {
      if (!delta_seen) fault("no message_delta");
      stopped = true;
    } else {
      fault("unknown " + type);
    }
  }
  if (!stopped) fault("no end");
  return report;
}

// A stream writer with its composer, fed event by event as its owner does.
class Client {
 public:
  explicit Client(dialect::AnswerContext context = {})
      : writer_(table().stream_writer(context, composer_)) {}

  void on(const hub::Event& event) {
    writer_->on(event);
    take();
  }
  void fail(const hub::ErrorNote& error) {
    writer_->fail(error);
    take();
  }
  void heartbeat() {
    writer_->heartbeat();
    take();
  }
  MachineReport report() const { return judge_stream(stream); }

  std::string stream;

 private:
  void take() {
    REQUIRE(composer_.fits());
    stream += composer_.text();
    composer_.clear();
  }
  json::Composer composer_;
  std::unique_ptr<dialect::StreamWriter> writer_;
};

// Gives every event to two sinks.
class Both final : public hub::EventSink {
 public:
  Both(hub::EventSink& first, Client& second) : first_(first), second_(second) {}
  void on(const hub::Event& event) override {
    first_.on(event);
    second_.on(event);
  }

 private:
  hub::EventSink& first_;
  Client& second_;
};

// A folded answer in words, for two of them to be compared.
inline std::string describe(const hub::Answer& answer) {
  std::string out;
  for (const hub::AnswerChoice& choice : answer.choices) {
    for (const hub::AnswerPart& part : choice.parts) {
      const bool empty_text = part.kind == hub::PartKind::text && part.text.empty();
      if (empty_text && part.citations.empty()) continue;
      out += std::to_string(static_cast<int>(part.kind)) + " id=" + part.id + " name=" + part.name +
             " text=" + json::unescaped(part.text) + " signature=" + part.signature;
      if (part.kind == hub::PartKind::opaque) {
        out += " raw=" + std::to_string(read_tree(part.raw)->items.size());
      }
      for (const auto& cited : part.citations)
        out += " cited " + cited.url + cited.title + std::to_string(cited.start) + "-" +
               std::to_string(cited.end);
      out += "\n";
    }
    out += "finish " + std::to_string(static_cast<int>(choice.finish)) + choice.finish_text + "\n";
  }
  const hub::Usage& usage = answer.usage;
  for (const hub::Tokens each :
       {usage.input, usage.cache_read, usage.cache_write_5m, usage.cache_write_1h, usage.output,
        usage.reasoning, usage.web_searches})
    out += std::to_string(each.value) + " ";
  return out + (answer.ended ? "ended" : "cut");
}

}  // namespace test
