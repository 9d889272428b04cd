// HTTP/1.1 as bytes (RFC 9110, RFC 9112): strict parsers for request and response heads, the
// chunked coding, and bounded writers. No I/O, no clock, no allocation: bytes in, views out.
// Where the RFCs let a recipient choose between repair and refusal, everything here refuses.
//
// Ownership: every view points into the caller's input and dies with it. Heads are scratch: one
// per shard, filled by a parse and read before the next parse. What persists on a connection
// between two reads is the parser or the decoder alone, a few tens of bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "penstock/bytes.h"
#include "penstock/error.h"
#include "penstock/text.h"

namespace penstock::http {

// Limits of one head, counted while it is read.
inline constexpr std::size_t method_bytes_max = 16;
inline constexpr std::size_t target_bytes_max = 8 * 1024;
inline constexpr std::size_t field_name_bytes_max = 64;
inline constexpr std::size_t line_bytes_max = 8 * 1024;           // without its CRLF
inline constexpr std::size_t request_head_bytes_max = 32 * 1024;  // from first byte to empty line
inline constexpr std::size_t request_lines_max = 100;
inline constexpr std::size_t response_head_bytes_max = 64 * 1024;  // interim heads included
inline constexpr std::size_t response_lines_max = 200;
inline constexpr std::size_t interim_heads_max = 10;  // 1xx answers before the final one
inline constexpr std::size_t interim_bytes_max = 8 * 1024;

// Limits of the chunked coding.
inline constexpr unsigned chunk_digits_max = 16;
inline constexpr std::size_t chunk_extension_bytes_max = 256;         // of one chunk
inline constexpr std::size_t message_extension_bytes_max = 4 * 1024;  // of all chunks
inline constexpr std::size_t trailer_lines_max = 16;
inline constexpr std::size_t trailer_bytes_max = 4 * 1024;
inline constexpr std::uint32_t flood_chunks = 1024;      // judged beyond this many chunks
inline constexpr std::uint32_t flood_payload_bytes = 4;  // least average payload of a chunk

inline constexpr std::uint64_t body_unlimited = 0x7fff'ffff'ffff'ffff;

enum class Method : std::uint8_t { get, head, post, put, patch, delete_, options, trace, connect };
Bytes name(Method method) noexcept;

enum class Version : std::uint8_t { http10, http11 };

// How the end of a body is found (RFC 9112 §6.3). Only a response may run to the close.
enum class Framing : std::uint8_t { none, length, chunked, to_close };

// The class of a Content-Type. `json` is application/json or any type with the suffix +json.
enum class MediaType : std::uint8_t { none, json, event_stream, ndjson, aws_event_stream, other };

// Why bytes were refused: the closed set of the label `http_parse_errors_total{reason}`.
enum class Reason : std::uint8_t {
  none,
  // Start of a connection: another protocol.
  tls_bytes,
  http2_preface,
  http09,
  // Lines.
  bare_cr,
  bare_lf,
  control_byte,
  line_too_long,
  head_too_long,
  too_many_lines,
  // Start line of a request.
  bad_start_line,
  bad_method,
  unknown_method,
  refused_method,
  bad_target,
  target_too_long,
  authority_target,
  bad_version,
  unknown_version,
  // Status line of a response.
  bad_status_line,
  bad_status,
  switching_protocols,
  too_many_interim,
  // Field lines.
  leading_blank,
  bad_field_name,
  duplicate_field,
  missing_host,
  bad_host,
  credential_conflict,
  bad_connection,
  protected_connection,
  unknown_expectation,
  // Body length.
  length_and_coding,
  coding_in_http10,
  bad_coding,
  unknown_coding,
  bad_length,
  length_required,
  body_too_large,
  // Chunked coding.
  bad_chunk_size,
  bad_chunk_extension,
  chunk_extension_too_long,
  bad_chunk_end,
  chunk_flood,
  bad_trailer,
  trailer_too_long,
  truncated,  // for the caller: the peer ended inside a message
};
inline constexpr std::size_t reason_count = static_cast<std::size_t>(Reason::truncated) + 1;
// The label, static text.
Bytes name(Reason reason) noexcept;
// The catalogue code that a client's bytes get for a reason. The upstream's bytes always get
// `upstream_bad_response`.
Code code_of(Reason reason) noexcept;

// Fields that are recognised while a head is parsed. All others are `other`; a name with `_` is
// never taken for its twin with `-`.
enum class Field : std::uint8_t {
  other,
  host,
  content_length,
  transfer_encoding,
  content_type,
  content_encoding,
  connection,
  expect,
  authorization,
  x_api_key,
  api_key,
  x_goog_api_key,
  idempotency_key,
  accept,
  accept_encoding,
  user_agent,
  te,
  trailer,
  upgrade,
  http2_settings,
  keep_alive,
  proxy_connection,
  origin,
  forwarded,
  x_forwarded_for,
  x_request_id,
  x_session_id,
  x_request_timeout,
  traceparent,
  tracestate,
  x_penstock_tags,
  x_penstock_cache,
  x_penstock_cache_ttl,
  x_penstock_timeout_ms,
  x_penstock_no_fallback,
  x_penstock_log,
  x_litellm_tags,
  x_portkey_metadata,
  x_portkey_request_timeout,
  cf_aig_metadata,
  cf_aig_skip_cache,
  cf_aig_cache_ttl,
  anthropic_version,
  anthropic_beta,
  openai_organization,
  openai_project,
  openai_processing_ms,
  request_id,
  apim_request_id,
  x_amzn_requestid,
  retry_after,
  retry_after_ms,
  x_should_retry,
  ratelimit_limit_requests,
  ratelimit_limit_tokens,
  ratelimit_remaining_requests,
  ratelimit_remaining_tokens,
  ratelimit_reset_requests,
  ratelimit_reset_tokens,
  date,
  server,
  location,
  set_cookie,
};
inline constexpr std::size_t field_count = static_cast<std::size_t>(Field::set_cookie) + 1;
static_assert(field_count <= 64);  // `Fields` keeps a bit for each
// The name in lower case; empty for `other`.
Bytes name(Field field) noexcept;

struct FieldLine {
  Bytes name;   // as sent, a token
  Bytes value;  // without the blanks around it; bytes >= 0x80 are opaque
  Field field = Field::other;
};

// The field lines of one head in their order, with the first line of each known field at hand.
class Fields {
 public:
  // The value of the first such line, empty when there is none (see `has`).
  Bytes find(Field field) const {
    return has(field) ? lines_[first_[static_cast<std::size_t>(field)]].value : Bytes{};
  }
  bool has(Field field) const { return (present_ >> static_cast<unsigned>(field)) & 1; }
  // One bit for each `Field`.
  bool has_any(std::uint64_t set) const { return (present_ & set) != 0; }
  // The first line with this name, compared without case: for names that are not in `Field`.
  const FieldLine* find(Bytes field_name) const;
  std::span<const FieldLine> lines() const { return {lines_.data(), count_}; }

  void clear() { present_ = count_ = 0; }
  // The parser's: the caller has checked that there is room.
  void add(Bytes field_name, Bytes value, Field field) {
    PENSTOCK_ASSERT(count_ < response_lines_max);
    lines_[count_] = {field_name, value, field};
    const auto at = static_cast<std::size_t>(field);
    if (field != Field::other && !has(field)) {
      first_[at] = static_cast<std::uint8_t>(count_);
      present_ |= std::uint64_t{1} << at;
    }
    ++count_;
  }

 private:
  std::uint64_t present_ = 0;  // one bit for each `Field`
  std::size_t count_ = 0;
  std::array<std::uint8_t, field_count> first_;  // position in `lines_`, valid where `present_`
  std::array<FieldLine, response_lines_max> lines_;
  static_assert(response_lines_max <= 256);
};

struct RequestHead {
  Method method;
  Version version;
  Framing framing;       // never `to_close`
  MediaType media_type;  // of Content-Type
  bool encoded;          // a Content-Encoding other than identity
  bool keep_alive;       // the client will keep the connection (RFC 9112 §9.3)
  bool expect_continue;  // HTTP/1.1 with a body and `Expect: 100-continue`
  bool absolute;         // the target was in absolute form; its authority is ignored
  std::uint32_t bytes;   // of the head in the input, final empty line included
  std::uint64_t length;  // of the body when `framing` is `length`, else 0
  Bytes target;          // as sent
  Bytes path;            // of origin or absolute form, `/` when absolute without one; or `*`
  Bytes query;           // after the first `?`, without it
  Fields fields;
  Bytes find(Field field) const { return fields.find(field); }
};

struct ResponseHead {
  std::uint16_t status;  // 200-599
  Version version;
  Framing framing;  // `none` for HEAD, 204 and 304: bytes after it are excess
  MediaType media_type;
  bool encoded;          // a Content-Encoding other than identity
  bool keep_alive;       // the connection may be used again after this body
  std::uint8_t interim;  // 1xx heads that were skipped before this one
  std::uint32_t bytes;   // of the input up to the body, skipped heads included
  std::uint64_t length;  // Content-Length when present, also for HEAD; else 0
  Bytes reason;          // the reason phrase, never sent on
  Fields fields;
  Bytes find(Field field) const { return fields.find(field); }
};

enum class Progress : std::uint8_t { more, complete, refused };

struct Parsed {
  Progress progress = Progress::more;
  Reason reason = Reason::none;  // set when refused
  Code code = Code::malformed;   // what to answer when refused; meaningless otherwise
  bool silent = false;           // refused, and an answer would mean nothing to the peer: close
  std::uint32_t offset = 0;      // of the refused byte or line in the input
};

// Where a head parser stands between two reads.
struct HeadPosition {
  std::uint64_t seen = 0;     // known fields met so far, one bit each
  std::uint32_t begin = 0;    // of the current head, after skipped interim heads
  std::uint32_t line = 0;     // begin of the first line that is not complete
  std::uint32_t scanned = 0;  // bytes before this are known to be good
  std::uint16_t lines = 0;    // complete field lines
  std::uint8_t interim = 0;   // skipped 1xx heads
  bool empty_line = false;    // one empty line before the start line was skipped
  bool fields = false;        // the start line is complete
};
static_assert(sizeof(HeadPosition) <= 32);

// Parses one request head. `feed` gets all bytes since the end of the last message each time: the
// caller appends and calls again on `more`. Each byte is looked at a bounded number of times
// however it is cut, and the verdict does not depend on the cuts. After `complete` or `refused` the
// parser is used up: assign a new one for the next request. body_max: limit for a declared
// Content-Length, else `body_too_large`. head: scratch, complete only on `complete`; views into
// `input`.
class RequestParser {
 public:
  Parsed feed(Bytes input, std::uint64_t body_max, RequestHead& head) noexcept;

 private:
  Parsed run(Bytes input, RequestHead& head) noexcept;
  HeadPosition position_;
};

// Parses one response head the same way; 1xx heads before it are skipped inside the same input.
// request: method of the request that is answered; HEAD has no body.
// Every refusal has the code `upstream_bad_response`.
class ResponseParser {
 public:
  Parsed feed(Bytes input, Method request, ResponseHead& head) noexcept;

 private:
  Parsed run(Bytes input, ResponseHead& head) noexcept;
  HeadPosition position_;
};

// Takes the chunked coding off a body (RFC 9112 §7.1), in place:
//
//   for (Bytes part = decoder.next(in); !part.empty(); part = decoder.next(in)) use(part);
//
// `in` loses what was consumed. An empty part means one of: `done()`, and `in` begins with the
// bytes after the message; `failed()`; or `in` is empty and more is needed.
// Extensions and trailers are checked and dropped.
class ChunkedDecoder {
 public:
  // body_max: limit for the payload in bytes, else `body_too_large`.
  explicit ChunkedDecoder(std::uint64_t body_max = body_unlimited) : left_(body_max) {}
  Bytes next(Bytes& in) noexcept;
  bool done() const { return state_ == State::done; }
  bool failed() const { return state_ == State::failed; }
  Reason reason() const { return reason_; }
  std::uint64_t payload() const { return payload_; }  // bytes handed out so far

 private:
  enum class State : std::uint8_t {
    size,
    extension_name_first,
    extension_name,
    extension_value_first,
    extension_value,
    extension_quoted,
    extension_escape,
    extension_end,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_first,
    trailer_name,
    trailer_value,
    trailer_lf,
    last_lf,
    done,
    failed,
  };
  void refuse(Reason reason);
  void take(char c);
  void take_size(char c);
  void take_extension(char c);
  void take_trailer(char c);
  void end_size();
  void begin_data();

  std::uint64_t chunk_ = 0;  // size while it is read, then bytes of data that are left
  std::uint64_t left_;       // payload that the limit still allows
  std::uint64_t payload_ = 0;
  std::uint32_t chunks_ = 0;
  std::uint16_t extensions_ = 0;  // bytes of extensions in the message
  std::uint16_t line_ = 0;        // digits, or extension bytes of this chunk, or of the field name
  std::uint16_t trailers_ = 0;    // bytes of trailers
  std::uint8_t trailer_lines_ = 0;
  State state_ = State::size;
  Reason reason_ = Reason::none;
};
static_assert(sizeof(ChunkedDecoder) <= 40);

// Lines for `HeadWriter::lines` that are known when the program is compiled, each ended by CRLF:
// checked then, copied later.
class FixedLines {
 public:
  template <std::size_t N>
  consteval FixedLines(const char (&text)[N]) : text_(text, N - 1) {  // NOLINT: implicit on purpose
    if (!well_formed(text_)) malformed_literal();
  }
  Bytes text() const { return text_; }

 private:
  static consteval bool well_formed(Bytes text) {
    while (!text.empty()) {
      const std::size_t end = text.find("\r\n");
      const std::size_t colon = text.find(": ");
      if (end == Bytes::npos || colon == Bytes::npos || colon == 0 || colon > end) return false;
      for (const char c : text.substr(0, end)) {
        if (c < ' ' || c > '~') return false;
      }
      text.remove_prefix(end + 2);
    }
    return true;
  }
  static void malformed_literal() {}  // not constexpr: a bad literal does not compile

  Bytes text_;
};

// A field's name that is known when the program is compiled, and checked then.
class FieldName {
 public:
  template <std::size_t N>
  consteval FieldName(const char (&text)[N]) : text_(text, N - 1) {  // NOLINT: implicit on purpose
    if (N < 2 || N - 1 > field_name_bytes_max) malformed_literal();
    for (const char c : text_) {
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      if (!letter && !(c >= '0' && c <= '9') && c != '-') malformed_literal();
    }
  }
  Bytes text() const { return text_; }

 private:
  static void malformed_literal() {}  // not constexpr: a bad literal does not compile

  Bytes text_;
};

// True when a name or value may be sent in a head.
bool sendable_name(Bytes name) noexcept;
bool sendable_value(Bytes value) noexcept;

// Writes one head into the caller's memory. Any refusal (a name that is no token, a value with a
// byte outside 0x20-0x7E, no room) sticks, and `finish` reports it: nothing half-written is sent.
class HeadWriter {
 public:
  explicit HeadWriter(std::span<char> out)
      : begin_(out.data()), at_(out.data()), end_(out.data() + out.size()) {}
  HeadWriter& status(std::uint16_t code);            // 100-599, phrase from the registry
  HeadWriter& request(Method method, Bytes target);  // origin form, HTTP/1.1
  // The same from parts that are joined, such as a base path and a resource.
  HeadWriter& request(Method method, Bytes base, Bytes rest);
  [[gnu::always_inline]] HeadWriter& field(FieldName name, Bytes value) {
    return field(name, value, Bytes{});
  }
  [[gnu::always_inline]] HeadWriter& field(FieldName name, std::uint64_t value) {
    if (!has_room(name.text().size() + decimal_digits_max + 4)) return *this;
    at_ = put(put(put(at_, name.text()), ": "), value);
    at_ = put(at_, "\r\n");
    return *this;
  }
  // A value that was found sendable when it was kept, or that we made.
  [[gnu::always_inline]] HeadWriter& checked_field(FieldName name, Bytes value) {
    PENSTOCK_DEBUG_ASSERT(sendable_value(value));
    return put_field(name.text(), value, {});
  }
  // A value in two parts, such as a scheme and a secret.
  [[gnu::always_inline]] HeadWriter& field(FieldName name, Bytes first, Bytes second) {
    if (!sendable_value(first) || !sendable_value(second)) return refuse(Code::malformed);
    return put_field(name.text(), first, second);
  }
  // A name that is known only at run time, from configuration.
  HeadWriter& named_field(Bytes name, Bytes value);
  [[gnu::always_inline]] HeadWriter& lines(FixedLines fixed) { return written_lines(fixed.text()); }
  // Lines that another HeadWriter wrote before, such as those that only depend on configuration.
  [[gnu::always_inline]] HeadWriter& written_lines(Bytes lines) {
    if (has_room(lines.size())) at_ = put(at_, lines);
    return *this;
  }
  // What was written, for `written_lines` of another head. Errors: as `finish`.
  Result<Bytes> written() const {
    if (bad_) return fail(refused_);
    return Bytes(begin_, static_cast<std::size_t>(at_ - begin_));
  }
  // Ends the head. The view is into the caller's memory.
  // Errors: `malformed` for a refused part, `too_large` when it did not fit.
  Result<Bytes> finish() { return written_lines("\r\n").written(); }

 private:
  // False, and refused, when `bytes` more do not fit.
  bool has_room(std::size_t bytes) {
    if (bytes <= static_cast<std::size_t>(end_ - at_)) [[likely]]
      return true;
    refuse(Code::too_large);
    return false;
  }
  // One line, its room asked for once.
  [[gnu::always_inline]] HeadWriter& put_field(Bytes name, Bytes first, Bytes second) {
    if (!has_room(name.size() + first.size() + second.size() + 4)) return *this;
    at_ = put(put(put(at_, name), ": "), first);
    at_ = put(put(at_, second), "\r\n");
    return *this;
  }
  HeadWriter& refuse(Code code);

  char* begin_;
  char* at_;
  char* end_;
  Code refused_ = Code::malformed;
  bool bad_ = false;
};

// The registered phrase of a status, empty when there is none.
Bytes status_phrase(std::uint16_t status) noexcept;

// Chunk framing: `write_chunk_size`, the payload, `chunk_end`; at the end `last_chunk`.
inline constexpr Bytes chunk_end = "\r\n";
inline constexpr Bytes last_chunk = "0\r\n\r\n";
inline constexpr std::size_t chunk_size_bytes_max = 18;
// Writes `hex CRLF`; returns what was written. bytes must not be 0: that ends the body.
Bytes write_chunk_size(std::span<char, chunk_size_bytes_max> out, std::uint64_t bytes) noexcept;

// The form of a path that routes are compared with: escapes of unreserved characters are decoded
// once, others stay as they are. Empty when no route may match: a `.`, `..` or empty segment (one
// trailing slash included), an encoded slash or backslash, or no room in `scratch`.
// The view is of `path` itself, or of `scratch` when an escape was decoded.
Bytes route_path(Bytes path, std::span<char> scratch) noexcept;
// The one last segment of `path` after `prefix` (which ends in a slash), or nothing.
std::optional<Bytes> segment_after(Bytes path, Bytes prefix) noexcept;

// The client's key: the token of `Authorization: Bearer`, else x-api-key, api-key or
// x-goog-api-key. Empty when there is none. A parsed head never holds two that differ.
Bytes credential(const Fields& fields) noexcept;
// A whole number of seconds (Retry-After without its date form), at most 9 digits.
std::optional<std::uint32_t> delta_seconds(Bytes value) noexcept;
// The class of a Content-Type's value.
MediaType media_type_of(Bytes content_type) noexcept;
// Equal without regard to ASCII case.
bool equal_ignoring_case(Bytes a, Bytes b) noexcept;

}  // namespace penstock::http
