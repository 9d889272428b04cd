#include "penstock/hash.h"

#include <xxhash.h>

namespace penstock {

std::array<std::uint64_t, 2> hash128(Bytes bytes, std::uint64_t seed) noexcept {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes.data(), bytes.size(), seed);
  return {hash.low64, hash.high64};
}

}  // namespace penstock
