// Reads the body of /v1/messages and of /v1/messages/count_tokens into the hub.
#pragma once

#include "penstock/dialect.h"

namespace penstock::dialect::anthropic {

// What a body must have beside its messages.
struct Demands {
  bool model = true;  // false where the path names it
  bool max_tokens = true;
};

Result<> read_body(json::View body, Demands demands, hub::Request& out, RequestIssue& issue);

// DialectTable::read_request.
Result<> read_request(json::View body, hub::Request& out, RequestIssue& issue);

// The body of count_tokens: no limit on the output is asked for.
Result<> read_count_request(json::View body, hub::Request& out, RequestIssue& issue);

}  // namespace penstock::dialect::anthropic
