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

}  // namespace penstock::dialect::anthropic
