// One choice of an answer: what its deltas say, as events. A whole message is one delta that says
// everything.
#pragma once

#include <cstdint>
#include <string>

#include "dialect/openai_chat/call_reader.h"
#include "penstock/dialect.h"

namespace penstock::dialect::openai_chat {

class DeltaReader {
 public:
  explicit DeltaReader(std::uint32_t choice) : choice_(choice), calls_(choice) {}

  // An element of `choices`: `delta`, `message` or `text`, `logprobs`, `finish_reason`. Errors:
  // malformed, too_large.
  Result<> read(json::View choice, hub::EventSink& out);
  // What was held back, before the finish. Errors as above.
  Result<> close(hub::EventSink& out);

  std::uint32_t choice() const { return choice_; }
  // The last reason the server gave; with a tool call a natural end is `tool_calls`.
  hub::Finish reason() const { return reason_; }
  hub::Finish finish() const;

 private:
  Result<> say(json::View delta, bool whole, hub::EventSink& out);
  void content(json::View content, hub::EventSink& out);
  void thoughts(json::View delta, hub::EventSink& out);
  void detail(json::View detail, hub::EventSink& out);
  void thinking_block(json::View block, hub::EventSink& out);
  void signature(hub::Escaped text, hub::Escaped id, hub::Issuer issuer, hub::EventSink& out);
  void redacted(hub::Escaped data, hub::Escaped id, hub::Issuer issuer, hub::EventSink& out);
  void emit(hub::EventKind kind, hub::Escaped text, hub::EventSink& out);
  Result<> media(json::View delta, bool whole, hub::EventSink& out);
  void annotation(json::View annotation, hub::EventSink& out);
  void logprobs(json::View logprobs, hub::EventSink& out);

  std::uint32_t choice_;
  CallReader calls_;
  hub::Finish reason_ = hub::Finish::none;
  hub::EventKind last_ = hub::EventKind::begin;  // of the texts
  std::int64_t thought_ = -1;                    // `index` of the open entry of reasoning_details
  bool refused_ = false;
  // Audio comes in pieces and is told whole.
  bool audio_whole_ = false;
  std::string audio_id_{};
  std::string audio_data_{};  // bytes
  std::string transcript_{};
};

// A place in the answer's sources: Perplexity tells them beside the choices.
void emit_sources(json::View body, std::uint32_t choice, hub::EventSink& out);

}  // namespace penstock::dialect::openai_chat
