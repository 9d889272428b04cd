// Signatures of other providers on their way through a Gemini client. The dialect has one field for
// them, `thoughtSignature`, which holds bytes in base64 and is decoded and encoded again by some
// SDKs, in either alphabet. So a foreign one is wrapped with its issuer, what it is and the id of
// its item, and encoded as a whole; when it comes back it is what it was.
#pragma once

#include <string>

#include "penstock/hub.h"
#include "penstock/json_writer.h"

namespace penstock::dialect::gemini {

struct Signed {
  hub::Issuer issuer = hub::Issuer::gemini;
  bool redacted = false;  // a whole opaque block of thinking, not a mark on a part
  std::string id{};       // Escaped
  std::string data{};     // Escaped; unused for Gemini's own
};

// Writes the string value of `thoughtSignature`. Google's own goes as it stands.
void write_signature(const Signed& kind, hub::Escaped data, json::Writer& out);

// Takes a wrapped one apart. False: it is Google's own, or none of ours.
bool read_wrapped_signature(hub::Escaped value, Signed& out);

}  // namespace penstock::dialect::gemini
