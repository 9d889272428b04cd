#include "dialect/bedrock/token_count.h"

#include "dialect/bedrock/request_writer.h"

namespace penstock::dialect::bedrock {

Result<> write_count_request(const hub::Request& request, const TargetTraits& target,
                             json::Composer& out, Losses& losses) {
  out.begin_object().key("input").begin_object().key("converse").begin_object();
  PENSTOCK_CHECK(write_members(write_request,
                               {"messages", "system", "toolConfig", "additionalModelRequestFields"},
                               request, target, out, losses));
  out.end_object().end_object().end_object();
  return {};
}

}  // namespace penstock::dialect::bedrock
