#include "dialect/anthropic/token_count.h"

namespace penstock::dialect::anthropic {

void write_token_count(std::uint64_t input_tokens, json::Composer& out) {
  out.begin_object().key("input_tokens").unsigned_integer(input_tokens).end_object();
}

}  // namespace penstock::dialect::anthropic
