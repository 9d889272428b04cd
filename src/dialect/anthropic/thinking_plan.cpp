#include "dialect/anthropic/thinking_plan.h"

#include <algorithm>

#include "dialect/loss.h"

namespace penstock::dialect::anthropic {
namespace {

using hub::Effort;
using Type = ThinkingPlan::Type;

constexpr std::int64_t budget_least = 1024;

// No provider defines these; they follow what the efforts of current models spend.
std::int64_t budget_of(Effort effort) {
  switch (effort) {
    case Effort::minimal:
      return budget_least;
    case Effort::low:
      return 2048;
    case Effort::high:
      return 16'384;
    case Effort::xhigh:
      return 24'576;
    case Effort::max:
      return 32'000;
    default:
      return 8192;
  }
}

Effort effort_of(std::int64_t budget) {
  if (budget <= 2048) return Effort::low;
  return budget <= 8192 ? Effort::medium : Effort::high;
}

// The nearest level that the model has, not above the one wanted.
Effort level_of(Effort effort, const ModelTraits& model) {
  if (effort == Effort::max && !model.effort_max) return Effort::high;
  if (effort == Effort::xhigh && !model.effort_xhigh) return Effort::high;
  return effort == Effort::minimal ? Effort::low : effort;
}

class Planner {
 public:
  Planner(const hub::Request& request, const TargetTraits& target, const ModelTraits& model,
          Losses& losses)
      : request_(request),
        asked_(request.reasoning),
        target_(target),
        model_(model),
        losses_(losses) {}

  Result<ThinkingPlan> plan(ThinkingLimits limits);

 private:
  bool native() const { return request_.issuer == hub::Issuer::anthropic; }
  bool off() const { return asked_.effort == Effort::none || asked_.budget == 0; }
  // Anthropic's own effort does not switch thinking on.
  bool wanted() const {
    return asked_.adaptive || asked_.budget.value_or(0) != 0 ||
           (asked_.effort != Effort::unset && !native());
  }
  Bytes field() const {
    if (native()) return "thinking";
    return asked_.effort != Effort::unset ? "reasoning_effort" : "reasoning";
  }
  Result<> effort();
  Result<> turn_on(ThinkingLimits limits);
  Result<> fit_budget();

  const hub::Request& request_;
  const hub::Reasoning& asked_;
  const TargetTraits& target_;
  const ModelTraits& model_;
  Losses& losses_;
  ThinkingPlan plan_;
};

Result<ThinkingPlan> Planner::plan(ThinkingLimits limits) {
  const std::int64_t usual =
      target_.max_output_default > 0 ? target_.max_output_default : model_.output_max;
  plan_.max_tokens = request_.max_output_tokens.value_or(usual);
  if (off()) {
    if (model_.thinking != Thinking::none) plan_.type = Type::disabled;
  } else if (wanted()) {
    PENSTOCK_CHECK(turn_on(limits));
  }
  PENSTOCK_CHECK(effort());
  if (plan_.on()) {
    const bool shown = asked_.show.value_or(false) || !asked_.summary.empty();
    if (shown)
      plan_.display = "summarized";
    else if (asked_.show)
      plan_.display = "omitted";
  }
  return plan_;
}

Result<> Planner::turn_on(ThinkingLimits limits) {
  const std::int64_t budget = asked_.budget.value_or(-1);
  if (model_.thinking == Thinking::none) return lose(field(), target_, losses_);
  // Both are refused beside `enabled`.
  const bool limited = limits.forced_choice || limits.loop_without_thinking;
  if (model_.thinking == Thinking::budget && limited) {
    plan_.type = Type::disabled;
    return lose(field(), target_, losses_);
  }
  const bool by_budget = model_.thinking == Thinking::budget ||
                         (model_.thinking == Thinking::either && budget > 0 && !limited);
  if (!by_budget) {
    plan_.type = Type::adaptive;
    if (budget > 0) {
      losses_.emulate(field());
      if (asked_.effort == Effort::unset) plan_.effort = effort_of(budget);
    }
    return {};
  }
  plan_.type = Type::enabled;
  plan_.budget = budget > 0 ? std::max(budget, budget_least) : budget_of(asked_.effort);
  if (budget <= 0) losses_.emulate(field());
  return fit_budget();
}

// A client of another dialect meant its limit for the text it sees: the budget comes on top.
Result<> Planner::fit_budget() {
  if (native() || plan_.budget < plan_.max_tokens) return {};
  plan_.max_tokens =
      std::min(plan_.max_tokens + plan_.budget, std::max(model_.output_max, plan_.max_tokens));
  plan_.budget = std::min(plan_.budget, plan_.max_tokens - 1);
  if (plan_.budget >= budget_least) return {};
  plan_.type = Type::disabled;
  return lose(field(), target_, losses_);
}

Result<> Planner::effort() {
  const Effort wanted = asked_.effort;
  if (wanted != Effort::unset && wanted != Effort::none) plan_.effort = wanted;
  if (plan_.effort == Effort::unset) return {};
  if (!model_.effort) {
    plan_.effort = Effort::unset;
    return native() ? lose("output_config.effort", target_, losses_) : Result<>();
  }
  plan_.effort = level_of(plan_.effort, model_);
  const bool above_high = plan_.effort == Effort::xhigh || plan_.effort == Effort::max;
  if (plan_.type == Type::disabled && model_.off_limits_effort && above_high)
    plan_.effort = Effort::high;
  return {};
}

}  // namespace

Result<ThinkingPlan> plan_thinking(const hub::Request& request, const TargetTraits& target,
                                   const ModelTraits& model, ThinkingLimits limits,
                                   Losses& losses) {
  return Planner(request, target, model, losses).plan(limits);
}

void write_thinking(const ThinkingPlan& plan, json::Writer& out) {
  if (plan.type == Type::unset) return;
  out.key("thinking").begin_object().key("type");
  if (plan.type == Type::disabled) {
    out.string("disabled").end_object();
    return;
  }
  if (plan.type == Type::adaptive)
    out.string("adaptive");
  else
    out.string("enabled").key("budget_tokens").integer(plan.budget);
  if (!plan.display.empty()) out.key("display").string(plan.display);
  out.end_object();
}

}  // namespace penstock::dialect::anthropic
