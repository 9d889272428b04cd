#include "dialect/openai_responses/input_tokens.h"

#include "dialect/openai_responses/responses.h"

namespace penstock::dialect::openai_responses {

Result<> write_count_request(const hub::Request& request, const TargetTraits& target,
                             json::Composer& out, Losses& losses) {
  out.begin_object();
  PENSTOCK_CHECK(write_members(write_request,
                               {"model", "instructions", "input", "tools", "tool_choice",
                                "parallel_tool_calls", "text", "reasoning"},
                               request, target, out, losses));
  out.end_object();
  return {};
}

}  // namespace penstock::dialect::openai_responses
