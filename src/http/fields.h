// Names of fields: recognising one, and what the rules say about it.
#pragma once

#include "penstock/http.h"

namespace penstock::http {

using FieldSet = std::uint64_t;  // one bit for each Field
constexpr FieldSet bit(Field field) {
  return FieldSet{1} << static_cast<unsigned>(field);
}

// Credentials of a client. A request holds one, or several that agree.
inline constexpr FieldSet credential_fields = bit(Field::authorization) | bit(Field::x_api_key) |
                                              bit(Field::api_key) | bit(Field::x_goog_api_key);

// At most one line in a message, also when a second one agrees (RFC 9110 §5.3).
inline constexpr FieldSet single_in_response =
    bit(Field::content_length) | bit(Field::transfer_encoding) | bit(Field::content_type) |
    bit(Field::content_encoding);
inline constexpr FieldSet single_in_request = single_in_response | bit(Field::host) |
                                              bit(Field::expect) | bit(Field::idempotency_key) |
                                              credential_fields;

// Fields that a Connection option may not name: naming one would take it away from whoever
// forwards the message next (RFC 9110 §7.6.1). Names with `x-penstock-` or `x-gateway-` are
// protected by their prefix.
inline constexpr FieldSet protected_fields = single_in_request | bit(Field::x_request_id) |
                                             bit(Field::x_forwarded_for) | bit(Field::forwarded);

// The known field with this name, compared without case; `other` when there is none. A result
// other than `other` means that the name is a token.
// name: at least one byte, no controls.
Field recognise(Bytes name) noexcept;

// Compares `n` bytes of `text`, which holds no controls other than HTAB, without case to `word`,
// which is of small letters, digits, blanks and `-/+`.
bool equals_word(const char* text, const char* word, std::size_t n) noexcept;
inline bool equals_word(Bytes text, Bytes word) noexcept {
  return text.size() == word.size() && equals_word(text.data(), word.data(), word.size());
}

}  // namespace penstock::http
