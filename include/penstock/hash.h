// Hashing for tables and fingerprints, not for proof.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "penstock/bytes.h"

namespace penstock {

// XXH3-128 (xxHash) with a seed. Who does not know the seed cannot look for a collision.
std::array<std::uint64_t, 2> hash128(Bytes bytes, std::uint64_t seed) noexcept;

namespace detail {
inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}
inline std::uint64_t load(const char* p, std::size_t bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, p, bytes);
  return word;
}
}  // namespace detail

// For texts that are short more often than not, such as names and keys: multiply and fold, sixteen
// bytes at a time, the last ones overlapping.
inline std::uint64_t hash_short(Bytes text, std::uint64_t seed) noexcept {
  using detail::load;
  using detail::mix;
  constexpr std::uint64_t odd = 0x9E37'79B9'7F4A'7C15;
  const char* p = text.data();
  const std::size_t bytes = text.size();
  std::uint64_t hash = seed ^ bytes * odd;
  if (bytes > 16) {
    for (; text.data() + bytes - p > 16; p += 16) {
      hash = mix(hash ^ load(p, 8), (seed | 1) ^ load(p + 8, 8)) + odd;
    }
    p = text.data() + bytes - 16;
    return mix(hash ^ load(p, 8), odd ^ seed ^ load(p + 8, 8));
  }
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  if (bytes >= 8) {
    low = load(p, 8);
    high = load(p + bytes - 8, 8);
  } else if (bytes >= 4) {
    low = load(p, 4);
    high = load(p + bytes - 4, 4);
  } else {
    for (std::size_t at = 0; at < bytes; ++at) low = low << 8 | static_cast<unsigned char>(p[at]);
  }
  return mix(hash ^ low, odd ^ seed ^ high);
}

}  // namespace penstock
