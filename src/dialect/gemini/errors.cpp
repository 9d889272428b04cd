// Errors in the form of google.rpc.Status, both ways
// (https://cloud.google.com/apis/design/errors#http_mapping).
#include <array>
#include <charconv>

#include "dialect/error_kind.h"
#include "dialect/gemini/gemini.h"

namespace penstock::dialect::gemini {
namespace {

using hub::ErrorKind;

struct Status {
  Bytes word;
  ErrorKind kind;
};
constexpr std::array<Status, 14> statuses{{
    {"INVALID_ARGUMENT", ErrorKind::invalid_request},
    {"OUT_OF_RANGE", ErrorKind::invalid_request},
    {"FAILED_PRECONDITION", ErrorKind::permission},  // billing is off, or not in this region
    {"UNAUTHENTICATED", ErrorKind::authentication},
    {"PERMISSION_DENIED", ErrorKind::permission},
    {"NOT_FOUND", ErrorKind::not_found},
    {"ABORTED", ErrorKind::conflict},
    {"ALREADY_EXISTS", ErrorKind::conflict},
    {"RESOURCE_EXHAUSTED", ErrorKind::rate_limit},
    {"INTERNAL", ErrorKind::server},
    {"UNKNOWN", ErrorKind::server},
    {"UNAVAILABLE", ErrorKind::overloaded},
    {"DEADLINE_EXCEEDED", ErrorKind::timeout},
    {"UNIMPLEMENTED", ErrorKind::unsupported},
}};

bool holds(Bytes text, Bytes piece) {
  return text.find(piece) != Bytes::npos;
}

// "34.4s" in milliseconds. Whole seconds were seen to be rounded down, so they get one more.
std::uint32_t read_delay(Bytes delay) {
  if (!delay.ends_with('s')) return 0;
  delay.remove_suffix(1);
  const bool whole = !holds(delay, ".");
  std::uint32_t seconds = 0;
  const char* const end = delay.data() + delay.size();
  const auto read = std::from_chars(delay.data(), end, seconds);
  if (read.ec != std::errc() || seconds > 1'000'000) return 0;
  if (whole) return read.ptr == end && seconds > 0 ? (seconds + 1) * 1000 : 0;
  std::uint32_t ms = 0;
  std::uint32_t unit = 100;
  for (const char* p = read.ptr + 1; read.ptr != end && p != end && unit > 0; ++p, unit /= 10) {
    if (*p < '0' || *p > '9') return 0;
    ms += static_cast<std::uint32_t>(*p - '0') * unit;
  }
  return seconds * 1000 + ms;
}

void read_details(json::View details, hub::ErrorNote& out) {
  for (const json::View detail : details) {
    const Bytes type = detail["@type"].text();
    if (type.ends_with("ErrorInfo")) {
      out.code = detail["reason"].text();
    } else if (type.ends_with("RetryInfo")) {
      out.retry_after_ms = read_delay(detail["retryDelay"].text());
    } else if (type.ends_with("BadRequest")) {
      out.param = detail["fieldViolations"].at(0)["field"].text();
    } else if (type.ends_with("QuotaFailure")) {
      for (const json::View violation : detail["violations"]) {
        // A day's quota is not worth waiting for.
        if (holds(violation["quotaId"].text(), "PerDay")) out.kind = ErrorKind::quota;
      }
    }
  }
}

// What the words say more exactly than the status does.
void refine(hub::ErrorNote& out) {
  const Bytes text = out.message;
  if (out.kind == ErrorKind::invalid_request) {
    if (out.code.starts_with("API_KEY_")) {
      out.kind = ErrorKind::authentication;
    } else if (holds(text, "token") && holds(text, "exceeds the maximum")) {
      out.kind = ErrorKind::context_length;
    }
  } else if (out.kind == ErrorKind::permission && holds(text, "unregistered callers")) {
    out.kind = ErrorKind::authentication;
  } else if (out.kind == ErrorKind::not_found && holds(text, "odel")) {
    out.kind = ErrorKind::model_not_found;
  }
}

struct Answer {
  std::uint16_t code;
  Bytes status;
};

Answer answer_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid_request:
    case ErrorKind::context_length:
    case ErrorKind::content_filter:
    case ErrorKind::unsupported:
      return {400, "INVALID_ARGUMENT"};
    case ErrorKind::authentication:
      return {401, "UNAUTHENTICATED"};
    case ErrorKind::billing:
      return {402, "FAILED_PRECONDITION"};
    case ErrorKind::permission:
      return {403, "PERMISSION_DENIED"};
    case ErrorKind::model_not_found:
    case ErrorKind::not_found:
      return {404, "NOT_FOUND"};
    case ErrorKind::conflict:
      return {409, "ABORTED"};
    case ErrorKind::too_large:
      return {413, "OUT_OF_RANGE"};
    case ErrorKind::quota:
    case ErrorKind::rate_limit:
      return {429, "RESOURCE_EXHAUSTED"};
    case ErrorKind::overloaded:
      return {503, "UNAVAILABLE"};
    case ErrorKind::timeout:
      return {504, "DEADLINE_EXCEEDED"};
    case ErrorKind::server:
      return {500, "INTERNAL"};
  }
  PENSTOCK_UNREACHABLE();
}

void write_details(const hub::ErrorNote& error, json::Composer& out) {
  if (error.param.empty() && error.retry_after_ms == 0) return;
  out.key("details").begin_array();
  if (!error.param.empty()) {
    out.begin_object().key("@type").string("type.googleapis.com/google.rpc.BadRequest");
    out.key("fieldViolations").begin_array().begin_object();
    out.key("field").escaped_string(error.param);
    out.key("description").escaped_string(error.message).end_object().end_array().end_object();
  }
  if (error.retry_after_ms > 0) {
    const std::string seconds = std::to_string((error.retry_after_ms + 999) / 1000) + "s";
    out.begin_object().key("@type").string("type.googleapis.com/google.rpc.RetryInfo");
    out.key("retryDelay").string(seconds).end_object();
  }
  out.end_array();
}

}  // namespace

void read_error(std::uint16_t status, json::View body, hub::ErrorNote& out) {
  out.status = status;
  const json::View error = (body.is_array() ? body.at(0) : body)["error"];
  const std::int64_t code = error["code"].integer().value_or(0);
  const std::uint16_t known =
      status == 0 && code > 0 && code < 600 ? static_cast<std::uint16_t>(code) : status;
  out.kind = known == 0 ? ErrorKind::server : kind_of_status(known);
  out.message = error.is_string() ? error.text() : error["message"].text();
  out.type = error["status"].text();
  if (known != 402) {
    for (const Status& entry : statuses) {
      if (out.type == entry.word) out.kind = entry.kind;
    }
  }
  read_details(error["details"], out);
  refine(out);
}

void write_error(const hub::ErrorNote& error, json::Composer& out) {
  const Answer answer = answer_of(error.kind);
  const bool told = error.status >= 400 && error.status < 600;
  out.begin_object().key("error").begin_object();
  out.key("code").unsigned_integer(told ? error.status : answer.code);
  out.key("message").escaped_string(error.message.empty() ? answer.status : error.message);
  out.key("status").string(answer.status);
  write_details(error, out);
  if (!error.metadata.empty()) out.key("metadata").raw(error.metadata);
  out.end_object().end_object();
}

}  // namespace penstock::dialect::gemini
