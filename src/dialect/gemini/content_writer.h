// Writes the hub's messages as `systemInstruction` and `contents`.
#pragma once

#include <optional>
#include <vector>

#include "dialect/gemini/gemini.h"
#include "dialect/gemini/model.h"

namespace penstock::dialect::gemini {

// What every piece of a request writer works on.
struct Target {
  const hub::Request& request;
  const TargetTraits& traits;
  Model model{};
  json::Composer& out;
  Losses& losses;
  json::Document document{};  // judges tool arguments and converts schemas
};

// A part with an image, audio, video or file; into the open array.
Result<> write_media(const hub::Part& part, Target& to);

class ContentWriter {
 public:
  explicit ContentWriter(Target& to);

  // `instruction`: plain text that is added to the system's words; may be empty. It must live until
  // `contents`, which takes it where the model has no system instruction.
  Result<> system_instruction(Bytes instruction);
  // Those messages that are no leading system message. With none of those either the system's
  // words are the user's: contents must not be empty.
  Result<> contents();

 private:
  // A call of the conversation, sorted by id, then by place.
  struct Call {
    hub::Escaped id{};
    std::uint32_t ordinal = 0;
    hub::Escaped name{};
  };
  struct Answered {
    const hub::Part* part = nullptr;
    const Call* call = nullptr;  // null: none is known
    std::size_t at = 0;          // as the client had them
  };

  void collect_calls();
  const Call* find_call(hub::Escaped id) const;

  void begin(Bytes role);
  void close();
  Result<> user_run(std::size_t first, std::size_t last);
  Result<> user_part(const hub::Part& part);
  Result<> model_message(const hub::Message& message, bool current_turn);
  Result<> model_part(const hub::Message& message, const hub::Part& part, bool current_turn);
  Result<> results();
  Result<> response(const Answered& result);
  Result<> response_parts(const hub::Part& result);
  void text(hub::Escaped text, hub::Escaped signature, bool thought);
  void call(const hub::Message& message, const hub::Part& part, bool current_turn);
  Result<> opaque(const hub::Part& part, bool may_drop);

  Target& to_;
  Bytes instruction_{};           // to be said by the user
  std::size_t leading_ = 0;       // system messages in front
  std::size_t current_turn_ = 0;  // the first message behind the last real words of the user
  std::vector<Call> calls_{};
  std::vector<Answered> results_{};
  std::uint32_t calls_written_ = 0;  // in the conversation so far
  bool call_in_content_ = false;     // the open content has a function call already
  Bytes role_{};                     // of the open content; empty: none is open
};

}  // namespace penstock::dialect::gemini
