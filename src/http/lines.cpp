// The search for line ends, and field lines (RFC 9112 §5).
#include "http/lines.h"

#include <algorithm>

namespace penstock::http {

namespace {

Line refused_line(Reason reason, std::size_t offset) {
  return {Progress::refused, reason, static_cast<std::uint32_t>(offset), {}};
}

}  // namespace

Line broken_line(Bytes input, std::size_t line_begin, std::size_t stop, std::size_t line_max,
                 std::size_t head_max) noexcept {
  // The limit whose byte comes first is the one that was met.
  const std::size_t line_limit = line_begin + line_max;
  const bool line_over = stop > line_limit;
  const bool head_over = std::min(stop + 1, input.size()) > head_max;
  if (line_over && (!head_over || line_limit <= head_max)) {
    return refused_line(Reason::line_too_long, line_limit);
  }
  if (head_over) return refused_line(Reason::head_too_long, head_max);
  if (stop == input.size()) return {Progress::more, Reason::none, 0, {}};
  if (input[stop] == '\n') return refused_line(Reason::bare_lf, stop);
  if (input[stop] != '\r') return refused_line(Reason::control_byte, stop);
  if (stop + 1 == input.size()) return {Progress::more, Reason::none, 0, {}};
  if (stop + 2 > head_max) return refused_line(Reason::head_too_long, head_max);
  return refused_line(Reason::bare_cr, stop);
}

Reason take_field_line(Bytes line, HeadPosition& at, const LineRules& rules,
                       Fields& fields) noexcept {
  if (at.lines == rules.lines_max) return Reason::too_many_lines;
  ++at.lines;
  if (is_blank(line.front())) return Reason::leading_blank;
  const std::size_t colon = line.find(':');
  if (colon - 1 >= field_name_bytes_max) return Reason::bad_field_name;  // absent or empty, too
  const Bytes name = line.substr(0, colon);
  if (!is_token(name)) return Reason::bad_field_name;
  const Field field = recognise(name);
  const FieldSet mark = bit(field);
  if ((at.seen & rules.single & mark) != 0) return Reason::duplicate_field;
  at.seen |= mark;
  fields.add(name, trim_blanks(line.substr(colon + 1)), field);
  return Reason::none;
}

}  // namespace penstock::http
