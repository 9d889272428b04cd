// Turns Anthropic's answers into the hub's events: the blocks of a stream piece by piece, those of
// a whole message each at once.
#pragma once

#include <string>
#include <vector>

#include "dialect/anthropic/usage.h"
#include "penstock/dialect.h"

namespace penstock::dialect::anthropic {

class AnswerEvents {
 public:
  // Of one opaque block that comes in pieces, and of the citations of one text.
  static constexpr std::size_t held_bytes_max = 16u << 20;

  // A message: `begin`, and the usage known so far.
  void begin(json::View message, hub::EventSink& out);
  bool begun() const { return begun_; }
  bool same_message(json::View message) const;

  void open(json::View block, hub::EventSink& out);
  // malformed, Side::upstream: more than may be held.
  Result<> delta(json::View delta, hub::EventSink& out);
  // Closes the open block, if there is one.
  Result<> close(hub::EventSink& out);

  // stop_reason and what explains it; kept until `end`.
  void stop(json::View from);
  void take_usage(json::View usage) { usage_.take(usage); }
  void usage(hub::EventSink& out) const;
  // finish, usage, end.
  void end(hub::EventSink& out);

 private:
  enum class Block : std::uint8_t { none, text, thinking, tool, answer, opaque };

  void text(Bytes text, hub::EventSink& out);
  void thinking(Bytes text, hub::EventSink& out);
  void signature(Bytes signature, hub::EventSink& out);
  void open_tool(json::View block, hub::EventSink& out);
  void arguments(Bytes text, hub::EventSink& out);
  Result<> hold(std::string& to, Bytes bytes);
  Result<> citation(json::View citation);
  void close_text(hub::EventSink& out);
  void close_tool(hub::EventSink& out);
  void close_opaque(hub::EventSink& out);

  bool begun_ = false;
  bool stopped_ = false;
  bool thought_ = false;  // the open thinking block had a piece of text
  bool arguments_seen_ = false;
  bool answer_seen_ = false;  // the reserved tool was called
  Block block_ = Block::none;
  std::uint32_t calls_ = 0;         // client tool calls opened
  std::uint32_t text_points_ = 0;   // code points of text so far
  std::uint32_t block_points_ = 0;  // of them before the open block
  hub::Finish finish_ = hub::Finish::none;
  UsageReader usage_;
  std::string id_;
  std::string finish_text_;
  std::string held_start_;  // of an opaque block: its start; of a tool: arguments that came with it
  std::string held_input_;  // of an opaque block: its input's text, escaped once
  std::vector<std::string> citations_;
  json::Document document_;
};

}  // namespace penstock::dialect::anthropic
