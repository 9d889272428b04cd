// Short texts put one behind another into a room whose owner made it large enough: heads, log
// lines. Where a text is a literal its size is known when this is compiled, and the copy is a few
// moves.
#pragma once

#include <array>
#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>

#include "penstock/bytes.h"

namespace penstock {

// Copies `text` to `to` and returns what is behind it. They must not overlap.
[[gnu::always_inline]] inline char* put(char* to, Bytes text) noexcept {
  const std::size_t n = text.size();
  const char* const from = text.data();
  // Two copies of a fixed size, which may overlap, make one of a size that is not.
  const auto twice = [&]<std::size_t half>(std::integral_constant<std::size_t, half>) {
    std::array<char, half> first;
    std::array<char, half> last;
    std::memcpy(first.data(), from, half);
    std::memcpy(last.data(), from + n - half, half);
    std::memcpy(to, first.data(), half);
    std::memcpy(to + n - half, last.data(), half);
  };
  if (n == 0) return to;  // from may be null
  if (__builtin_constant_p(n) || n > 64) {
    std::memcpy(to, from, n);
  } else if (n > 32) {
    twice(std::integral_constant<std::size_t, 32>());
  } else if (n >= 16) {
    twice(std::integral_constant<std::size_t, 16>());
  } else if (n >= 8) {
    twice(std::integral_constant<std::size_t, 8>());
  } else if (n >= 4) {
    twice(std::integral_constant<std::size_t, 4>());
  } else {
    to[0] = from[0];
    to[n / 2] = from[n / 2];
    to[n - 1] = from[n - 1];
  }
  return to + n;
}

// Digits of the largest number.
inline constexpr std::size_t decimal_digits_max = 20;

// The digits of a number below 10,000 as the bytes of a word, the first one lowest, zeros in front.
// Two steps take all parts of the word apart at once; the factors are 1/100 and 1/10, good for all
// that a part can hold.
constexpr std::uint32_t four_digits(std::uint32_t number) noexcept {
  const std::uint32_t hundreds = number * 10'486 >> 20;
  const std::uint32_t twos = hundreds | (number - hundreds * 100) << 16;
  const std::uint32_t tens = (twos * 103 >> 10) & 0x000F'000Fu;
  return tens | (twos - tens * 10) << 8;
}

// The three digits of a number below 1,000.
[[gnu::always_inline]] inline char* put_thousandths(char* to, std::uint32_t number) noexcept {
  const std::uint32_t digits = four_digits(number) >> 8 | 0x0030'3030u;
  to[0] = static_cast<char>(digits);
  to[1] = static_cast<char>(digits >> 8);
  to[2] = static_cast<char>(digits >> 16);
  return to + 3;
}

char* put_large(char* to, std::uint64_t number) noexcept;

// The same for a number in decimal. There is room for `decimal_digits_max` bytes, whatever it is.
[[gnu::always_inline]] inline char* put(char* to, std::uint64_t number) noexcept {
  if (number < 10) {
    *to = static_cast<char>('0' + number);
    return to + 1;
  }
  if (number > 9'999 || std::endian::native != std::endian::little) return put_large(to, number);
  const std::uint32_t digits = four_digits(static_cast<std::uint32_t>(number));
  const int zeros = std::countr_zero(digits) / 8;
  const auto word =
      static_cast<std::uint32_t>((std::uint64_t{digits} | 0x3030'3030u) >> (8 * zeros));
  std::memcpy(to, &word, sizeof word);
  return to + 4 - zeros;
}

// Numbers of more than eight digits.
[[gnu::noinline]] inline char* put_huge(char* to, std::uint64_t number) noexcept {
  return std::to_chars(to, to + decimal_digits_max, number).ptr;
}

[[gnu::noinline]] inline char* put_large(char* to, std::uint64_t number) noexcept {
  if (number > 99'999'999 || std::endian::native != std::endian::little) {
    return put_huge(to, number);
  }
  to = put(to, number / 10'000);
  const std::uint32_t word =
      four_digits(static_cast<std::uint32_t>(number % 10'000)) | 0x3030'3030u;
  std::memcpy(to, &word, sizeof word);
  return to + 4;
}

}  // namespace penstock
