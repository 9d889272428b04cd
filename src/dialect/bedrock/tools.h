// The member toolConfig (AWS API reference, ToolConfiguration).
#pragma once

#include "dialect/bedrock/request_job.h"

namespace penstock::dialect::bedrock {

// Writes nothing when there are neither tools nor traces of them in the conversation: with traces
// Converse demands the member, so tools are made up from the names that were called.
Result<> write_tools(RequestJob& job);

}  // namespace penstock::dialect::bedrock
