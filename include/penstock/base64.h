// Base64 (RFC 4648 §4). Media goes through the gateway as it came; this is for the few places where
// a dialect wraps its own text in base64 (Bedrock's blobs).
#pragma once

#include <string>

#include "penstock/hub.h"

namespace penstock::dialect {

// Puts the bytes that `text` stands for into `out`, which keeps its room. The padding may be
// missing; an escaped slash is a slash. False when it is no base64.
bool decode_base64(hub::Escaped text, std::string& out);

// Appends `bytes` as base64, padded.
void append_base64(Bytes bytes, std::string& out);

}  // namespace penstock::dialect
