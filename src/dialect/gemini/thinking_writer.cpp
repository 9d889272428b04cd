// How much the model is to think. Gemini 2.5 takes a budget of tokens, later ones a level and no
// budget beside it (https://ai.google.dev/gemini-api/docs/thinking).
#include "dialect/gemini/thinking_writer.h"

#include <algorithm>

#include "dialect/loss.h"

namespace penstock::dialect::gemini {
namespace {

using hub::Effort;

// The hub's two measures of thinking as one.
Effort effort_of(const hub::Reasoning& reasoning) {
  if (reasoning.effort != Effort::unset || !reasoning.budget || *reasoning.budget < 0) {
    return reasoning.effort;
  }
  const std::int64_t budget = *reasoning.budget;
  if (budget == 0) return Effort::none;
  if (budget <= 1024) return Effort::low;
  return budget <= 8192 ? Effort::medium : Effort::high;
}

Bytes level_of(Effort effort, const Target& to) {
  const Bytes name = to.traits.base_model.empty() ? to.traits.model : to.traits.base_model;
  // The first Pro of the generation knows two levels only.
  const bool two_levels = to.model.pro && name.find("gemini-3-") != Bytes::npos;
  switch (effort) {
    case Effort::unset:
      return {};
    case Effort::none:
    case Effort::minimal:
      if (!to.model.pro) return "MINIMAL";
      to.losses.emulate("reasoning_effort");
      return "LOW";
    case Effort::low:
      return "LOW";
    case Effort::medium:
      if (!two_levels) return "MEDIUM";
      to.losses.emulate("reasoning_effort");
      return "HIGH";
    case Effort::high:
    case Effort::xhigh:
    case Effort::max:
      return "HIGH";
  }
  PENSTOCK_UNREACHABLE();
}

// Nothing: the model's own default.
std::optional<std::int64_t> budget_of(const hub::Reasoning& reasoning, const Model& model) {
  const auto bounded = [&](std::int64_t tokens) {
    return std::clamp(tokens, model.budget_min(), model.budget_max());
  };
  if (reasoning.budget) {
    const std::int64_t budget = *reasoning.budget;
    if (budget < 0) return -1;
    if (budget == 0 && !model.pro) return 0;
    return bounded(budget);
  }
  switch (reasoning.effort) {
    case Effort::unset:
      if (reasoning.adaptive) return -1;
      return {};
    case Effort::none:
      return model.pro ? model.budget_min() : 0;
    case Effort::minimal:
      return bounded(512);
    case Effort::low:
      return bounded(1024);
    case Effort::medium:
      return bounded(8192);
    case Effort::high:
      return bounded(24576);
    case Effort::xhigh:
    case Effort::max:
      return model.budget_max();
  }
  PENSTOCK_UNREACHABLE();
}

bool is_off(const hub::Reasoning& reasoning) {
  return reasoning.effort == Effort::none || reasoning.budget == 0;
}

}  // namespace

Result<> write_thinking(Target& to) {
  const hub::Request& request = to.request;
  const hub::Reasoning& reasoning = request.reasoning;
  const bool asked =
      reasoning.effort != Effort::unset || reasoning.budget.has_value() || reasoning.adaptive;
  if (!asked && !reasoning.show && reasoning.summary.empty()) return {};
  if (!to.model.thinks()) {
    if (asked && !is_off(reasoning)) return lose("reasoning_effort", to.traits, to.losses);
    return {};
  }
  json::Composer& out = to.out;
  out.key("thinkingConfig").begin_object();
  if (to.model.third()) {
    const Bytes level = level_of(effort_of(reasoning), to);
    if (!level.empty()) out.key("thinkingLevel").string(level);
  } else if (const auto budget = budget_of(reasoning, to.model)) {
    if (is_off(reasoning) && *budget != 0) to.losses.emulate("reasoning_effort");
    out.key("thinkingBudget").integer(*budget);
  }
  // Who asks for thinking can see it, unless the client's dialect says otherwise.
  const bool gemini_client = request.issuer == hub::Issuer::gemini;
  if (reasoning.show) {
    out.key("includeThoughts").boolean(*reasoning.show);
  } else if (!gemini_client && !is_off(reasoning)) {
    out.key("includeThoughts").boolean(true);
  }
  out.end_object();
  return {};
}

}  // namespace penstock::dialect::gemini
