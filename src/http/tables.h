// Classes of bytes, one lookup each, and the search for the byte that ends or breaks a line.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "penstock/bytes.h"

#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace penstock::http {

enum Class : std::uint8_t {
  class_token = 1,        // tchar, RFC 9110 §5.6.2
  class_target = 2,       // 0x21-0x7E without `#`, `\` and `%`
  class_host = 4,         // unreserved and sub-delims, RFC 3986 §3.2.2
  class_hex = 8,          // HEXDIG of either case
  class_value = 16,       // HTAB, 0x20-0x7E, 0x80-0xFF, RFC 9110 §5.5
  class_unreserved = 32,  // RFC 3986 §2.3
  class_digit = 64,
  class_visible = 128,  // 0x21-0x7E
};

namespace detail {
constexpr bool contains(Bytes set, char c) {
  return set.find(c) != Bytes::npos;
}

constexpr std::uint8_t classes_of(unsigned byte) {
  const char c = static_cast<char>(byte);
  const bool visible = byte > 0x20 && byte < 0x7f;
  const bool digit = byte >= '0' && byte <= '9';
  const bool alpha = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
  const bool plain = digit || alpha;
  unsigned out = 0;
  if (plain || (visible && contains("!#$%&'*+-.^_`|~", c))) out |= class_token;
  if (visible && !contains("#\\%", c)) out |= class_target;
  if (plain || (visible && contains("-._~!$&'()*+,;=", c))) out |= class_host;
  if (digit || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F')) out |= class_hex;
  if (byte == '\t' || (byte >= 0x20 && byte != 0x7f)) out |= class_value;
  if (plain || (visible && contains("-._~", c))) out |= class_unreserved;
  if (digit) out |= class_digit;
  if (visible) out |= class_visible;
  return static_cast<std::uint8_t>(out);
}

constexpr auto class_table = [] {
  std::array<std::uint8_t, 256> table{};
  for (unsigned byte = 0; byte < 256; ++byte) table[byte] = classes_of(byte);
  return table;
}();
}  // namespace detail

constexpr bool is(char c, Class wanted) {
  return (detail::class_table[static_cast<unsigned char>(c)] & wanted) != 0;
}

constexpr bool all(Bytes text, Class wanted) {
  for (const char c : text) {
    if (!is(c, wanted)) return false;
  }
  return true;
}

constexpr bool is_token(Bytes text) {
  return !text.empty() && all(text, class_token);
}

// The value of a HEXDIG.
constexpr unsigned hex_value(char c) {
  return static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

constexpr Bytes trim_blanks(Bytes text) {
  const char* begin = text.data();
  const char* end = begin + text.size();
  while (begin != end && is_blank(*begin)) ++begin;
  while (begin != end && is_blank(end[-1])) --end;
  return {begin, static_cast<std::size_t>(end - begin)};
}

#if defined(__SSE2__)
// `size` bytes at once, 16 or 32; a mask has one bit for each, the first byte's is the lowest.
// Every x86-64 has SSE2; with AVX2 thirty-two are one register.
template <std::size_t size>
class Block {
 public:
  static constexpr std::ptrdiff_t bytes = size;
  explicit Block(const char* from) { std::memcpy(&x_, from, size); }
  unsigned equal(char c) const { return mask(x_ == static_cast<unsigned char>(c)); }
  // Bytes that equal those at `word` once 0x20 is set in them.
  unsigned equal_lowered(const char* word) const { return mask((x_ | 0x20) == Block(word).x_); }
  // Bytes that are not of `class_value`.
  unsigned stops() const { return mask(((x_ < 0x20) & (x_ != '\t')) | (x_ == 0x7f)); }
  // Bytes that are not of `class_target`.
  unsigned odd_in_target() const {
    return mask((x_ < 0x21) | (x_ > 0x7e) | (x_ == '#') | (x_ == '\\') | (x_ == '%'));
  }

 private:
  using Vector [[gnu::vector_size(size)]] = unsigned char;
  // found: all bits of a byte, or none.
  static unsigned mask(const auto& found) {
#if defined(__AVX2__)
    if constexpr (size == 32) {
      return static_cast<unsigned>(_mm256_movemask_epi8(std::bit_cast<__m256i>(found)));
    }
#endif
    unsigned bits = 0;
    for (std::size_t at = 0; at < size; at += 16) {
      __m128i half;
      std::memcpy(&half, reinterpret_cast<const char*>(&found) + at, sizeof half);
      bits |= static_cast<unsigned>(_mm_movemask_epi8(half)) << at;
    }
    return bits;
  }

  Vector x_;
};
using Block16 = Block<16>;
using Block32 = Block<32>;
#endif

// The first byte that may not stand in a field value: the CR of a line's end, or an error.
inline const char* find_stop(const char* at, const char* end) {
#if defined(__SSE2__)
  for (; end - at >= Block32::bytes; at += Block32::bytes) {
    if (const unsigned stops = Block32(at).stops()) return at + std::countr_zero(stops);
  }
  if (end - at >= Block16::bytes) {
    if (const unsigned stops = Block16(at).stops()) return at + std::countr_zero(stops);
    at += Block16::bytes;
  }
#endif
  while (at != end && is(*at, class_value)) ++at;
  return at;
}

}  // namespace penstock::http
