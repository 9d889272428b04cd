// Turns the content blocks of a Converse answer into the hub's events. Whole answers and streams
// both go through here, so that they cannot disagree.
#pragma once

#include <string>

#include "penstock/dialect.h"
#include "penstock/json_document.h"
#include "penstock/json_writer.h"

namespace penstock::dialect::bedrock {

// The tool that stands for an answer in JSON where a model has no structured output: it is forced
// by the request, and what its call says becomes text again.
inline constexpr Bytes json_tool = "penstock_json_output";

class AnswerEvents {
 public:
  explicit AnswerEvents(const TargetTraits& target);

  // Once only, whatever is sent again. Bedrock tells neither id nor model nor time.
  void begin(hub::EventSink& out);

  // `block`: the place of the content block in the message. Texts are views into the frame.
  void text(std::uint32_t block, hub::Escaped text, hub::EventSink& out);
  void thinking(std::uint32_t block, hub::Escaped text, hub::EventSink& out);
  void signature(std::uint32_t block, hub::Escaped signature, hub::EventSink& out);
  // A blob: Anthropic's data are text in base64 and are unwrapped; all else stays as it is, for
  // Bedrock only.
  void redacted(hub::Escaped blob, hub::EventSink& out);
  // `citation`: an object of Converse; it belongs to the text before it or, at the begin of a
  // block, to the text that follows.
  void citation(std::uint32_t block, json::View citation, hub::EventSink& out);
  // An image the model made; nothing when there are no bytes in it.
  void image(json::View image, hub::EventSink& out);
  void opaque(json::View block, hub::EventSink& out);

  // A call that the client is to answer. The result names it to the other two.
  std::uint32_t open_tool(json::View tool_use, hub::EventSink& out);
  void tool_input(std::uint32_t call, hub::Escaped piece, hub::EventSink& out);
  // `any`: something was said of its input. A call without arguments has an empty object.
  void close_tool(std::uint32_t call, bool any, hub::EventSink& out);
  std::uint32_t calls() const { return calls_; }

  void finish(hub::EventSink& out);

  // What is held back until `finish`.
  void take_stop(json::View stop);  // the object with stopReason
  void take_usage(json::View usage);

  static bool is_json_tool(json::View tool_use) { return tool_use["name"].is(json_tool); }

 private:
  enum class Kind : std::uint8_t { none, text, thinking };

  void enter(Kind kind, std::uint32_t block, hub::EventSink& out);

  hub::Issuer issuer_;  // of signatures
  bool begun_ = false;
  Kind kind_ = Kind::none;
  std::uint32_t block_ = 0;
  std::uint32_t calls_ = 0;
  std::uint32_t points_ = 0;        // code points of text so far
  std::uint32_t block_points_ = 0;  // before the block that is written
  hub::Finish finish_ = hub::Finish::none;
  std::string stop_sequence_;
  hub::Usage usage_;
  std::string blob_;
};

}  // namespace penstock::dialect::bedrock
