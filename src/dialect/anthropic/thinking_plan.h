// How much a model is to think: the hub's effort and budget in the form the model takes, and the
// limit of the output, which a budget must stay below.
#pragma once

#include "dialect/anthropic/model_traits.h"
#include "penstock/dialect.h"

namespace penstock::dialect::anthropic {

struct ThinkingPlan {
  enum class Type : std::uint8_t { unset, adaptive, enabled, disabled };
  Type type = Type::unset;
  hub::Effort effort = hub::Effort::unset;  // of output_config
  std::int64_t budget = 0;
  std::int64_t max_tokens = 0;
  Bytes display{};

  bool on() const { return type == Type::adaptive || type == Type::enabled; }
};

struct ThinkingLimits {
  bool forced_choice = false;          // some tool must be called
  bool loop_without_thinking = false;  // Turns
};

Result<ThinkingPlan> plan_thinking(const hub::Request& request, const TargetTraits& target,
                                   const ModelTraits& model, ThinkingLimits limits, Losses& losses);

// Writes the member `thinking`; nothing when the plan says nothing.
void write_thinking(const ThinkingPlan& plan, json::Writer& out);

}  // namespace penstock::dialect::anthropic
