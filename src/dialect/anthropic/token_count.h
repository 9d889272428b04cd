// The answer of /v1/messages/count_tokens.
#pragma once

#include <cstdint>

#include "penstock/json_writer.h"

namespace penstock::dialect::anthropic {

// {"input_tokens":N}
void write_token_count(std::uint64_t input_tokens, json::Composer& out);

}  // namespace penstock::dialect::anthropic
