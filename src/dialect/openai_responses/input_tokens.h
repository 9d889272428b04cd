// /v1/responses/input_tokens.
#pragma once

#include "dialect/count_form.h"

namespace penstock::dialect::openai_responses {

Result<> write_count_request(const hub::Request& request, const TargetTraits& target,
                             json::Composer& out, Losses& losses);

}  // namespace penstock::dialect::openai_responses
