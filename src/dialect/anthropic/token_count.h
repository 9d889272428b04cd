// /v1/messages/count_tokens and what Vertex and Bedrock have for it.
#pragma once

#include <cstdint>

#include "dialect/count_form.h"

namespace penstock::dialect::anthropic {

// {"input_tokens":N}
void write_token_count(std::uint64_t input_tokens, json::Composer& out);

// Vertex wants the model's name inside, which it otherwise has in the path; Bedrock the whole body
// of InvokeModel, in base64.
Result<> write_count_request(const hub::Request& request, const TargetTraits& target,
                             json::Composer& out, Losses& losses);

}  // namespace penstock::dialect::anthropic
