// The lexical layer: single characters, escapes and numbers of RFC 8259, judged in place.
// Knows nothing of structure.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "penstock/bytes.h"

namespace penstock::json {

constexpr bool is_blank(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

// What may follow a number or a literal.
constexpr bool is_delimiter(char c) {
  return is_blank(c) || c == ',' || c == '}' || c == ']' || c == ':';
}

// What a look at a string's inside found.
struct StringFacts {
  bool valid = false;     // all escapes are known, surrogates come in pairs
  bool escaped = false;   // there is at least one escape
  bool controls = false;  // an escape stands for U+0000–U+001F or DEL
};
// `inside`: the bytes between the quotes; UTF-8 and free of raw controls below U+0020. `halves`:
// an escape may be half of a surrogate pair.
StringFacts judge_string(Bytes inside, bool halves = false);

// Writes the unescaped form of a valid string to `out`, which has room for inside.size() bytes,
// and returns its length. Half a surrogate pair becomes U+FFFD.
std::size_t unescape_string(Bytes inside, char* out);

// The end of the number that starts at `p`, or nullptr when it breaks the grammar or is not
// followed by a delimiter (or `end`).
const char* any_number_end(const char* p, const char* end);
// Nearly all are short integers, with a comma or a bracket next to them.
inline const char* number_end(const char* p, const char* end) {
  const auto ends_plainly = [](char c) { return c == ',' || c == '}' || c == ']'; };
  constexpr bool in_order = std::endian::native == std::endian::little;
  if (in_order && p[0] != '-' && (p[0] != '0' || (end - p >= 2 && p[1] == ','))) {
    const char* at = p;
    for (; end - at >= 8; at += 8) {
      std::uint64_t word;
      std::memcpy(&word, at, sizeof word);
      // The high bit of each byte that is no digit; those above the first may be wrong.
      const std::uint64_t others =
          ((word + 0x4646'4646'4646'4646u) | (word - 0x3030'3030'3030'3030u)) &
          0x8080'8080'8080'8080u;
      if (others == 0) continue;
      at += std::countr_zero(others) / 8;
      return ends_plainly(*at) ? at : any_number_end(p, end);
    }
    while (at != end && *at >= '0' && *at <= '9') ++at;
    if (at != end && ends_plainly(*at)) return at;
  }
  return any_number_end(p, end);
}

// The same for true, false and null. `p` is before `end`.
const char* literal_end(const char* p, const char* end);

// A well-formed number's magnitude fits a double.
bool number_is_finite(Bytes number);  // of at most number_chars_max characters

// One character of UTF-8, strict (RFC 3629): its code point and bytes; bytes = 0 when invalid.
struct Utf8Char {
  std::uint32_t point = 0;
  std::uint32_t bytes = 0;
};
Utf8Char decode_utf8(const char* p, const char* end);

}  // namespace penstock::json
