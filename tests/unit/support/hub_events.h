// Writes the hub's events down as lines of text, which tests compare, and judges their order.
//
//   begin c1
//   text Hello
//   tool_open 0 call_1 look
//   tool_delta 0 {}
#pragma once

#include <string>
#include <vector>

#include "penstock/hub.h"

namespace test {

inline const char* name_of(penstock::hub::Finish finish) {
  static constexpr const char* names[] = {
      "none",       "stop",   "stop_sequence", "length",         "context_full",
      "tool_calls", "filter", "refusal",       "malformed_call", "paused",
      "compaction", "error",  "other"};
  return names[static_cast<std::size_t>(finish)];
}

// "input 5 cache_read 3": the figures that are present.
inline std::string text_of(const penstock::hub::Usage& usage) {
  std::string out;
  const auto add = [&](const char* name, penstock::hub::Tokens tokens) {
    if (tokens.present)
      out += (out.empty() ? "" : " ") + std::string(name) + ' ' + std::to_string(tokens.value);
  };
  add("input", usage.input);
  add("cache_read", usage.cache_read);
  add("input_audio", usage.input_audio);
  add("input_image", usage.input_image);
  add("output", usage.output);
  add("reasoning", usage.reasoning);
  return out;
}

// For answers of one choice.
class EventText final : public penstock::hub::EventSink {
 public:
  void on(const penstock::hub::Event& event) override {
    using penstock::hub::EventKind;
    judge(event);
    const std::string call = ' ' + std::to_string(event.call) + ' ';
    switch (event.kind) {
      case EventKind::begin:
        return line("begin", event.id, event.model);
      case EventKind::text:
        return line("text", event.text);
      case EventKind::refusal:
        return line("refusal", event.text);
      case EventKind::thinking:
        return line("thinking", event.text);
      case EventKind::signature:
        return line("signature", event.text);
      case EventKind::redacted:
        return line("redacted", event.text);
      case EventKind::block_end:
        return line("block_end");
      case EventKind::tool_open:
        return line("tool_open" + call + std::string(event.id), event.name);
      case EventKind::tool_delta:
        return line("tool_delta" + call + std::string(event.text));
      case EventKind::tool_close:
        return line("tool_close " + std::to_string(event.call));
      case EventKind::citation: {
        const auto& cited = *event.citation;
        return line("citation " + std::to_string(cited.start) + '-' + std::to_string(cited.end),
                    cited.url, cited.title);
      }
      case EventKind::logprobs:
        return line("logprobs", event.raw);
      case EventKind::media:
        return line("media", event.media.media_type, event.media.data);
      case EventKind::opaque:
        return line("opaque", event.raw);
      case EventKind::usage:
        return line("usage", text_of(*event.usage));
      case EventKind::finish:
        return line(std::string("finish ") + name_of(event.finish), event.text);
      case EventKind::error:
        kind = event.error->kind;
        return line("error", event.error->type, event.error->message);
      case EventKind::ping:
        return line("ping");
      case EventKind::end:
        return line("end");
    }
  }

  std::string lines;
  std::string mistake;  // the first breach of the hub's order; empty: there was none
  penstock::hub::ErrorKind kind = penstock::hub::ErrorKind::server;  // of the error

 private:
  void line(std::string word, std::string_view a = {}, std::string_view b = {}) {
    if (!a.empty()) word.append(" ").append(a);
    if (!b.empty()) word.append(" ").append(b);
    lines += word + '\n';
  }

  void judge(const penstock::hub::Event& event) {
    using penstock::hub::EventKind;
    const auto need = [&](bool holds, const char* rule) {
      if (!holds && mistake.empty()) mistake = rule;
    };
    need(!over_, "nothing comes behind the end or an error");
    const bool call = event.kind == EventKind::tool_delta || event.kind == EventKind::tool_close;
    if (event.kind == EventKind::error || event.kind == EventKind::ping) {
      over_ = event.kind == EventKind::error;
      return;
    }
    need(begun_ != (event.kind == EventKind::begin), "one begin, and it comes first");
    begun_ = true;
    if (event.kind == EventKind::tool_open) {
      need(event.call == open_.size(), "calls count from 0");
      open_.push_back(true);
    }
    if (call) need(event.call < open_.size() && open_[event.call], "the call is open");
    if (event.kind == EventKind::tool_close && event.call < open_.size()) open_[event.call] = false;
    if (finished_)
      need(event.kind == EventKind::usage || event.kind == EventKind::end, "a finish is the last");
    if (event.kind == EventKind::finish) {
      finished_ = true;
      for (const bool open : open_) need(!open, "calls are closed before the finish");
    }
    if (event.kind == EventKind::end) {
      need(finished_, "a finish comes before the end");
      over_ = true;
    }
  }

  std::vector<bool> open_;
  bool begun_ = false;
  bool finished_ = false;
  bool over_ = false;
};

}  // namespace test
