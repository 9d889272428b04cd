// Reads the facts of a request from its structure.
#pragma once

#include "json/walk.h"
#include "penstock/json.h"

namespace penstock::json {

// `walk` stands at the first token of `body`. Fills `facts`. False: the walk's
// error says why, and `facts.param` where.
bool read_request(Bytes body, Walk& walk, const RequestRules& rules, Facts& facts);

}  // namespace penstock::json
