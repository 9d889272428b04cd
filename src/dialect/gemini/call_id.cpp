#include "dialect/gemini/call_id.h"

#include <charconv>

#include "penstock/hash.h"

namespace penstock::dialect::gemini {
namespace {

constexpr Bytes id_prefix = "call_gem_";

}  // namespace

hub::Escaped made_call_id(Bytes answer_id, Bytes call, std::uint32_t ordinal, CallIdRoom& room) {
  constexpr Bytes digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::uint64_t bits = hash128(answer_id.empty() ? call : answer_id, ordinal)[0];
  std::size_t size = id_prefix.copy(room.data(), room.size());
  for (int i = 0; i < 11; ++i) {
    room[size++] = digits[bits % digits.size()];
    bits /= digits.size();
  }
  return {room.data(), size};
}

hub::Escaped made_call_id(std::uint32_t ordinal, CallIdRoom& room) {
  const std::size_t size = id_prefix.copy(room.data(), room.size());
  const auto end = std::to_chars(room.data() + size, room.data() + room.size(), ordinal).ptr;
  return {room.data(), static_cast<std::size_t>(end - room.data())};
}

bool is_made_call_id(hub::Escaped id) {
  return id.starts_with(id_prefix);
}

}  // namespace penstock::dialect::gemini
