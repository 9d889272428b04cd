// CRC-32 as zlib and Ethernet have it (ISO 3309: reflected polynomial 0xEDB88320).
#pragma once

#include <cstdint>

#include "penstock/bytes.h"

namespace penstock::sse {

// The checksum of what gave `before` followed by `bytes`; 0 is the checksum of nothing.
std::uint32_t crc32(Bytes bytes, std::uint32_t before = 0);

}  // namespace penstock::sse
