#include "json/text.h"

#include <array>
#include <charconv>
#include <cstring>

namespace penstock::json {
namespace {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The value of four hexadecimal digits, or -1.
int hex4(const char* p, const char* end) {
  if (end - p < 4) return -1;
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = p[i];
    int digit = 0;
    if (is_digit(c))
      digit = c - '0';
    else if (c >= 'a' && c <= 'f')
      digit = c - 'a' + 10;
    else if (c >= 'A' && c <= 'F')
      digit = c - 'A' + 10;
    else
      return -1;
    value = value * 16 + digit;
  }
  return value;
}

// The character a one-letter escape stands for, or 0 for a letter that is none.
constexpr char short_escape(char letter) {
  switch (letter) {
    case '"':
    case '\\':
    case '/':
      return letter;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return 0;
  }
}

constexpr std::uint32_t replacement = 0xFFFD;

constexpr bool is_high_surrogate(int unit) {
  return unit >= 0xD800 && unit <= 0xDBFF;
}
constexpr bool is_low_surrogate(int unit) {
  return unit >= 0xDC00 && unit <= 0xDFFF;
}

// The escape at `p` (its backslash). bytes = 0: not an escape. Half a surrogate pair stands for
// U+FFFD.
struct Escape {
  std::uint32_t point = 0;
  std::uint32_t bytes = 0;
  bool half = false;  // of a surrogate pair
};
Escape read_escape(const char* p, const char* end) {
  if (end - p < 2) return {};
  if (p[1] != 'u') {
    const char c = short_escape(p[1]);
    return c != 0 ? Escape{static_cast<unsigned char>(c), 2} : Escape{};
  }
  const int unit = hex4(p + 2, end);
  constexpr Escape half{replacement, 6, true};
  if (unit < 0) return {};
  if (is_low_surrogate(unit)) return half;
  if (!is_high_surrogate(unit)) return {static_cast<std::uint32_t>(unit), 6};
  if (end - p < 12 || p[6] != '\\' || p[7] != 'u') return half;
  const int low = hex4(p + 8, end);
  if (!is_low_surrogate(low)) return half;
  return {0x10000u + (static_cast<std::uint32_t>(unit - 0xD800) << 10) +
              static_cast<std::uint32_t>(low - 0xDC00),
          12};
}

std::size_t put_utf8(std::uint32_t point, char* out) {
  const auto byte = [](std::uint32_t value) { return static_cast<char>(value); };
  if (point < 0x80) {
    out[0] = byte(point);
    return 1;
  }
  if (point < 0x800) {
    out[0] = byte(0xC0 | (point >> 6));
    out[1] = byte(0x80 | (point & 0x3F));
    return 2;
  }
  if (point < 0x10000) {
    out[0] = byte(0xE0 | (point >> 12));
    out[1] = byte(0x80 | ((point >> 6) & 0x3F));
    out[2] = byte(0x80 | (point & 0x3F));
    return 3;
  }
  out[0] = byte(0xF0 | (point >> 18));
  out[1] = byte(0x80 | ((point >> 12) & 0x3F));
  out[2] = byte(0x80 | ((point >> 6) & 0x3F));
  out[3] = byte(0x80 | (point & 0x3F));
  return 4;
}

const char* find_backslash(const char* p, const char* end) {
  return static_cast<const char*>(std::memchr(p, '\\', static_cast<std::size_t>(end - p)));
}

}  // namespace

StringFacts judge_string(Bytes inside, bool halves) {
  StringFacts facts;
  const char* p = inside.data();
  const char* const end = p + inside.size();
  while (p != end && (p = find_backslash(p, end)) != nullptr) {
    facts.escaped = true;
    const Escape escape = read_escape(p, end);
    if (escape.bytes == 0 || (escape.half && !halves)) return facts;
    facts.controls |= escape.point < 0x20 || escape.point == 0x7f;
    p += escape.bytes;
  }
  facts.valid = true;
  return facts;
}

std::size_t unescape_string(Bytes inside, char* out) {
  const char* p = inside.data();
  const char* const end = p + inside.size();
  char* const start = out;
  while (p != end) {
    const char* const stop = find_backslash(p, end);
    const auto plain = static_cast<std::size_t>((stop != nullptr ? stop : end) - p);
    std::memmove(out, p, plain);
    out += plain;
    if (stop == nullptr) break;
    const Escape escape = read_escape(stop, end);
    PENSTOCK_ASSERT(escape.bytes != 0);
    out += put_utf8(escape.point, out);
    p = stop + escape.bytes;
  }
  return static_cast<std::size_t>(out - start);
}

const char* any_number_end(const char* p, const char* end) {
  const auto digits = [&] {
    const char* const first = p;
    while (p != end && is_digit(*p)) ++p;
    return p != first;
  };
  if (p != end && *p == '-') ++p;
  if (p != end && *p == '0')
    ++p;
  else if (!digits())
    return nullptr;
  if (p != end && *p == '.') {
    ++p;
    if (!digits()) return nullptr;
  }
  if (p != end && (*p == 'e' || *p == 'E')) {
    ++p;
    if (p != end && (*p == '+' || *p == '-')) ++p;
    if (!digits()) return nullptr;
  }
  return p == end || is_delimiter(*p) ? p : nullptr;
}

const char* literal_end(const char* p, const char* end) {
  const char* const word = *p == 't' ? "true" : *p == 'n' ? "null" : "fals";
  const std::ptrdiff_t bytes = *p == 'f' ? 5 : 4;
  if (end - p < bytes || std::memcmp(p, word, 4) != 0) return nullptr;
  if (bytes == 5 && p[4] != 'e') return nullptr;
  p += bytes;
  return p == end || is_delimiter(*p) ? p : nullptr;
}

bool number_is_finite(Bytes number) {
  if (number.find_first_of("eE") == Bytes::npos) return true;  // so few digits do not reach 10^308
  double value = 0;
  const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
  if (read.ec != std::errc::result_out_of_range) return true;
  // Out of range is also said of numbers too small to be told from zero; those are fine. With at
  // most number_chars_max characters only the exponent can have led there.
  const std::size_t exponent = number.find_first_of("eE");
  return exponent != Bytes::npos && number.substr(exponent + 1).starts_with('-');
}

Utf8Char decode_utf8(const char* p, const char* end) {
  const auto at = [p](int i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(p[i]));
  };
  const auto tail = [&](int i) { return (at(i) & 0xC0) == 0x80; };
  const auto left = end - p;
  if (left <= 0) return {};
  if (at(0) < 0x80) return {at(0), 1};
  if (at(0) < 0xC2 || at(0) > 0xF4) return {};
  if (at(0) < 0xE0) {
    if (left < 2 || !tail(1)) return {};
    return {(at(0) & 0x1F) << 6 | (at(1) & 0x3F), 2};
  }
  if (at(0) < 0xF0) {
    if (left < 3 || !tail(1) || !tail(2)) return {};
    const std::uint32_t point = (at(0) & 0x0F) << 12 | (at(1) & 0x3F) << 6 | (at(2) & 0x3F);
    if (point < 0x800 || (point >= 0xD800 && point <= 0xDFFF)) return {};
    return {point, 3};
  }
  if (left < 4 || !tail(1) || !tail(2) || !tail(3)) return {};
  const std::uint32_t point =
      (at(0) & 0x07) << 18 | (at(1) & 0x3F) << 12 | (at(2) & 0x3F) << 6 | (at(3) & 0x3F);
  if (point < 0x10000 || point > 0x10FFFF) return {};
  return {point, 4};
}

}  // namespace penstock::json
