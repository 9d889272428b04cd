// UTF-8 as far as safe text needs it.
#pragma once

#include <cstdint>

#include "penstock/bytes.h"

namespace penstock {

// What stands where bytes were not UTF-8: U+FFFD.
inline constexpr Bytes replacement_character = "\xEF\xBF\xBD";

struct Utf8Character {
  unsigned bytes = 0;  // 0: not UTF-8
  std::uint32_t point = 0;
};

// The character at the front of `text`, which is not empty. Refuses overlong forms, surrogates,
// points past U+10FFFF and cut sequences (Unicode 15, table 3-7).
constexpr Utf8Character first_character(Bytes text) noexcept {
  const auto byte = [text](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const auto tail = [&byte](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const std::uint32_t b = byte(0);
  if (b < 0x80) return {1, b};
  if (b >= 0xC2 && b <= 0xDF && tail(1)) return {2, (b & 0x1F) << 6 | (byte(1) & 0x3F)};
  if ((b & 0xF0) == 0xE0 && tail(1) && tail(2)) {
    const std::uint32_t point = (b & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    if (point >= 0x800 && (point < 0xD800 || point > 0xDFFF)) return {3, point};
  }
  if (b >= 0xF0 && b <= 0xF4 && tail(1) && tail(2) && tail(3)) {
    const std::uint32_t point =
        (b & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
    if (point >= 0x10000 && point <= 0x10FFFF) return {4, point};
  }
  return {};
}

}  // namespace penstock
