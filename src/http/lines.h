// Lines of a head: finding the end of each in bytes that arrive in pieces, and taking a field line
// apart. Both head parsers stand on this.
#pragma once

#include <algorithm>
#include <cstring>

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

// What is wrong with the byte at `stop`, or that more is needed: every case but a line's good end.
// line_begin: of the line in the input.
Line broken_line(Bytes input, std::size_t line_begin, std::size_t stop, std::size_t line_max,
                 std::size_t head_max) noexcept;

// Moves `at` past the line that begins at `at.line` once its CRLF has arrived. Bytes are judged in
// their order, so a refusal does not depend on how the input was cut: first the limits, then the
// controls, and grammar only for a complete line.
// line_max: bytes of the line without CRLF, else `line_too_long`. head_max: of the input so far.
inline Line next_line(Bytes input, HeadPosition& at, std::size_t line_max,
                      std::size_t head_max) noexcept {
  const char* const begin = input.data();
  const char* const found = find_stop(begin + at.scanned, begin + input.size());
  const auto stop = static_cast<std::size_t>(found - begin);
  const std::size_t end = stop + 2;
  if (end > input.size() || std::memcmp(found, "\r\n", 2) != 0 || stop - at.line > line_max ||
      end > head_max) [[unlikely]] {
    at.scanned = static_cast<std::uint32_t>(stop);
    const Line broken = broken_line(input, at.line, stop, line_max, head_max);
    return {broken.progress, broken.reason, broken.offset, {}};
  }
  const Bytes text(begin + at.line, stop - at.line);
  at.line = at.scanned = static_cast<std::uint32_t>(end);
  return {Progress::complete, Reason::none, 0, text};
}

// What differs between the heads of requests and of responses.
struct LineRules {
  FieldSet single;        // fields that may come once
  std::size_t lines_max;  // at most `response_lines_max`
  std::size_t head_max;   // bytes
};

// Takes `name: value` apart and adds it to `fields`; `none` when it is well-formed.
Reason take_field_line(Bytes line, HeadPosition& at, const LineRules& rules,
                       Fields& fields) noexcept;

// Takes the lines from `at` on that are as nearly all are: a known name, a colon, one blank, a
// value without blanks around it, CRLF. Stops at the first other one, good or bad: that is for
// `next_line` and `take_field_line`.
template <LineRules rules>
inline void take_plain_lines(Bytes input, HeadPosition& at, Fields& fields) {
#if defined(__SSE2__)
  if (at.scanned != at.line) return;
  const char* line = input.data() + at.line;
  const char* const end = input.data() + std::min(input.size(), rules.head_max);
  FieldSet seen = at.seen;
  std::size_t left = rules.lines_max - at.lines;
  while (left > 0 && end - line >= Block32::bytes) {
    const Block32 block(line);
    const auto colon = static_cast<unsigned>(std::countr_zero(block.equal(':')));
    const Field field = recognise(block, line, colon);
    if (field == Field::other || (seen & rules.single & bit(field)) != 0) break;
    const unsigned stops = block.stops();
    const char* stop = line + std::countr_zero(stops);
    if (stops == 0) {
      stop = find_stop(line + Block32::bytes, end);
      if (stop - line > std::ptrdiff_t{line_bytes_max}) break;
    }
    const char* const value = line + colon + 2;
    if (value >= stop || end - stop < 2 || std::memcmp(stop, "\r\n", 2) != 0) break;
    if (value[-1] != ' ' || *value <= ' ' || stop[-1] <= ' ') break;
    fields.add({line, colon}, {value, static_cast<std::size_t>(stop - value)}, field);
    seen |= bit(field);
    --left;
    line = stop + 2;
  }
  at.seen = seen;
  at.lines = static_cast<std::uint16_t>(rules.lines_max - left);
  at.line = at.scanned = static_cast<std::uint32_t>(line - input.data());
#endif
}

// Takes the empty line at `at`, if it is there.
inline bool take_empty_line(Bytes input, HeadPosition& at, std::size_t head_max) noexcept {
  const std::size_t end = at.line + std::size_t{2};
  if (at.scanned != at.line || end > std::min(input.size(), head_max)) return false;
  if (std::memcmp(input.data() + at.line, "\r\n", 2) != 0) return false;
  at.line = at.scanned = static_cast<std::uint32_t>(end);
  return true;
}

// Takes the field lines from `at` on. `complete`: also the empty line behind them.
template <LineRules rules>
inline Line take_field_lines(Bytes input, HeadPosition& at, Fields& fields) noexcept {
  for (;;) {
    take_plain_lines<rules>(input, at, fields);
    if (take_empty_line(input, at, rules.head_max))
      return {Progress::complete, Reason::none, 0, {}};
    const auto begin = at.line;
    const Line line = next_line(input, at, line_bytes_max, rules.head_max);
    if (line.progress != Progress::complete || line.text.empty()) return line;
    const Reason bad = take_field_line(line.text, at, rules, fields);
    if (bad != Reason::none) return {Progress::refused, bad, begin, {}};
  }
}

inline Parsed refusal(Reason reason, Code code, std::size_t offset) {
  const bool other_protocol =
      reason == Reason::tls_bytes || reason == Reason::http2_preface || reason == Reason::http09;
  return {Progress::refused, reason, code, other_protocol, static_cast<std::uint32_t>(offset)};
}

}  // namespace penstock::http
