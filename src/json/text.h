// The lexical layer: single characters, escapes and numbers of RFC 8259, judged in place.
// Knows nothing of structure.
#pragma once

#include <cstddef>
#include <cstdint>

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
const char* number_end(const char* p, const char* end);

// The same for true, false and null.
const char* literal_end(const char* p, const char* end);

// A well-formed number's magnitude fits a double.
bool number_is_finite(Bytes number);

// One character of UTF-8, strict (RFC 3629): its code point and bytes; bytes = 0 when invalid.
struct Utf8Char {
  std::uint32_t point = 0;
  std::uint32_t bytes = 0;
};
Utf8Char decode_utf8(const char* p, const char* end);

}  // namespace penstock::json
