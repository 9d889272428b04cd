#include "dialect/loss.h"

#include <utility>

namespace penstock::dialect {
namespace {

// What a member without a name is called when it has to be named.
constexpr Bytes nameless = "(member without a name)";

}  // namespace

std::unexpected<Error> refuse(Bytes field, Bytes reason, Losses& losses) {
  losses.refused = field;
  losses.reason = reason;
  return fail(Code::unsupported_by_target, Side::client);
}

Result<> lose(Bytes field, const TargetTraits& target, Losses& losses) {
  if (field.empty()) field = nameless;
  if (target.drop_params == DropParams::error)
    return refuse(field, "The target does not take this parameter.", losses);
  losses.drop(field);
  return {};
}

Result<> lose_openai_fields(const hub::Request& request, const TargetTraits& target,
                            Losses& losses) {
  if (!request.previous_response.empty())
    return refuse("previous_response_id", "The target keeps no earlier answers.", losses);
  if (!request.stateful.empty())
    return refuse(request.stateful, "Only a target with a state of its own can serve this.",
                  losses);
  const bool default_tier = request.service_tier.empty() || request.service_tier == "auto" ||
                            request.service_tier == "default";
  const std::pair<bool, Bytes> fields[] = {
      {!request.logit_bias.empty(), "logit_bias"},
      {!request.parallel_tool_calls.value_or(true), "parallel_tool_calls"},
      {!request.user.empty(), "user"},
      {!request.metadata.empty(), "metadata"},
      {request.store.value_or(false), "store"},
      {!default_tier, "service_tier"},
      {!request.verbosity.empty(), "verbosity"},
      {!request.prompt_cache_key.empty(), "prompt_cache_key"},
  };
  for (const auto& [set, field] : fields) {
    if (set) PENSTOCK_CHECK(lose(field, target, losses));
  }
  return {};
}

}  // namespace penstock::dialect
