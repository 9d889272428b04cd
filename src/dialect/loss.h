// What becomes of a field that the target has no word for (docs/translation.md, rule 3).
#pragma once

#include "penstock/dialect.h"

namespace penstock::dialect {

// Leaves the client's field out and names it in `losses`, or refuses the request, as the target's
// `drop_params` says. `field` is static or a view into the request.
Result<> lose(Bytes field, const TargetTraits& target, Losses& losses);

// Refuses the request, whatever the policy is: without the field the answer would mean something
// else. `reason` is a static sentence for the client.
std::unexpected<Error> refuse(Bytes field, Bytes reason, Losses& losses);

// Loses what only OpenAI's servers and their like have a word for, where it was set to something
// that matters: logit_bias, parallel_tool_calls, user, metadata, store, service_tier, verbosity,
// prompt_cache_key. An earlier answer that is referred to, or another state that the provider would
// have to keep, is refused.
Result<> lose_openai_fields(const hub::Request& request, const TargetTraits& target,
                            Losses& losses);

}  // namespace penstock::dialect
