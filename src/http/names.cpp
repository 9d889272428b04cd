// Static words: labels of reasons, names of methods, phrases of statuses, and the catalogue code
// of each reason.
#include "penstock/http.h"

namespace penstock::http {

namespace {

struct ReasonRow {
  Bytes label;
  Code code;
};

// In the order of `Reason`.
constexpr std::array<ReasonRow, reason_count> reasons = {{
    {"none", Code::bad_request},
    {"tls_bytes", Code::bad_request},
    {"http2_preface", Code::bad_request},
    {"http09", Code::bad_request},
    {"bare_cr", Code::bad_request},
    {"bare_lf", Code::bad_request},
    {"control_byte", Code::bad_request},
    {"line_too_long", Code::headers_too_large},
    {"head_too_long", Code::headers_too_large},
    {"too_many_lines", Code::headers_too_large},
    {"bad_start_line", Code::bad_request},
    {"bad_method", Code::bad_request},
    {"unknown_method", Code::not_implemented},
    {"refused_method", Code::method_not_allowed},
    {"bad_target", Code::bad_request},
    {"target_too_long", Code::uri_too_long},
    {"authority_target", Code::method_not_allowed},
    {"bad_version", Code::bad_request},
    {"unknown_version", Code::version_not_supported},
    {"bad_status_line", Code::upstream_bad_response},
    {"bad_status", Code::upstream_bad_response},
    {"switching_protocols", Code::upstream_bad_response},
    {"too_many_interim", Code::upstream_bad_response},
    {"leading_blank", Code::bad_request},
    {"bad_field_name", Code::bad_request},
    {"duplicate_field", Code::bad_request},
    {"missing_host", Code::bad_request},
    {"bad_host", Code::bad_request},
    {"credential_conflict", Code::bad_request},
    {"bad_connection", Code::bad_request},
    {"protected_connection", Code::bad_request},
    {"unknown_expectation", Code::expectation_failed},
    {"length_and_coding", Code::bad_request},
    {"coding_in_http10", Code::bad_request},
    {"bad_coding", Code::bad_request},
    {"unknown_coding", Code::not_implemented},
    {"bad_length", Code::bad_request},
    {"length_required", Code::length_required},
    {"body_too_large", Code::body_too_large},
    {"bad_chunk_size", Code::bad_request},
    {"bad_chunk_extension", Code::bad_request},
    {"chunk_extension_too_long", Code::bad_request},
    {"bad_chunk_end", Code::bad_request},
    {"chunk_flood", Code::bad_request},
    {"bad_trailer", Code::bad_request},
    {"trailer_too_long", Code::bad_request},
    {"truncated", Code::bad_request},
}};
static_assert(!reasons.back().label.empty());

}  // namespace

Bytes name(Reason reason) noexcept {
  return reasons[static_cast<std::size_t>(reason)].label;
}
Code code_of(Reason reason) noexcept {
  return reasons[static_cast<std::size_t>(reason)].code;
}

Bytes name(Method method) noexcept {
  static constexpr std::array<Bytes, 9> names = {"GET",    "HEAD",    "POST",  "PUT",    "PATCH",
                                                 "DELETE", "OPTIONS", "TRACE", "CONNECT"};
  return names[static_cast<std::size_t>(method)];
}

Bytes status_phrase(std::uint16_t status) noexcept {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 424:
      return "Failed Dependency";
    case 425:
      return "Too Early";
    case 426:
      return "Upgrade Required";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 451:
      return "Unavailable For Legal Reasons";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    default:
      return {};
  }
}

}  // namespace penstock::http
