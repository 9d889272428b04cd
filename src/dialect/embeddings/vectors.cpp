// Vectors as numbers and as base64. A number is read as the float32 that is nearest to it, never by
// way of a double, which would round twice; a float32 is written in the fewest digits that give it
// back.
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string>

#include "dialect/embeddings/forms.h"
#include "penstock/base64.h"

namespace penstock::embedding {
namespace {

void append_little_endian(float value, std::string& out) {
  auto bits = std::bit_cast<std::uint32_t>(value);
  for (int i = 0; i < 4; ++i) {
    out.push_back(static_cast<char>(bits & 0xFF));
    bits >>= 8;
  }
}

float read_little_endian(const char* bytes) {
  std::uint32_t bits = 0;
  for (int i = 3; i >= 0; --i) bits = bits << 8 | static_cast<unsigned char>(bytes[i]);
  return std::bit_cast<float>(bits);
}

// Whether a number that is no float32 lies too near to zero for one, and not too far from it.
bool is_tiny(Bytes number) {
  double value = 0;
  const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
  if (read.ec == std::errc{}) return std::abs(value) < 1;
  return number.find("e-") != Bytes::npos || number.find("E-") != Bytes::npos;
}

// The numbers of a JSON array, which was read once already: only their limits are looked for.
Result<std::string> packed(Raw array) {
  if (!array.starts_with('[')) return malformed();
  std::string out;
  const char* at = array.data() + 1;
  const char* const end = array.data() + array.size() - 1;
  while (true) {
    while (at != end && Bytes(" \t\r\n,").find(*at) != Bytes::npos) ++at;
    if (at == end) return out;
    float value = 0;
    const auto read = std::from_chars(at, end, value);
    const bool tiny = read.ec == std::errc::result_out_of_range && is_tiny({at, read.ptr});
    if (read.ec != std::errc{} && !tiny) return malformed();
    append_little_endian(tiny ? 0.0F : value, out);
    at = read.ptr;
  }
}

}  // namespace

Result<> write_base64(const Vector& vector, json::Composer& out) {
  if (vector.floats.empty()) {
    out.escaped_string(vector.base64);
    return {};
  }
  PENSTOCK_TRY(bytes, packed(vector.floats));
  std::string text;
  dialect::append_base64(bytes, text);
  out.escaped_string(text);
  return {};
}

Result<> write_floats(const Vector& vector, json::Composer& out) {
  if (!vector.floats.empty()) {
    out.raw(vector.floats);
    return {};
  }
  std::string bytes;
  if (!dialect::decode_base64(vector.base64, bytes) || bytes.size() % 4 != 0) return malformed();
  out.begin_array();
  for (std::size_t i = 0; i < bytes.size(); i += 4) {
    const float value = read_little_endian(bytes.data() + i);
    if (!std::isfinite(value)) return malformed();
    std::array<char, 32> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.raw({digits.data(), static_cast<std::size_t>(end - digits.data())});
  }
  out.end_array();
  return {};
}

}  // namespace penstock::embedding
