// Writes a request of the hub as the body of /v1/messages, of Vertex's rawPredict or of Bedrock's
// InvokeModel.
#pragma once

#include "penstock/dialect.h"

namespace penstock::dialect::anthropic {

// DialectTable::write_request.
Result<> write_request(const hub::Request& request, const TargetTraits& target, json::Composer& out,
                       Losses& losses);

}  // namespace penstock::dialect::anthropic
