// Values of single fields that more than one place reads.
#include "http/fields.h"
#include "http/tables.h"
#include "penstock/http.h"

namespace penstock::http {

namespace {

// The token after `Bearer`, or the whole value under another scheme.
Bytes without_bearer(Bytes authorization) {
  constexpr Bytes scheme = "bearer ";
  if (!equals_word(authorization.substr(0, scheme.size()), scheme)) return authorization;
  return trim_blanks(authorization.substr(scheme.size()));
}

}  // namespace

Bytes credential(const Fields& fields) noexcept {
  if (fields.has(Field::authorization)) {
    const Bytes value = fields.find(Field::authorization);
    const Bytes token = without_bearer(value);
    return token.size() < value.size() ? token : Bytes{};  // another scheme is no key
  }
  for (const Field field : {Field::x_api_key, Field::api_key, Field::x_goog_api_key}) {
    if (fields.has(field)) return fields.find(field);
  }
  return {};
}

std::optional<std::uint32_t> delta_seconds(Bytes value) noexcept {
  if (value.empty() || value.size() > 9 || !all(value, class_digit)) return std::nullopt;
  std::uint32_t seconds = 0;
  for (const char c : value) seconds = seconds * 10 + hex_value(c);
  return seconds;
}

MediaType media_type_of(Bytes content_type) noexcept {
  if (equals_word(content_type, "application/json")) return MediaType::json;  // nearly always
  const Bytes type = trim_blanks(content_type.substr(0, content_type.find(';')));
  if (type.empty()) return MediaType::none;
  if (equals_word(type, "application/json")) return MediaType::json;
  if (equals_word(type, "text/event-stream")) return MediaType::event_stream;
  if (equals_word(type, "application/x-ndjson")) return MediaType::ndjson;
  if (equals_word(type, "application/vnd.amazon.eventstream")) return MediaType::aws_event_stream;
  constexpr Bytes suffix = "+json";
  const std::size_t slash = type.find('/');
  if (slash != Bytes::npos && type.size() > slash + 1 + suffix.size() &&
      equals_word(type.substr(type.size() - suffix.size()), suffix)) {
    return MediaType::json;
  }
  return MediaType::other;
}

}  // namespace penstock::http
