#include "dialect/bedrock/plan.h"

#include <algorithm>

#include "dialect/demands.h"
#include "dialect/loss.h"

namespace penstock::dialect::bedrock {
namespace {

using hub::Effort;
using Switch = Plan::Switch;

constexpr Bytes effort_field = "reasoning_effort";
constexpr std::int64_t budget_min = 1024;  // Anthropic's

bool is_signed(const hub::Part& part) {
  return (part.kind == hub::PartKind::thinking || part.kind == hub::PartKind::redacted_thinking) &&
         !part.signature.empty() && part.issuer == hub::Issuer::anthropic;
}

// The conversation goes on from a tool call whose thinking is not at hand: Claude refuses to think
// on then.
bool lacks_thinking(const hub::Request& request) {
  const auto last = std::find_if(
      request.messages.rbegin(), request.messages.rend(),
      [](const hub::Message& message) { return message.role == hub::Role::assistant; });
  if (last == request.messages.rend() || last == request.messages.rbegin()) return false;
  const bool calls = std::ranges::any_of(
      last->parts, [](const hub::Part& part) { return part.kind == hub::PartKind::tool_call; });
  return calls && !std::ranges::any_of(last->parts, is_signed);
}

Switch wanted(const hub::Reasoning& reasoning) {
  if (reasoning.budget) return *reasoning.budget == 0 ? Switch::off : Switch::on;
  if (reasoning.effort == Effort::none) return Switch::off;
  return reasoning.adaptive || reasoning.effort != Effort::unset ? Switch::on : Switch::unset;
}

Effort effort_of_budget(std::int64_t tokens) {
  if (tokens < 0) return Effort::unset;  // the model decides
  if (tokens <= 2048) return Effort::low;
  return tokens <= 8192 ? Effort::medium : Effort::high;
}

std::int64_t budget_of_effort(Effort effort) {
  switch (effort) {
    case Effort::unset:
    case Effort::medium:
      return 8192;
    case Effort::none:
    case Effort::minimal:
      return budget_min;
    case Effort::low:
      return 2048;
    case Effort::high:
      return 16'384;
    case Effort::xhigh:
      return 24'576;
    case Effort::max:
      return 30'720;
  }
  PENSTOCK_UNREACHABLE();
}

// maxTokens holds the thinking too: it grows by a budget that the client did not know of.
void settle_budget(const hub::Request& request, const TargetTraits& target, const Model& model,
                   Plan& plan) {
  const std::optional<std::int64_t> told = request.reasoning.budget;
  const bool exact = told && *told > 0;
  plan.budget = exact ? *told : budget_of_effort(request.reasoning.effort);
  plan.budget = std::clamp(plan.budget, budget_min, model.output_max - 1);
  const std::int64_t fallback =
      target.max_output_default > 0 ? target.max_output_default : model.output_max;
  const std::int64_t visible =
      std::clamp<std::int64_t>(plan.max_tokens.value_or(fallback), 1, model.output_max);
  const bool holds_both = exact && plan.max_tokens && visible > plan.budget;
  plan.max_tokens = holds_both ? visible : std::min(visible + plan.budget, model.output_max);
}

Result<> settle_thinking(const hub::Request& request, const TargetTraits& target,
                         const Model& model, Plan& plan, Losses& losses) {
  const hub::Reasoning& reasoning = request.reasoning;
  plan.thinking = wanted(reasoning);
  if (plan.thinking == Switch::unset) return {};
  const bool on = plan.thinking == Switch::on;
  if (model.thinking == Thinking::none || (model.thinking == Thinking::effort && !on)) {
    plan.thinking = Switch::unset;
    return on || model.thinking == Thinking::effort ? lose(effort_field, target, losses)
                                                    : Result<>();
  }
  if (!on) return {};
  const bool claude = model.family == Family::claude;
  if (model.thinking == Thinking::budget &&
      (forces_a_tool(request.tool_choice) || lacks_thinking(request))) {
    plan.thinking = Switch::off;
    losses.drop(effort_field);
    return {};
  }
  if (model.thinking == Thinking::budget) {
    settle_budget(request, target, model, plan);
    return {};
  }
  plan.effort = reasoning.effort != Effort::unset ? reasoning.effort
                : reasoning.budget                ? effort_of_budget(*reasoning.budget)
                                                  : Effort::unset;
  if (!claude && plan.effort == Effort::unset) plan.effort = Effort::medium;
  // Between high and max a model that lacks xhigh takes high.
  if (plan.effort == Effort::xhigh || (plan.effort == Effort::max && !claude))
    plan.effort = std::min(plan.effort, model.effort_max);
  return {};
}

Result<> settle_sampling(const hub::Request& request, const TargetTraits& target,
                         const Model& model, Plan& plan, Losses& losses) {
  const bool thinks = plan.thinking == Switch::on &&
                      (model.family == Family::claude ||
                       (model.family == Family::nova && plan.effort == Effort::high));
  const bool free = model.sampling && !thinks;
  plan.temperature = free && !request.temperature.empty();
  plan.top_p =
      free && !request.top_p.empty() && (model.both_samplers || request.temperature.empty());
  plan.top_k = free && request.top_k.has_value() && model.top_k;
  if (!request.temperature.empty() && !plan.temperature)
    PENSTOCK_CHECK(lose("temperature", target, losses));
  if (!request.top_p.empty() && !plan.top_p) PENSTOCK_CHECK(lose("top_p", target, losses));
  if (request.top_k && !plan.top_k) PENSTOCK_CHECK(lose("top_k", target, losses));
  return {};
}

void settle_json(const hub::Request& request, const Model& model, Plan& plan, Losses& losses) {
  using Kind = hub::ResponseFormat::Kind;
  const Kind kind = request.format.kind;
  if (kind == Kind::unset || kind == Kind::text) return;
  if (kind == Kind::json_schema && model.json_schema) {
    plan.json = Plan::Json::native;
    return;
  }
  // A forced tool leaves no room for others, nor for Claude's thinking.
  const bool forced = kind == Kind::json_schema && model.forced_choice && request.tools.empty() &&
                      plan.thinking != Switch::on;
  plan.json = forced ? Plan::Json::forced_tool : Plan::Json::instruction;
  losses.emulate("response_format");
}

}  // namespace

Bytes effort_word(Effort effort) {
  switch (effort) {
    case Effort::unset:
    case Effort::none:
    case Effort::minimal:
    case Effort::low:
      return "low";
    case Effort::medium:
      return "medium";
    case Effort::high:
      return "high";
    case Effort::xhigh:
      return "xhigh";
    case Effort::max:
      return "max";
  }
  PENSTOCK_UNREACHABLE();
}

Result<> make_plan(const hub::Request& request, const TargetTraits& target, const Model& model,
                   Plan& plan, Losses& losses) {
  plan.max_tokens = request.max_output_tokens;
  if (!plan.max_tokens && target.max_output_default > 0)
    plan.max_tokens = target.max_output_default;
  PENSTOCK_CHECK(settle_thinking(request, target, model, plan, losses));
  PENSTOCK_CHECK(settle_sampling(request, target, model, plan, losses));
  settle_json(request, model, plan, losses);
  return {};
}

}  // namespace penstock::dialect::bedrock
