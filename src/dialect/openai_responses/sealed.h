// What `encrypted_content` of a reasoning item holds when the reasoning is not OpenAI's own: a
// signature of another issuer, in a form that says whose it is, so that the next request can give
// it back to that issuer and to nobody else. The form is text, version 1:
//
//   penstock.v1.ISSUER.KIND.ID~SIGNATURE~TEXT
//
// ID and SIGNATURE have '%' and '~' written as %25 and %7E; TEXT is the rest. It is neither
// encrypted nor authenticated: what it carries is signed by its issuer, who judges it.
#pragma once

#include <optional>

#include "penstock/hub.h"
#include "penstock/json_writer.h"

namespace penstock::dialect::openai_responses {

enum class SealKind : std::uint8_t {
  thinking,  // the signature of a thinking block whose text is the item's summary
  hidden,    // the same; the text is not shown and stands here
  redacted,  // the data of an opaque thinking block
  call,      // the signature of the tool call ID
  text,      // the signature of the assistant's text directly before
  block,     // TEXT is a block of the issuer, JSON
};

struct Sealed {
  hub::Issuer issuer = hub::Issuer::none;
  SealKind kind = SealKind::thinking;
  hub::Escaped id{};  // of the reasoning item at its issuer, or of the tool call
  hub::Escaped signature{};
  hub::Escaped text{};
};

// Writes it as a string value.
void write_sealed(const Sealed& sealed, json::Writer& out);

// `content` is of the form above, whatever its version.
bool is_sealed(hub::Escaped content);
// Reads it; nothing when it is of another version or damaged. `request` keeps what must be made.
std::optional<Sealed> read_sealed(hub::Escaped content, hub::Request& request);

}  // namespace penstock::dialect::openai_responses
