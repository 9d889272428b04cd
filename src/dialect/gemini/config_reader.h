// Reads what a client's body says beside its contents: generationConfig, tools and toolConfig.
#pragma once

#include "dialect/gemini/gemini.h"

namespace penstock::dialect::gemini {

// Members without a word in the hub become `extra` with their path: "generationConfig.x".
Result<> read_generation_config(json::View config, hub::Request& out, RequestIssue& issue);
Result<> read_tools(json::View tools, hub::Request& out, RequestIssue& issue);
// After `read_tools`: validated calls concern the tools.
Result<> read_tool_config(json::View config, hub::Request& out, RequestIssue& issue);

}  // namespace penstock::dialect::gemini
