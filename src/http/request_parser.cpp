// Request heads: RFC 9112 §3, §5 and §6.3 as a gateway that refuses reads them.
#include "http/body.h"
#include "http/fields.h"
#include "http/lines.h"
#include "http/tables.h"
#include "http/target.h"
#include "penstock/http.h"

namespace penstock::http {

namespace {

constexpr char tls_handshake_record = 0x16;  // RFC 8446 §5.1

// Method, target and version with their two spaces. A longer line has a target that is too long.
constexpr std::size_t start_line_bytes_max = method_bytes_max + target_bytes_max + 10;

std::optional<Method> method_of(Bytes token) {
  if (token == "POST") return Method::post;
  if (token == "GET") return Method::get;
  if (token == "HEAD") return Method::head;
  if (token == "PUT") return Method::put;
  if (token == "PATCH") return Method::patch;
  if (token == "DELETE") return Method::delete_;
  if (token == "OPTIONS") return Method::options;
  if (token == "TRACE") return Method::trace;
  if (token == "CONNECT") return Method::connect;
  return std::nullopt;
}

Reason take_version(Bytes text, RequestHead& head) {
  if (text == "HTTP/1.1") {
    head.version = Version::http11;
    return Reason::none;
  }
  if (text == "HTTP/1.0") {
    head.version = Version::http10;
    return Reason::none;
  }
  const bool alike = text.starts_with("HTTP/") && text.size() > 5 && all(text, class_visible);
  return alike ? Reason::unknown_version : Reason::bad_version;
}

// A request of HTTP/0.9 is `GET` and a path, without a version.
bool is_http09(Bytes method, Bytes rest) {
  return method == "GET" && rest.starts_with('/') && all(rest, class_visible);
}

// Syntax is judged before meaning: what is no request line at all is 400, whatever it asks for.
Reason take_start_line(Bytes line, RequestHead& head) {
  if (line == "PRI * HTTP/2.0") return Reason::http2_preface;
  std::size_t method_end = line.starts_with("POST ") ? 4 : 0;  // nearly always
  while (method_end < line.size() && is(line[method_end], class_token)) ++method_end;
  if (method_end == line.size()) return Reason::bad_start_line;
  if (method_end == 0 || method_end > method_bytes_max || line[method_end] != ' ') {
    return Reason::bad_method;
  }
  const Bytes token = line.substr(0, method_end);
  const Bytes rest = line.substr(method_end + 1);
  const std::size_t plain = plain_target_bytes(rest);
  const bool all_plain = plain < rest.size() && rest[plain] == ' ';  // nearly always
  const std::size_t target_end = all_plain ? plain : rest.find(' ');
  if (target_end == Bytes::npos) {
    return is_http09(token, rest) ? Reason::http09 : Reason::bad_start_line;
  }
  head.target = rest.substr(0, target_end);
  if (head.target.empty()) return Reason::bad_start_line;
  if (head.target.size() > target_bytes_max) return Reason::target_too_long;
  if (!all_plain && !valid_target_bytes(head.target)) return Reason::bad_target;
  const Reason version = take_version(rest.substr(target_end + 1), head);
  if (version != Reason::none) return version;

  const auto method = method_of(token);
  if (!method) return Reason::unknown_method;
  if (*method == Method::connect || *method == Method::trace) return Reason::refused_method;
  head.method = *method;
  return split_target(head);
}

Reason check_host(const RequestHead& head) {
  if (!head.fields.has(Field::host)) {
    return head.version == Version::http11 ? Reason::missing_host : Reason::none;
  }
  const Bytes host = head.find(Field::host);
  if (host.empty()) return head.absolute ? Reason::none : Reason::bad_host;
  return valid_authority(host) ? Reason::none : Reason::bad_host;
}

// A key may be given in several fields when they agree, with or without the scheme `Bearer`.
Reason check_credentials(const Fields& fields) {
  if (!fields.has_any(credential_fields & ~bit(Field::authorization))) return Reason::none;
  const Bytes key = credential(fields);
  const Bytes authorization = fields.find(Field::authorization);
  for (const Field other : {Field::x_api_key, Field::api_key, Field::x_goog_api_key}) {
    if (!fields.has(other)) continue;
    const Bytes value = fields.find(other);
    if (value == key || (value == authorization && fields.has(Field::authorization))) continue;
    return Reason::credential_conflict;
  }
  return Reason::none;
}

bool needs_length(Method method) {
  return method == Method::post || method == Method::put || method == Method::patch;
}

Reason take_body_length(RequestHead& head, std::uint64_t body_max) {
  const BodyLength body = body_length(head.fields, head.version);
  if (body.reason != Reason::none) return body.reason;
  head.framing = body.framing;
  head.length = body.bytes;
  if (body.bytes > body_max) return Reason::body_too_large;
  if (body.framing == Framing::none && needs_length(head.method)) return Reason::length_required;
  return Reason::none;
}

Reason take_expectation(RequestHead& head) {
  head.expect_continue = false;
  if (!head.fields.has(Field::expect) || head.version == Version::http10) return Reason::none;
  if (!equals_word(head.find(Field::expect), "100-continue")) {
    return Reason::unknown_expectation;
  }
  head.expect_continue =
      head.framing == Framing::chunked || (head.framing == Framing::length && head.length > 0);
  return Reason::none;
}

// What can be judged only when all lines are known.
Reason finish(RequestHead& head, std::uint64_t body_max) {
  if (const Reason bad = check_host(head); bad != Reason::none) return bad;
  if (const Reason bad = check_credentials(head.fields); bad != Reason::none) return bad;
  const ConnectionOptions options = connection_options(head.fields, true);
  if (options.reason != Reason::none) return options.reason;
  head.keep_alive = keeps_alive(options, head.version);
  if (const Reason bad = take_body_length(head, body_max); bad != Reason::none) return bad;
  if (const Reason bad = take_expectation(head); bad != Reason::none) return bad;
  head.media_type = media_type_of(head.find(Field::content_type));
  head.encoded = head.fields.has(Field::content_encoding) &&
                 !equals_word(head.find(Field::content_encoding), "identity");
  return Reason::none;
}

Parsed refused(Reason reason, std::size_t offset) {
  return refusal(reason, code_of(reason), offset);
}

constexpr LineRules rules{single_in_request, request_lines_max, request_head_bytes_max};

// An empty line may stand in front.
Parsed take_first_line(Bytes input, HeadPosition& at, RequestHead& head) {
  if (at.scanned == 0 && input.starts_with(tls_handshake_record)) {
    return refused(Reason::tls_bytes, 0);
  }
  while (!at.fields) {
    const std::size_t line_begin = at.line;
    const Line line = next_line(input, at, start_line_bytes_max, request_head_bytes_max);
    if (line.progress == Progress::more) return {};
    if (line.progress == Progress::refused) {
      const bool target = line.reason == Reason::line_too_long;
      return refused(target ? Reason::target_too_long : line.reason, line.offset);
    }
    Reason bad = Reason::none;
    if (!line.text.empty()) {
      bad = take_start_line(line.text, head);
      at.fields = true;
    } else {
      bad = at.empty_line ? Reason::bad_start_line : Reason::none;
      at.empty_line = true;
    }
    if (bad != Reason::none) return refused(bad, line_begin);
  }
  return {.progress = Progress::complete};
}

}  // namespace

// The common request arrives whole and is taken apart in one pass. One that arrives in pieces is
// checked line by line as it comes, because `head` does not outlive a call, and is taken apart by
// a second pass at its end.
Parsed RequestParser::feed(Bytes input, std::uint64_t body_max, RequestHead& head) noexcept {
  const bool resumed = position_.scanned > 0;
  Parsed parsed = run(input, head);
  if (parsed.progress != Progress::complete) return parsed;
  if (resumed) {
    position_ = {};
    parsed = run(input, head);
  }
  head.bytes = position_.line;
  const Reason bad = finish(head, body_max);
  return bad == Reason::none ? parsed : refused(bad, head.bytes);
}

Parsed RequestParser::run(Bytes input, RequestHead& head) noexcept {
  head.fields.clear();
  const Parsed first = take_first_line(input, position_, head);
  if (first.progress != Progress::complete) return first;
  const Line last = take_field_lines<rules>(input, position_, head.fields);
  if (last.progress == Progress::refused) return refused(last.reason, last.offset);
  return {.progress = last.progress};
}

}  // namespace penstock::http
