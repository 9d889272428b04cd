// The search for line ends, and field lines (RFC 9112 §5).
#include "http/lines.h"

#include <algorithm>

namespace penstock::http {

namespace {

Line refused_line(Reason reason, std::size_t offset) {
  return {Progress::refused, reason, static_cast<std::uint32_t>(offset), {}};
}

}  // namespace

Line next_line(Bytes input, HeadPosition& at, std::size_t line_max, std::size_t head_max) noexcept {
  const char* const begin = input.data();
  const char* const end = begin + input.size();
  const auto stop = static_cast<std::size_t>(find_stop(begin + at.scanned, end) - begin);
  at.scanned = static_cast<std::uint32_t>(stop);

  // The limit whose byte comes first is the one that was met.
  const std::size_t line_limit = at.line + line_max;
  const bool line_over = stop > line_limit;
  const bool head_over = std::min(stop + 1, input.size()) > head_max;
  if (line_over && (!head_over || line_limit <= head_max)) {
    return refused_line(Reason::line_too_long, line_limit);
  }
  if (head_over) return refused_line(Reason::head_too_long, head_max);
  if (stop == input.size()) return {Progress::more, Reason::none, 0, {}};

  if (input[stop] != '\r') {
    const bool line_feed = input[stop] == '\n';
    return refused_line(line_feed ? Reason::bare_lf : Reason::control_byte, stop);
  }
  if (stop + 1 == input.size()) return {Progress::more, Reason::none, 0, {}};
  if (stop + 2 > head_max) return refused_line(Reason::head_too_long, head_max);
  if (input[stop + 1] != '\n') return refused_line(Reason::bare_cr, stop);

  const Bytes text = input.substr(at.line, stop - at.line);
  at.line = at.scanned = static_cast<std::uint32_t>(stop + 2);
  return {Progress::complete, Reason::none, 0, text};
}

Reason take_field_line(Bytes line, HeadPosition& at, FieldSet single, std::size_t lines_max,
                       Fields& fields) noexcept {
  if (at.lines == lines_max) return Reason::too_many_lines;
  ++at.lines;
  if (line.front() == ' ' || line.front() == '\t') return Reason::leading_blank;
  std::size_t colon = 0;
  while (colon < line.size() && is(line[colon], class_token)) ++colon;
  if (colon == 0 || colon == line.size() || line[colon] != ':' || colon > field_name_bytes_max) {
    return Reason::bad_field_name;
  }
  const Bytes name = line.substr(0, colon);
  const Field field = recognise(name);
  const FieldSet mark = bit(field);
  if ((at.seen & single & mark) != 0) return Reason::duplicate_field;
  at.seen |= mark;
  fields.add(name, trim_blanks(line.substr(colon + 1)), field);
  return Reason::none;
}

}  // namespace penstock::http
