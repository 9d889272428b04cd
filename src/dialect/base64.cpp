#include "penstock/base64.h"

#include <array>

namespace penstock::dialect {
namespace {

constexpr Bytes alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t none = 64;

constexpr std::array<std::uint8_t, 256> digit_of = [] {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(none);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    digits[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::uint8_t>(i);
  return digits;
}();

}  // namespace

bool decode_base64(hub::Escaped text, std::string& out) {
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  out.clear();
  out.reserve(text.size() / 4 * 3 + 3);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '/') ++i;
    const std::uint8_t digit = digit_of[static_cast<std::uint8_t>(text[i])];
    if (digit == none) return false;
    bits = bits << 6 | digit;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out.push_back(static_cast<char>(bits >> held & 0xFF));
  }
  return held < 6;  // a lone digit stands for nothing
}

void append_base64(Bytes bytes, std::string& out) {
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<std::uint8_t>(c);
    for (held += 8; held >= 6; held -= 6) out.push_back(alphabet[bits >> (held - 6) & 63]);
  }
  if (held > 0) {
    out.push_back(alphabet[bits << (6 - held) & 63]);
    out.append(held == 2 ? "==" : "=");
  }
}

}  // namespace penstock::dialect
