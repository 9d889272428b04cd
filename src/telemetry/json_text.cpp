#include "telemetry/json_text.h"

#include <array>
#include <bit>

#include "telemetry/utf8.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace penstock {
namespace {

constexpr Bytes cut_mark = "\xE2\x80\xA6";  // U+2026
constexpr Bytes hex_digits = "0123456789abcdef";

constexpr std::uint64_t every_byte(std::uint64_t b) {
  return b * 0x0101010101010101u;
}

// The high bit of the first byte that needs a closer look: a control, a quote, a backslash, DEL or
// a byte of a longer character. Bits above the first one mean nothing.
constexpr std::uint64_t unclean(std::uint64_t word) {
  const auto equals = [](std::uint64_t w, std::uint64_t b) {
    const std::uint64_t x = w ^ every_byte(b);
    return (x - every_byte(0x01)) & ~x;
  };
  const std::uint64_t control = (word - every_byte(0x20)) & ~word;
  return (control | equals(word, '"') | equals(word, '\\') | equals(word, 0x7F) | word) &
         every_byte(0x80);
}

constexpr bool is_clean(unsigned char c) {
  return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

#if defined(__SSE2__)
// The same for sixteen bytes, which are copied: one bit for each.
unsigned copy_sixteen(char* to, const char* from) {
  const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), x);
  const auto equals = [&](char c) { return _mm_cmpeq_epi8(x, _mm_set1_epi8(c)); };
  const __m128i odd = _mm_or_si128(_mm_or_si128(equals('"'), equals('\\')), equals(0x7F));
  const __m128i plain = _mm_cmpgt_epi8(x, _mm_set1_epi8(0x1F));  // bytes above 0x7F are negative
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_andnot_si128(odd, plain))) ^ 0xFFFFu;
}
#endif

// Copies the clean front of `in`, as far as there is room; says how many bytes.
std::size_t copy_clean(char* to, std::size_t room, Bytes in) {
  const std::size_t limit = room < in.size() ? room : in.size();
  std::size_t n = 0;
#if defined(__SSE2__)
  for (; limit - n >= 16; n += 16) {
    const unsigned marks = copy_sixteen(to + n, in.data() + n);
    if (marks != 0) return n + static_cast<std::size_t>(std::countr_zero(marks));
  }
  if (limit >= 16) {  // what is left, together with clean bytes before it
    n = limit - 16;
    const unsigned marks = copy_sixteen(to + n, in.data() + n);
    return marks != 0 ? n + static_cast<std::size_t>(std::countr_zero(marks)) : limit;
  }
#endif
  if constexpr (std::endian::native == std::endian::little) {
    while (limit - n >= 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, in.data() + n, 8);
      std::memcpy(to + n, &word, 8);
      const std::uint64_t marks = unclean(word);
      if (marks != 0) return n + static_cast<std::size_t>(std::countr_zero(marks)) / 8;
      n += 8;
    }
  }
  for (; n < limit && is_clean(static_cast<unsigned char>(in[n])); ++n) to[n] = in[n];
  return n;
}

// Characters that are harmless in JSON but not where a log is read: C1 controls; line and paragraph
// separator and the direction marks behind them; the direction isolates.
constexpr bool is_treacherous(std::uint32_t point) {
  return (point >= 0x80 && point <= 0x9F) || (point >= 0x2028 && point <= 0x202E) ||
         (point >= 0x2066 && point <= 0x2069);
}

struct Escaped {
  char text[6];
  std::size_t bytes;
  std::size_t taken;  // bytes of the input that it stands for
};

// One character that is not clean, as it stands in the line.
Escaped escape(Bytes in) {
  const Utf8Character c = first_character(in);
  Escaped out{{}, 0, c.bytes == 0 ? 1 : c.bytes};
  const auto put = [&out](Bytes text) {
    std::memcpy(out.text, text.data(), text.size());
    out.bytes = text.size();
  };
  if (c.bytes == 0) {
    put(replacement_character);
  } else if (c.point == '"') {
    put("\\\"");
  } else if (c.point == '\\') {
    put("\\\\");
  } else if (c.point == '\n') {
    put("\\n");
  } else if (c.point == '\r') {
    put("\\r");
  } else if (c.point == '\t') {
    put("\\t");
  } else if (c.point < 0x20 || c.point == 0x7F || is_treacherous(c.point)) {
    put("\\u");
    for (int shift = 12; shift >= 0; shift -= 4) {
      out.text[out.bytes++] = hex_digits[(c.point >> shift) & 0xF];
    }
  } else {
    put(in.substr(0, c.bytes));
  }
  return out;
}

}  // namespace

void JsonText::string(Bytes value) {
  PENSTOCK_ASSERT(room() >= field_bytes_max + 2);
  *at_++ = '"';
  char* const limit = at_ + field_bytes_max - cut_mark.size();
  for (;;) {
    const std::size_t clean = copy_clean(at_, static_cast<std::size_t>(limit - at_), value);
    at_ += clean;
    value.remove_prefix(clean);
    if (value.empty()) break;
    const Escaped next = escape(value);
    if (next.bytes > static_cast<std::size_t>(limit - at_)) {
      raw(cut_mark);
      break;
    }
    std::memcpy(at_, next.text, next.bytes);
    at_ += next.bytes;
    value.remove_prefix(next.taken);
  }
  *at_++ = '"';
}

void JsonText::milliseconds(std::int64_t ns) {
  const std::uint64_t us = ns > 0 ? static_cast<std::uint64_t>(ns) / 1'000 : 0;
  number(us / 1'000);
  PENSTOCK_DEBUG_ASSERT(room() >= 4);
  *at_ = '.';
  at_ = put_thousandths(at_ + 1, static_cast<std::uint32_t>(us % 1'000));
}

}  // namespace penstock
