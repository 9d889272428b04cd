#include "penstock/error.h"

#include <array>
#include <cstddef>

namespace penstock {
namespace {

constexpr std::string_view invalid = "invalid_request_error";
constexpr std::string_view server = "server_error";

// Index = Code. Statuses, types and codes: the error catalogue in docs/operating.md.
constexpr std::array table{
    ErrorText{400, invalid, "bad_request",
              "The HTTP message is malformed. Check the client or the proxy in front of it.",
              Advice::never, true},
    ErrorText{400, invalid, "invalid_json",
              "The request body is not acceptable JSON: send one UTF-8 JSON object.", Advice::never,
              false},
    ErrorText{400, invalid, "invalid_value", "A field of the request has an invalid value.",
              Advice::never, false},
    ErrorText{400, invalid, "missing_field", "A required field of the request is missing.",
              Advice::never, false},
    ErrorText{400, invalid, "unknown_field",
              "A field of the request is not accepted by this gateway: remove it.", Advice::never,
              false},
    ErrorText{400, invalid, "duplicate_field", "A field of the request is given twice.",
              Advice::never, false},
    ErrorText{401, invalid, "invalid_api_key",
              "No valid API key was given. Send a virtual key of this gateway as "
              "'Authorization: Bearer <key>'.",
              Advice::never, false},
    ErrorText{403, "permission_error", "model_not_allowed",
              "This key may not use the requested model.", Advice::never, false},
    ErrorText{403, "permission_error", "key_disabled", "This key is disabled.", Advice::never,
              false},
    ErrorText{404, invalid, "not_found", "There is nothing at this path.", Advice::never, false},
    ErrorText{404, invalid, "model_not_found",
              "The requested model does not exist, or this key may not use it. GET /v1/models "
              "lists the models of this key.",
              Advice::never, false},
    ErrorText{405, invalid, "method_not_allowed", "This method is not allowed at this path.",
              Advice::never, false},
    ErrorText{408, invalid, "request_timeout",
              "The request did not arrive completely within the time limit.", Advice::none, true},
    ErrorText{411, invalid, "length_required",
              "The request has no length: send Content-Length or chunked.", Advice::never, true},
    ErrorText{413, invalid, "body_too_large", "The request body is larger than the limit.",
              Advice::never, true},
    ErrorText{414, invalid, "uri_too_long", "The request target is longer than the limit.",
              Advice::never, true},
    ErrorText{415, invalid, "unsupported_media_type",
              "The request body must be JSON: send 'Content-Type: application/json'.",
              Advice::never, false},
    ErrorText{415, invalid, "unsupported_encoding",
              "Compressed request bodies are not accepted: send the body without Content-Encoding.",
              Advice::never, false},
    ErrorText{417, invalid, "expectation_failed",
              "The only expectation this server meets is 100-continue.", Advice::never, true},
    ErrorText{429, "requests", "rate_limit_exceeded",
              "The request rate of this key is over its limit. Try again later.", Advice::later,
              false},
    ErrorText{429, "requests", "too_many_concurrent_requests",
              "This key has too many requests running at once. Try again later.", Advice::later,
              false},
    ErrorText{431, invalid, "headers_too_large",
              "The request head has too many or too large header fields.", Advice::never, true},
    ErrorText{500, server, "internal_error", "The gateway failed. This is a defect: report it.",
              Advice::none, true},
    ErrorText{501, invalid, "not_implemented", "This method or transfer coding is not implemented.",
              Advice::never, true},
    ErrorText{
        400, invalid, "unsupported_parameter",
        "The provider of this model cannot do what this field asks for. Leave it out or choose "
        "another model.",
        Advice::never, false},
    ErrorText{502, server, "upstream_bad_response",
              "The model provider sent an answer that could not be used.", Advice::none, false},
    ErrorText{502, server, "upstream_connect_failed",
              "No connection to the model provider could be made.", Advice::none, false},
    ErrorText{502, server, "upstream_tls_failed",
              "The TLS connection to the model provider could not be trusted.", Advice::none,
              false},
    ErrorText{502, server, "upstream_reset",
              "The model provider closed the connection before it answered.", Advice::none, false},
    ErrorText{502, server, "upstream_auth_failed",
              "The model provider refused the gateway's credential. The operator of this gateway "
              "has to mend it.",
              Advice::none, false},
    ErrorText{503, server, "overloaded", "The gateway is overloaded. Try again later.",
              Advice::later, false},
    ErrorText{503, server, "draining", "The gateway is shutting down. Try again.", Advice::later,
              true},
    ErrorText{503, server, "upstream_unavailable",
              "No target of this model is available. Try again later.", Advice::later, false},
    ErrorText{504, server, "upstream_timeout",
              "The model provider did not answer within the time limit.", Advice::none, false},
    ErrorText{505, invalid, "version_not_supported", "This server speaks HTTP/1.1 and HTTP/1.0.",
              Advice::never, true},
    ErrorText{502, server, "upstream_stream_interrupted",
              "The answer of the model provider was cut off. What was received is incomplete.",
              Advice::none, true},
    ErrorText{503, server, "gateway_shutdown",
              "The gateway was shut down before the answer ended. What was received is incomplete.",
              Advice::none, true},
    ErrorText{499, "", "client_closed", "The client left.", Advice::none, true},
    ErrorText{0, "", "closed", "The peer closed the connection.", Advice::none, true},
    ErrorText{0, "", "reset", "The connection broke.", Advice::none, true},
    ErrorText{0, "", "timed_out", "A time limit passed.", Advice::none, true},
    ErrorText{0, "", "cancelled", "The work was cancelled.", Advice::none, true},
    ErrorText{0, "", "malformed", "The bytes break their format.", Advice::none, true},
    ErrorText{0, "", "too_large", "A size limit was met.", Advice::none, true},
    ErrorText{0, "", "refused", "A bounded queue was full.", Advice::none, true},
    ErrorText{0, "", "dns_failed", "The name has no address.", Advice::none, true},
    ErrorText{0, "", "tls_failed", "The TLS connection failed.", Advice::none, true},
};
static_assert(table.size() == static_cast<std::size_t>(Code::tls_failed) + 1);

}  // namespace

const ErrorText& describe(Code code) noexcept {
  return table[static_cast<std::size_t>(code)];
}

}  // namespace penstock
