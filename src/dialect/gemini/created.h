// The time an answer was made, which only Vertex tells.
#pragma once

#include <cstdint>

#include "penstock/bytes.h"

namespace penstock::dialect::gemini {

// An RFC 3339 time as Vertex sends it ("2026-11-20T10:00:00.5Z", always UTC) in Unix seconds; 0
// when it is none.
std::int64_t unix_seconds(Bytes time);

}  // namespace penstock::dialect::gemini
