#include "dialect/anthropic/media_kind.h"

#include <algorithm>
#include <array>

namespace penstock::dialect::anthropic {
namespace {

struct Magic {
  Bytes begin;  // of the base64 text
  Bytes type;
};

constexpr std::array<Magic, 6> magics = {{
    {"iVBORw0KGgo", "image/png"},
    {"/9j/", "image/jpeg"},
    {"\\/9j\\/", "image/jpeg"},
    {"R0lGOD", "image/gif"},
    {"UklGR", "image/webp"},
    {"JVBERi", ""},
}};

constexpr std::array<Bytes, 4> image_types = {"image/png", "image/jpeg", "image/gif", "image/webp"};

int value_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

}  // namespace

Bytes image_type_of(const hub::Media& media) {
  for (const Magic& magic : magics) {
    if (media.data.starts_with(magic.begin)) return magic.type;
  }
  if (media.media_type == "image/jpg") return "image/jpeg";
  const auto type = std::ranges::find(image_types, media.media_type);
  return type != image_types.end() ? *type : Bytes();
}

bool is_text_type(hub::Escaped media_type) {
  return media_type.starts_with("text/") || media_type == "application/json";
}

bool decode_base64(hub::Escaped data, std::string& out) {
  std::uint32_t bits = 0;
  int held = 0;  // bits
  while (data.ends_with('=')) data.remove_suffix(1);
  out.reserve(out.size() + data.size() / 4 * 3 + 3);
  for (const char c : data) {
    if (c == '\\') continue;  // of an escaped slash
    const int value = value_of(c);
    if (value < 0) return false;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out.push_back(static_cast<char>(bits >> held & 0xFF));
  }
  return true;
}

}  // namespace penstock::dialect::anthropic
