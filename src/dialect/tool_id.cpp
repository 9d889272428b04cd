#include "dialect/tool_id.h"

#include <algorithm>

#include "penstock/hash.h"

namespace penstock::dialect {
namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool fits(Bytes id, IdRule rule) {
  switch (rule) {
    case IdRule::any:
      return !id.empty();
    case IdRule::word:
      return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](char c) {
        return is_letter_or_digit(c) || c == '_' || c == '-';
      });
    case IdRule::nine_letters:
      return id.size() == 9 && std::ranges::all_of(id, is_letter_or_digit);
  }
  PENSTOCK_UNREACHABLE();
}

}  // namespace

hub::Escaped fit_tool_id(hub::Escaped id, IdRule rule, std::uint32_t ordinal, IdRoom& room) {
  if (fits(id, rule)) return id;
  constexpr Bytes digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  constexpr std::uint64_t odd = 0x9E37'79B9'7F4A'7C15;
  std::uint64_t bits = id.empty() ? (ordinal + 1) * odd : hash128(id, 0)[0];
  const Bytes prefix = rule == IdRule::nine_letters ? Bytes() : Bytes("call_");
  std::size_t size = prefix.copy(room.data(), room.size());
  const std::size_t wanted = rule == IdRule::nine_letters ? 9 : size + 11;
  while (size < wanted) {
    room[size++] = digits[bits % digits.size()];
    bits /= digits.size();
  }
  return {room.data(), size};
}

}  // namespace penstock::dialect
