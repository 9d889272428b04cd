// Reads the tools of a client's request and what it says about their use.
#pragma once

#include "dialect/anthropic/issue.h"

namespace penstock::dialect::anthropic {

Result<> read_tools(json::View tools, const Path& path, Judge& judge, hub::Request& out);
Result<> read_tool_choice(json::View choice, const Path& path, Judge& judge, hub::Request& out);

}  // namespace penstock::dialect::anthropic
