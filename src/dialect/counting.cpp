// Which dialect's words a call for counting is in.
#include "penstock/counting.h"

#include "dialect/anthropic/token_count.h"
#include "dialect/bedrock/token_count.h"
#include "dialect/gemini/count_tokens.h"
#include "dialect/openai_responses/input_tokens.h"
#include "penstock/assert.h"

namespace penstock::dialect {

Result<> write_count_request(Dialect provider, const hub::Request& request,
                             const TargetTraits& target, json::Composer& out, Losses& losses) {
  switch (provider) {
    case Dialect::openai_responses:
      return openai_responses::write_count_request(request, target, out, losses);
    case Dialect::anthropic:
      return anthropic::write_count_request(request, target, out, losses);
    case Dialect::gemini:
      return write_gemini_count_request(request, target, out, losses);
    case Dialect::bedrock:
      return bedrock::write_count_request(request, target, out, losses);
    default:
      PENSTOCK_UNREACHABLE();
  }
}

std::optional<std::uint64_t> read_count(Dialect provider, json::View body) {
  switch (provider) {
    case Dialect::openai_responses:
    case Dialect::anthropic:
      // Bedrock has a spelling of its own, whatever the model is spoken to in.
      return count_of(body["input_tokens"] ? body["input_tokens"] : body["inputTokens"]);
    case Dialect::gemini:
      return read_gemini_count(body);
    case Dialect::bedrock:
      return count_of(body["inputTokens"]);
    default:
      return {};
  }
}

}  // namespace penstock::dialect
