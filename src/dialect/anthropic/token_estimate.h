// count_tokens for models whose provider does not count.
#pragma once

#include "penstock/hub.h"
#include "penstock/json_writer.h"

namespace penstock::dialect::anthropic {

// Tokens that the prompt may have: an estimate, made of lengths without a tokenizer. Four bytes of
// text are taken for a token, and a fixed price for images and pages; good to some tens of percent.
std::uint64_t estimate_input_tokens(const hub::Request& request);

// The answer of /v1/messages/count_tokens: {"input_tokens":N}.
void write_token_count(std::uint64_t input_tokens, json::Writer& out);

}  // namespace penstock::dialect::anthropic
