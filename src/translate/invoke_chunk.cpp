#include "translate/invoke_chunk.h"

#include <array>
#include <cstdint>

namespace penstock::translate {
namespace {

constexpr std::uint8_t no_digit = 64;

constexpr auto digit_of_char = [] {
  std::array<std::uint8_t, 256> table{};
  table.fill(no_digit);
  constexpr Bytes digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < digits.size(); ++i) {
    table[static_cast<std::uint8_t>(digits[i])] = static_cast<std::uint8_t>(i);
  }
  return table;
}();

// RFC 4648 §4, with or without padding; an escaped slash is a slash. False for anything else.
bool decode_base64(hub::Escaped text, std::string& out) {
  while (text.ends_with('=')) text.remove_suffix(1);
  out.clear();
  out.reserve(text.size() / 4 * 3 + 3);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && text.substr(i).starts_with("\\/")) ++i;
    const std::uint8_t digit = digit_of_char[static_cast<std::uint8_t>(text[i])];
    if (digit == no_digit) return false;
    bits = bits << 6 | digit;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out.push_back(static_cast<char>(bits >> held & 0xFF));
  }
  return held < 6;
}

struct ErrorName {
  Bytes exception;  // of AWS
  Bytes type;       // of Anthropic
};

// What is not here is an `api_error`.
constexpr std::array error_names{
    ErrorName{"throttlingException", "rate_limit_error"},
    ErrorName{"serviceUnavailableException", "overloaded_error"},
    ErrorName{"modelTimeoutException", "timeout_error"},
    ErrorName{"validationException", "invalid_request_error"},
};

}  // namespace

Result<> unwrap_invoke_chunk(Bytes payload, json::Document& document, std::string& out) {
  PENSTOCK_TRY(root, document.read(payload, json::Judge::answer));
  if (!root["bytes"].is_string() || !decode_base64(root["bytes"].text(), out)) {
    return fail(Code::malformed, Side::upstream);
  }
  return {};
}

void write_invoke_error(Bytes exception, Bytes payload, json::Document& document,
                        json::Composer& out) {
  Bytes type = "api_error";
  for (const ErrorName& name : error_names) {
    if (exception == name.exception) type = name.type;
  }
  const auto root = document.read(payload, json::Judge::answer);
  const Bytes message = root ? (*root)["message"].text() : Bytes();
  out.clear();
  out.begin_object().key("type").string("error").key("error").begin_object();
  out.key("type").string(type).key("message");
  if (message.empty())
    out.string(exception);
  else
    out.escaped_string(message);
  out.end_object().end_object();
}

}  // namespace penstock::translate
