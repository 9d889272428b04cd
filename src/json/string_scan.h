// The search for what ends or interrupts a string: almost all of a body is the inside of strings,
// so this is where its bytes are looked at. Sixteen bytes a step with SSE2, which every x86-64 has,
// thirty-two with AVX2.
#pragma once

#include <cstddef>

#include "penstock/bytes.h"

#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace penstock::json {

namespace detail {

// What stops the search, as a set of bits, in the sixteen bytes at `p`.
#if defined(__SSE2__)
inline unsigned stops_in_16(const char* p, unsigned& high) {
  const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  const __m128i found = _mm_or_si128(
      _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('"')), _mm_cmpeq_epi8(x, _mm_set1_epi8('\\'))),
      _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x1f)), x));
  high |= static_cast<unsigned>(_mm_movemask_epi8(x));
  return static_cast<unsigned>(_mm_movemask_epi8(found));
}
#endif
#if defined(__AVX2__)
inline unsigned stops_in_32(const char* p, unsigned& high) {
  const __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  const __m256i found =
      _mm256_or_si256(_mm256_or_si256(_mm256_cmpeq_epi8(x, _mm256_set1_epi8('"')),
                                      _mm256_cmpeq_epi8(x, _mm256_set1_epi8('\\'))),
                      _mm256_cmpeq_epi8(_mm256_min_epu8(x, _mm256_set1_epi8(0x1f)), x));
  high |= static_cast<unsigned>(_mm256_movemask_epi8(x));
  return static_cast<unsigned>(_mm256_movemask_epi8(found));
}
#endif

}  // namespace detail

// The first quote, backslash or control character below U+0020 at or behind `p`, or `end`. `high`
// becomes non-zero when a byte above 0x7F was met, here or a little further on in the text: then
// UTF-8 has to be judged.
inline const char* find_string_stop(const char* p, const char* end, unsigned& high) {
#if defined(__AVX2__)
  for (; end - p >= 32; p += 32) {
    if (const unsigned stops = detail::stops_in_32(p, high)) return p + __builtin_ctz(stops);
  }
#endif
#if defined(__SSE2__)
  for (; end - p >= 16; p += 16) {
    if (const unsigned stops = detail::stops_in_16(p, high)) return p + __builtin_ctz(stops);
  }
#endif
  for (; p != end; ++p) {
    const auto byte = static_cast<unsigned char>(*p);
    if (byte == '"' || byte == '\\' || byte < 0x20) return p;
    high |= byte & 0x80u;
  }
  return end;
}

// The same for strings that are short more often than not, such as keys: nullptr when there is
// no stop among the next sixteen or thirty-two bytes, or fewer are left.
inline const char* find_near_stop(const char* p, const char* end, unsigned& high) {
#if defined(__AVX2__)
  if (end - p >= 32) {
    const unsigned stops = detail::stops_in_32(p, high);
    return stops != 0 ? p + __builtin_ctz(stops) : nullptr;
  }
#endif
#if defined(__SSE2__)
  if (end - p < 16) return nullptr;
  const unsigned stops = detail::stops_in_16(p, high);
  return stops != 0 ? p + __builtin_ctz(stops) : nullptr;
#else
  return nullptr;
#endif
}

}  // namespace penstock::json
