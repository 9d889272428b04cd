// Transfer-Encoding, Content-Length and Connection, each read in one way only.
#include "http/body.h"

#include "http/fields.h"
#include "http/tables.h"

namespace penstock::http {

namespace {

constexpr std::size_t length_digits_max = 19;

// Digits only; nineteen of them cannot overflow 64 bits.
std::optional<std::uint64_t> parse_length(Bytes text) {
  if (text.empty() || text.size() > length_digits_max) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    const auto digit = static_cast<unsigned char>(c - '0');
    if (digit > 9) return std::nullopt;
    value = value * 10 + digit;
  }
  if (value > body_unlimited) return std::nullopt;
  return value;
}

bool is_protected(Bytes option) {
  const Field field = recognise(option);
  if (field != Field::other && (protected_fields & bit(field)) != 0) return true;
  return equals_word(option.substr(0, 11), "x-penstock-") ||
         equals_word(option.substr(0, 10), "x-gateway-");
}

// Empty list elements are ignored, as RFC 9110 §5.6.1 asks.
void take_options(Bytes list, bool refuse_protected, ConnectionOptions& out) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const Bytes option = trim_blanks(list.substr(0, comma));
    list = comma == Bytes::npos ? Bytes{} : list.substr(comma + 1);
    if (option.empty()) continue;
    if (!is_token(option)) {
      out.reason = Reason::bad_connection;
    } else if (equals_word(option, "close")) {
      out.close = true;
    } else if (equals_word(option, "keep-alive")) {
      out.keep_alive = true;
    } else if (refuse_protected && is_protected(option)) {
      out.reason = Reason::protected_connection;
    }
    if (out.reason != Reason::none) return;
  }
}

}  // namespace

BodyLength body_length(const Fields& fields, Version version) noexcept {
  const bool has_length = fields.has(Field::content_length);
  if (fields.has(Field::transfer_encoding)) {
    if (has_length) return {.reason = Reason::length_and_coding};
    if (version == Version::http10) return {.reason = Reason::coding_in_http10};
    const Bytes coding = fields.find(Field::transfer_encoding);
    if (equals_word(coding, "chunked")) return {.framing = Framing::chunked};
    return {.reason = is_token(coding) ? Reason::unknown_coding : Reason::bad_coding};
  }
  if (!has_length) return {};
  const auto length = parse_length(fields.find(Field::content_length));
  if (!length) return {.reason = Reason::bad_length};
  return {.framing = Framing::length, .bytes = *length};
}

ConnectionOptions connection_options(const Fields& fields, bool refuse_protected) noexcept {
  ConnectionOptions out;
  if (!fields.has(Field::connection)) return out;
  for (const FieldLine& line : fields.lines()) {
    if (line.field != Field::connection) continue;
    take_options(line.value, refuse_protected, out);
    if (out.reason != Reason::none) break;
  }
  return out;
}

}  // namespace penstock::http
