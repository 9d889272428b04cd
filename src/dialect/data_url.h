// Data URLs (RFC 2397), the form in which OpenAI's dialects carry bytes.
#pragma once

#include <optional>

#include "penstock/hub.h"

namespace penstock::dialect {

// Takes `url` apart into a base64 source; nothing when it is no data URL, or one whose data are not
// base64. `url` is Escaped: an escaped slash in it is understood in the media type only when the
// type is one of the usual ones.
std::optional<hub::Media> read_data_url(hub::Escaped url);
// True when `url` begins with "data:".
bool is_data_url(hub::Escaped url);
// image, audio, video or file, by the media type.
hub::PartKind kind_of_media(hub::Escaped media_type);

}  // namespace penstock::dialect
