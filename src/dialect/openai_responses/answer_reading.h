// Reads what a provider of this dialect answers, streamed or whole: a whole answer is the terminal
// event of a stream that had no other.
#pragma once

#include <string>
#include <vector>

#include "penstock/dialect.h"

namespace penstock::dialect::openai_responses {

// How much of one text was handed on already, so that a `done` event can complete it: its length
// and a running hash, not the text.
class Received {
 public:
  void take(Bytes delta);
  // What of `whole` is still missing; nothing when it does not begin with what was received.
  Bytes rest_of(Bytes whole) const;
  bool any() const { return bytes_ > 0; }

 private:
  static constexpr std::uint64_t start = 0xCBF2'9CE4'8422'2325;  // FNV-1a
  std::uint64_t hash_ = start;
  std::size_t bytes_ = 0;
};

// Items of one answer.
inline constexpr std::size_t items_max = 4096;

class ResponseReader final : public StreamReader {
 public:
  // Errors: malformed, Side::upstream: more items than an answer can have.
  Result<> frame(Bytes name, json::View data, hub::EventSink& out) override;
  Result<> word(Bytes data, hub::EventSink& out) override;
  Result<> finish(hub::EventSink& out) override;
  bool done() const override { return done_; }

  // A whole response object. Errors: malformed, Side::upstream: it is none, or not finished.
  Result<> whole(json::View response, hub::EventSink& out);

 private:
  enum class ItemKind : std::uint8_t { unknown, message, reasoning, call, other };
  struct Item {
    std::int64_t index = 0;
    ItemKind kind = ItemKind::unknown;
    bool custom = false;        // call
    bool opened = false;        // call
    bool closed = false;        // all of it was handed on
    bool has_part = false;      // `part` and `received` say something
    bool from_content = false;  // reasoning: its text, not a summary
    bool said = false;          // some text was handed on
    std::uint32_t call = 0;
    std::int64_t part = 0;  // index of the content or summary part that is received
    std::uint32_t annotations = 0;
    Received received{};
  };
  using Handler = Result<> (ResponseReader::*)(json::View data, hub::EventSink& out);
  struct Step {
    Bytes type;
    Handler handler;
  };
  static const std::vector<Step>& steps();

  // Events, by the part of their type behind "response.".
  Result<> on_start(json::View data, hub::EventSink& out);
  Result<> on_item_added(json::View data, hub::EventSink& out);
  Result<> on_item_done(json::View data, hub::EventSink& out);
  Result<> on_text(json::View data, hub::EventSink& out);
  Result<> on_refusal(json::View data, hub::EventSink& out);
  Result<> on_annotation(json::View data, hub::EventSink& out);
  Result<> on_summary(json::View data, hub::EventSink& out);
  Result<> on_reasoning(json::View data, hub::EventSink& out);
  Result<> on_arguments(json::View data, hub::EventSink& out);
  Result<> on_part_done(json::View data, hub::EventSink& out);
  Result<> on_terminal(json::View data, hub::EventSink& out);
  Result<> on_error(json::View data, hub::EventSink& out);

  Result<Item*> item_of(json::View data);
  void begin(hub::EventSink& out);
  void note_response(json::View response);
  void classify(Item& item, json::View described);
  void open_call(Item& item, json::View described, hub::EventSink& out);
  void close_call(Item& item, hub::EventSink& out);
  void delta(Item& item, hub::EventKind kind, std::int64_t part, Bytes text, hub::EventSink& out);
  // Hands on what of `whole` was not; true when that was all of it.
  bool complete(Item& item, hub::EventKind kind, std::int64_t part, Bytes whole,
                hub::EventSink& out);
  void complete_content(Item& item, std::int64_t at, json::View part, hub::EventSink& out);
  void complete_item(Item& item, json::View described, hub::EventSink& out);
  void complete_reasoning(Item& item, json::View described, hub::EventSink& out);
  void hand_on(Item& item, json::View described, hub::EventSink& out);
  void cite(Item& item, json::View annotation, hub::EventSink& out);
  void logprobs(json::View list, hub::EventSink& out);
  void tell_usage(json::View response, hub::EventSink& out);
  void tell_error(json::View error, hub::EventSink& out);
  Result<> terminal(json::View response, Bytes status, hub::EventSink& out);

  std::vector<Item> items_{};
  std::size_t last_ = 0;  // in items_: the one of the last event
  std::string id_{}, model_{}, tier_{};
  std::int64_t created_ = 0;
  std::uint32_t calls_ = 0;
  std::uint64_t searches_ = 0;
  hub::EventKind block_ = hub::EventKind::ping;  // of the text block that was written last
  bool begun_ = false;
  bool said_ = false;
  bool done_ = false;
};

}  // namespace penstock::dialect::openai_responses
