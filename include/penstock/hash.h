// Hashing for tables and fingerprints, not for proof: XXH3 (xxHash).
#pragma once

#include <array>
#include <cstdint>

#include "penstock/bytes.h"

namespace penstock {

// XXH3-128 with a seed. Who does not know the seed cannot look for a collision.
std::array<std::uint64_t, 2> hash128(Bytes bytes, std::uint64_t seed) noexcept;

}  // namespace penstock
