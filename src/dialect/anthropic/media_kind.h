// What the bytes of an image or a file are, whatever their sender says: Anthropic refuses a block
// whose media type does not fit its data.
#pragma once

#include "penstock/hub.h"

namespace penstock::dialect::anthropic {

// The media type of an image that Anthropic takes, by its first bytes, else by its name; empty: it
// is of another kind.
Bytes image_type_of(const hub::Media& media);

// Text that is to be given as text and not as bytes.
bool is_text_type(hub::Escaped media_type);

}  // namespace penstock::dialect::anthropic
