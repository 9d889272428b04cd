// CountTokens of a conversation (AWS API reference, CountTokens, `converse`).
#pragma once

#include "dialect/count_form.h"

namespace penstock::dialect::bedrock {

Result<> write_count_request(const hub::Request& request, const TargetTraits& target,
                             json::Composer& out, Losses& losses);

}  // namespace penstock::dialect::bedrock
