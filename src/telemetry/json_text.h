// The writer of log lines: JSON text into a fixed room, without allocation. Whatever bytes a field
// holds, the line stays one line of valid JSON that no terminal interprets: controls, DEL, C1, line
// separators and text-direction marks are escaped, bytes that are not UTF-8 become U+FFFD.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "penstock/assert.h"
#include "penstock/bytes.h"
#include "penstock/text.h"

namespace penstock {

// Most bytes that one string takes in a line, escapes included; a longer one is cut and ends in
// `…`.
inline constexpr std::size_t field_bytes_max = 512;

// Appends to a room that its owner made large enough for whatever the fields hold.
class JsonText {
 public:
  explicit JsonText(std::span<char> room)
      : begin_(room.data()), at_(room.data()), end_(room.data() + room.size()) {}

  // Bytes as they are: punctuation and names.
  [[gnu::always_inline]] void raw(Bytes text) {
    PENSTOCK_DEBUG_ASSERT(text.size() <= room());
    at_ = put(at_, text);
  }
  // A quoted word that is known to need no escapes.
  [[gnu::always_inline]] void word(Bytes text) {
    PENSTOCK_DEBUG_ASSERT(text.size() + 2 <= room());
    *at_ = '"';
    at_ = put(at_ + 1, text);
    *at_++ = '"';
  }
  // A quoted string of at most `field_bytes_max` bytes inside the quotes.
  void string(Bytes value);
  void number(std::integral auto value) {
    PENSTOCK_DEBUG_ASSERT(decimal_digits_max <= room());
    if (value < 0) *at_++ = '-';
    const auto bits = static_cast<std::uint64_t>(value);
    at_ = put(at_, value < 0 ? 0 - bits : bits);
  }
  // Nanoseconds as milliseconds with three digits behind the point. Negative ones are 0.
  void milliseconds(std::int64_t ns);

  std::size_t room() const { return static_cast<std::size_t>(end_ - at_); }
  Bytes text() const { return {begin_, static_cast<std::size_t>(at_ - begin_)}; }

 private:
  char* begin_;
  char* at_;
  char* end_;
};

}  // namespace penstock
