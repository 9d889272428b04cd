#include "penstock/tool_name.h"

#include <algorithm>
#include <string>

#include "penstock/hash.h"
#include "penstock/json_document.h"

namespace penstock::dialect {
namespace {

constexpr std::size_t hash_digits = 8;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_word(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

std::size_t size_max(NameRule rule) {
  return rule == NameRule::word_128 ? 128 : 64;
}

}  // namespace

bool fits_name_rule(hub::Escaped name, NameRule rule) {
  if (rule == NameRule::any || name.empty()) return true;  // the empty one is for others to judge
  if (name.size() > size_max(rule)) return false;
  if (rule != NameRule::dotted) return std::ranges::all_of(name, is_word);
  return (is_letter(name.front()) || name.front() == '_') &&
         std::ranges::all_of(name, [](char c) { return is_word(c) || c == '.' || c == ':'; });
}

hub::Escaped fit_tool_name(hub::Escaped name, NameRule rule, NameRoom& room) {
  if (fits_name_rule(name, rule)) return name;
  constexpr Bytes digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::string plain;
  if (name.find('\\') != Bytes::npos) {  // "a\/b" is the same name as "a/b"
    json::append_unescaped(name, plain);
    name = plain;
  }
  std::size_t size = 0;
  if (!name.empty() && !is_letter(name.front()) && name.front() != '_') room[size++] = '_';
  const std::size_t legible = room.size() - hash_digits - 1;
  for (std::size_t i = 0; i < name.size() && size < legible; ++i) {
    room[size++] = is_word(name[i]) ? name[i] : '_';
  }
  room[size++] = '_';
  std::uint64_t bits = hash128(name, 0)[0];
  for (std::size_t i = 0; i < hash_digits; ++i) {
    room[size++] = digits[bits % digits.size()];
    bits /= digits.size();
  }
  return {room.data(), size};
}

}  // namespace penstock::dialect
