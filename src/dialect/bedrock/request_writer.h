// Writes the hub's request as the body of Converse or ConverseStream; both have the same.
#pragma once

#include "penstock/dialect.h"

namespace penstock::dialect::bedrock {

Result<> write_request(const hub::Request& request, const TargetTraits& target, json::Composer& out,
                       Losses& losses);

}  // namespace penstock::dialect::bedrock
