// What is decided about a request as a whole before it is written: limits, sampling, thinking and
// the way an answer in JSON is got. These depend on each other, so they are settled in one place.
#pragma once

#include <optional>

#include "dialect/bedrock/model.h"
#include "penstock/dialect.h"

namespace penstock::dialect::bedrock {

struct Plan {
  enum class Json : std::uint8_t {
    none,
    native,       // outputConfig.textFormat
    forced_tool,  // `json_tool`, whose call is the answer
    instruction,  // words in the system prompt
  };
  enum class Switch : std::uint8_t { unset, off, on };

  Json json = Json::none;
  Switch thinking = Switch::unset;
  std::int64_t budget = 0;                   // of Thinking::budget
  hub::Effort effort = hub::Effort::unset;   // of all others
  std::optional<std::int64_t> max_tokens{};  // the client's, or enough for the budget
  bool temperature = false;                  // these are written
  bool top_p = false;
  bool top_k = false;
};

// Names in `losses` what cannot be had, or refuses by the target's policy.
Result<> make_plan(const hub::Request& request, const TargetTraits& target, const Model& model,
                   Plan& plan, Losses& losses);

// Effort in the words of Converse and the models' own fields; minimal is low.
Bytes effort_word(hub::Effort effort);

}  // namespace penstock::dialect::bedrock
