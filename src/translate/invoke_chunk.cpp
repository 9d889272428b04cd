#include "translate/invoke_chunk.h"

#include <array>

#include "penstock/base64.h"

namespace penstock::translate {
namespace {

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
  if (!root["bytes"].is_string() || !dialect::decode_base64(root["bytes"].text(), out)) {
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
