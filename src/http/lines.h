// Lines of a head: finding the end of each in bytes that arrive in pieces, and taking a field line
// apart. Both head parsers stand on this.
#pragma once

#include "http/fields.h"
#include "http/tables.h"
#include "penstock/http.h"

namespace penstock::http {

struct Line {
  Progress progress;
  Reason reason;         // when refused
  std::uint32_t offset;  // of the refused byte
  Bytes text;            // when complete, without CRLF
};

// Moves `at` past the line that begins at `at.line` once its CRLF has arrived. Bytes are judged in
// their order, so a refusal does not depend on how the input was cut: first the limits, then the
// controls, and grammar only for a complete line.
// line_max: bytes of the line without CRLF, else `line_too_long`. head_max: of the input so far.
Line next_line(Bytes input, HeadPosition& at, std::size_t line_max, std::size_t head_max) noexcept;

// Takes `name: value` apart and adds it to `fields`; `none` when it is well-formed.
// single: fields that may come once. lines_max: at most `response_lines_max`.
Reason take_field_line(Bytes line, HeadPosition& at, FieldSet single, std::size_t lines_max,
                       Fields& fields) noexcept;

inline Parsed refusal(Reason reason, Code code, std::size_t offset) {
  const bool other_protocol =
      reason == Reason::tls_bytes || reason == Reason::http2_preface || reason == Reason::http09;
  return {Progress::refused, reason, code, other_protocol, static_cast<std::uint32_t>(offset)};
}

}  // namespace penstock::http
