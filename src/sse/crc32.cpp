// Eight bytes at a time by eight tables ("slicing by 8", Kounavis and Berry, 2005): about one byte
// per cycle, for frames of a few hundred bytes each.
#include "sse/crc32.h"

#include <array>
#include <bit>
#include <cstring>

namespace penstock::sse {
namespace {

static_assert(std::endian::native == std::endian::little);

using Table = std::array<std::uint32_t, 256>;

// tables[k][b]: what the byte b becomes when k more bytes follow it.
constexpr std::array<Table, 8> tables = [] {
  std::array<Table, 8> made{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? 0xEDB8'8320u : 0);
    made[0][i] = value;
  }
  for (std::size_t k = 1; k < made.size(); ++k) {
    for (std::size_t i = 0; i < 256; ++i)
      made[k][i] = made[k - 1][i] >> 8 ^ made[0][made[k - 1][i] & 0xFF];
  }
  return made;
}();

}  // namespace

std::uint32_t crc32(Bytes bytes, std::uint32_t before) {
  std::uint32_t crc = ~before;
  while (bytes.size() >= 8) {
    std::array<std::uint32_t, 2> words;
    std::memcpy(words.data(), bytes.data(), 8);
    words[0] ^= crc;
    crc = 0;
    for (unsigned byte = 0; byte < 8; ++byte)
      crc ^= tables[7 - byte][words[byte / 4] >> 8 * (byte % 4) & 0xFF];
    bytes.remove_prefix(8);
  }
  for (const char c : bytes)
    crc = crc >> 8 ^ tables[0][(crc ^ static_cast<std::uint8_t>(c)) & 0xFF];
  return ~crc;
}

}  // namespace penstock::sse
