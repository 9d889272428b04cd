#include "dialect/data_url.h"

#include <array>

namespace penstock::dialect {
namespace {

// Media types as some serialisers write them, with an escaped slash, and what they mean.
constexpr std::array<std::array<Bytes, 2>, 8> escaped_types{{
    {"image\\/png", "image/png"},
    {"image\\/jpeg", "image/jpeg"},
    {"image\\/gif", "image/gif"},
    {"image\\/webp", "image/webp"},
    {"application\\/pdf", "application/pdf"},
    {"text\\/plain", "text/plain"},
    {"audio\\/wav", "audio/wav"},
    {"audio\\/mpeg", "audio/mpeg"},
}};

}  // namespace

bool is_data_url(hub::Escaped url) {
  return url.starts_with("data:");
}

std::optional<hub::Media> read_data_url(hub::Escaped url) {
  constexpr Bytes base64 = ";base64";
  if (!is_data_url(url)) return {};
  const std::size_t comma = url.find(',');
  if (comma == Bytes::npos) return {};
  Bytes type = url.substr(5, comma - 5);
  if (!type.ends_with(base64)) return {};
  type.remove_suffix(base64.size());
  type = type.substr(0, type.find(';'));
  for (const auto& [escaped, plain] : escaped_types) {
    if (type == escaped) type = plain;
  }
  hub::Media media;
  media.source = hub::Source::base64;
  media.media_type = type.empty() ? Bytes("text/plain") : type;
  media.data = url.substr(comma + 1);
  return media;
}

hub::PartKind kind_of_media(hub::Escaped media_type) {
  if (media_type.starts_with("image/")) return hub::PartKind::image;
  if (media_type.starts_with("audio/")) return hub::PartKind::audio;
  if (media_type.starts_with("video/")) return hub::PartKind::video;
  return hub::PartKind::file;
}

}  // namespace penstock::dialect
