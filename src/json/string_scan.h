// The search for what ends or interrupts a string: almost all of a body is the inside of strings,
// so this is where its bytes are looked at. Sixteen bytes a step with SSE2, which every x86-64 has;
// with AVX2 thirty-two, or four times that in a long string.
#pragma once

#include <algorithm>
#include <cstdint>

#include "penstock/bytes.h"

#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace penstock::json {

namespace detail {

// With this bit turned, the quote and the control characters below U+0020 are the bytes up to
// `low_max`: one comparison for both. U+0020 and '!' trade places with '"' and '#'.
inline constexpr char fold = 2;
inline constexpr char low_max = 0x20;

// Bytes looked at in one step, and what is found in them: a set of bits, one for each byte that
// stops the search.
#if defined(__SSE2__)
inline std::uint32_t stops_in_sixteen(const char* p) {
  const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  const __m128i folded = _mm_xor_si128(x, _mm_set1_epi8(fold));
  const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(folded, _mm_set1_epi8(low_max)), folded);
  return static_cast<std::uint32_t>(
      _mm_movemask_epi8(_mm_or_si128(low, _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')))));
}
#endif
#if defined(__AVX2__)
inline constexpr std::ptrdiff_t step_bytes = 32;
inline __m256i load(const char* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
inline __m256i folded(__m256i x) {
  return _mm256_xor_si256(x, _mm256_set1_epi8(fold));
}
inline __m256i is_low(__m256i folded) {
  return _mm256_cmpeq_epi8(_mm256_min_epu8(folded, _mm256_set1_epi8(low_max)), folded);
}
inline __m256i is_backslash(__m256i x) {
  return _mm256_cmpeq_epi8(x, _mm256_set1_epi8('\\'));
}
inline std::uint32_t stops_in_step(const char* p) {
  const __m256i x = load(p);
  return static_cast<std::uint32_t>(
      _mm256_movemask_epi8(_mm256_or_si256(is_low(folded(x)), is_backslash(x))));
}
// Whether there is a stop in the next four steps. Of four bytes in the same place the least one
// tells whether any is low.
inline bool stops_in_four(const char* p) {
  const __m256i a = load(p), b = load(p + 32), c = load(p + 64), d = load(p + 96);
  const __m256i least =
      _mm256_min_epu8(_mm256_min_epu8(folded(a), folded(b)), _mm256_min_epu8(folded(c), folded(d)));
  const __m256i backslash = _mm256_or_si256(_mm256_or_si256(is_backslash(a), is_backslash(b)),
                                            _mm256_or_si256(is_backslash(c), is_backslash(d)));
  const __m256i found = _mm256_or_si256(is_low(least), backslash);
  return _mm256_testz_si256(found, found) == 0;
}
#elif defined(__SSE2__)
inline constexpr std::ptrdiff_t step_bytes = 16;
inline std::uint32_t stops_in_step(const char* p) {
  return stops_in_sixteen(p);
}
#endif

}  // namespace detail

// The first quote, backslash or control character below U+0020 at or behind `p`, or `end`.
// begin: of the text that `p` is in.
inline const char* find_string_stop(const char* begin, const char* p, const char* end) {
#if defined(__AVX2__)
  while (end - p >= 128 && !detail::stops_in_four(p)) p += 128;
#endif
#if defined(__SSE2__)
  using detail::step_bytes;
  for (; end - p >= step_bytes; p += step_bytes) {
    if (const auto stops = detail::stops_in_step(p)) return p + __builtin_ctz(stops);
  }
  // What is left is looked at together with the bytes before it.
  if (const auto left = end - p; left > 0 && end - begin >= step_bytes) {
    const auto stops = detail::stops_in_step(end - step_bytes) >> (step_bytes - left);
    return stops != 0 ? p + __builtin_ctz(stops) : end;
  }
#endif
  for (; p != end; ++p) {
    const auto byte = static_cast<unsigned char>(*p);
    if (byte == '"' || byte == '\\' || byte < 0x20) return p;
  }
  return end;
}

// The last place in a text from which a whole step can be read; the text's begin when it is
// shorter.
inline const char* last_step(const char* begin, const char* end) {
#if defined(__SSE2__)
  if (end - begin >= detail::step_bytes) return end - detail::step_bytes;
#endif
  static_cast<void>(end);
  return begin;
}

namespace detail {
#if defined(__SSE2__)
// `find_near_stop` near the end of a text, of which sixteen bytes are looked at, or as many as are
// left.
[[gnu::noinline]] inline const char* find_stop_near_end(const char* p, const char* last,
                                                        const char* end) {
  if (end - last < 16) return nullptr;
  const char* const from = std::min(p, end - 16);
  const std::uint32_t stops = stops_in_sixteen(from) >> (p - from);
  return stops != 0 ? p + __builtin_ctz(stops) : nullptr;
}
#endif
}  // namespace detail

// The same for strings that are short more often than not, such as keys: nullptr when there is
// no stop in the next step, or the text is shorter than sixteen bytes. `p` is behind the text's
// first byte; last: of the text's steps.
inline const char* find_near_stop(const char* p, const char* last, const char* end) {
#if defined(__SSE2__)
  if (p > last) [[unlikely]]
    return detail::find_stop_near_end(p, last, end);
  const std::uint32_t stops = detail::stops_in_step(p);
  return stops != 0 ? p + __builtin_ctz(stops) : nullptr;
#else
  static_cast<void>(p);
  static_cast<void>(last);
  static_cast<void>(end);
  return nullptr;
#endif
}

}  // namespace penstock::json
