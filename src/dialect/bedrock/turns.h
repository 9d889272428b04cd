// The conversation as Converse wants it: system apart, turns that alternate and begin with the
// user, results of tools first in their turn.
#pragma once

#include <span>

#include "dialect/bedrock/block_writer.h"

namespace penstock::dialect::bedrock {

class TurnWriter {
 public:
  explicit TurnWriter(RequestJob& job);

  // The members `messages` and, when there is something in it, `system`.
  Result<> messages();
  Result<> instructions();

 private:
  using Messages = std::span<const hub::Message>;

  Result<> user_side(Messages run);
  Result<> user_turn(Messages run, bool last);
  Result<> results(Messages run);
  Result<> others(Messages run);
  Result<> system_turn(const hub::Message& message);
  Result<> assistant_turn(Messages run, bool last);
  Result<> closing_text(const hub::Part& part);
  void begin_turn(Bytes role, bool keep_blank_text);
  void end_turn(bool last);
  void note_moved();
  void instruction(Bytes text);

  RequestJob& job_;
  BlockWriter blocks_;
  Messages leading_;  // instructions before the conversation
  Messages rest_;
};

}  // namespace penstock::dialect::bedrock
