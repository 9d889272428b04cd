// The scanner of forms and the two field values it depends on.
#include "penstock/multipart.h"

#include <algorithm>

#include "penstock/http.h"

namespace penstock::multipart {
namespace {

constexpr Bytes token_marks = "!#$%&'*+-.^_`|~";   // RFC 9110 §5.6.2, beside letters and digits
constexpr Bytes boundary_marks = "'()+_,-./:=? ";  // RFC 2046 §5.1.1, beside the same
constexpr std::size_t line_end = 2;                // CR LF, at the delimiter's front

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool is_token(Bytes text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return is_alphanumeric(c) || token_marks.find(c) != Bytes::npos;
  });
}
bool is_boundary(Bytes text) {
  return !text.empty() && text.size() <= boundary_bytes_max && text.back() != ' ' &&
         std::ranges::all_of(text, [](char c) {
           return is_alphanumeric(c) || boundary_marks.find(c) != Bytes::npos;
         });
}
void drop_blanks(Bytes& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

struct Parameter {
  Bytes name;
  Bytes value;  // without its quotes
};

// Takes `; name=value` off the front of `rest`; false when it is none. A quote behind a backslash
// is refused: some readers take it for the end of the text and some do not.
bool take_parameter(Bytes& rest, Parameter& out) {
  drop_blanks(rest);
  if (rest.empty() || rest.front() != ';') return false;
  rest.remove_prefix(1);
  drop_blanks(rest);
  const std::size_t equals = rest.find('=');
  if (equals == Bytes::npos) return false;
  out.name = rest.substr(0, equals);
  rest.remove_prefix(equals + 1);
  if (!is_token(out.name)) return false;
  if (!rest.empty() && rest.front() == '"') {
    const std::size_t end = rest.find('"', 1);
    if (end == Bytes::npos || rest[end - 1] == '\\') return false;
    out.value = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
  } else {
    out.value = rest.substr(0, std::min(rest.find_first_of("; \t\""), rest.size()));
    rest.remove_prefix(out.value.size());
    if (out.value.empty()) return false;
  }
  drop_blanks(rest);
  return rest.empty() || rest.front() == ';';
}

}  // namespace

std::optional<Bytes> boundary_of(Bytes content_type) {
  constexpr Bytes form = "multipart/form-data";
  if (!http::equal_ignoring_case(content_type.substr(0, form.size()), form)) return std::nullopt;
  Bytes rest = content_type.substr(form.size());
  Bytes boundary;
  while (!rest.empty()) {
    Parameter parameter;
    if (!take_parameter(rest, parameter)) return std::nullopt;
    if (!http::equal_ignoring_case(parameter.name, "boundary")) continue;
    if (!boundary.empty() || !is_boundary(parameter.value)) return std::nullopt;
    boundary = parameter.value;
  }
  if (boundary.empty()) return std::nullopt;
  return boundary;
}

std::optional<Disposition> read_disposition(Bytes value) {
  constexpr Bytes type = "form-data";
  if (!http::equal_ignoring_case(value.substr(0, type.size()), type)) return std::nullopt;
  Bytes rest = value.substr(type.size());
  Disposition result;
  bool named = false;
  while (!rest.empty()) {
    Parameter parameter;
    if (!take_parameter(rest, parameter)) return std::nullopt;
    if (http::equal_ignoring_case(parameter.name, "name")) {
      if (named || parameter.value.find('\\') != Bytes::npos) return std::nullopt;
      named = true;
      result.name = parameter.value;
    } else if (http::equal_ignoring_case(parameter.name, "name*")) {
      return std::nullopt;
    } else if (http::equal_ignoring_case(parameter.name, "filename") ||
               http::equal_ignoring_case(parameter.name, "filename*")) {
      result.file = true;
    }
  }
  if (!named) return std::nullopt;
  return result;
}

// -- The scanner --

Scanner::Scanner(Bytes boundary, Bytes wanted) : wanted_(wanted) {
  PENSTOCK_ASSERT(is_boundary(boundary));
  constexpr Bytes front = "\r\n--";
  front.copy(delimiter_.data(), front.size());
  boundary.copy(delimiter_.data() + front.size(), boundary.size());
  delimiter_bytes_ = static_cast<std::uint16_t>(front.size() + boundary.size());
  closing_ = delimiter_;
  front.substr(0, line_end).copy(delimiter_.data() + delimiter_bytes_, line_end);
  front.substr(line_end).copy(closing_.data() + delimiter_bytes_, line_end);
  matched_ = line_end;
}

Piece Scanner::refuse(Fault fault) {
  fault_ = fault;
  return {};
}

Piece Scanner::next(Bytes& in) {
  while (!in.empty() && !failed()) {
    Piece piece;
    switch (state_) {
      case State::opening:
        piece = read_opening(in);
        break;
      case State::tail:
        piece = read_tail(in);
        break;
      case State::line:
      case State::line_lf:
        piece = read_head(in);
        break;
      case State::content:
        piece = is_wanted_ ? read_value(in) : read_content(in);
        break;
      case State::epilogue:
        piece = read_epilogue(in);
        break;
    }
    if (piece.kind != Piece::Kind::more) return piece;
  }
  return {};
}

// The first boundary stands at the very front. It is handed out as it comes.
Piece Scanner::read_opening(Bytes& in) {
  std::size_t used = 0;
  while (used < in.size() && matched_ < delimiter_bytes_) {
    if (in[used++] != delimiter_[matched_++]) return refuse(Fault::preamble);
  }
  if (matched_ == delimiter_bytes_) state_ = State::tail;
  const Bytes read = in.substr(0, used);
  in.remove_prefix(used);
  return {Piece::Kind::pass, read};
}

// What follows a boundary: the end of its line, or two dashes. Until that is known, all but the
// first boundary are held back.
Piece Scanner::read_tail(Bytes& in) {
  const char c = in.front();
  in.remove_prefix(1);
  if (tail_ == 0) {
    if (c != '\r' && c != '-') return refuse(Fault::boundary);
    tail_ = c;
    return {};
  }
  if (c != (tail_ == '\r' ? '\n' : '-')) return refuse(Fault::boundary);
  const bool last = tail_ == '-';
  if (last && parts_ == 0) return refuse(Fault::preamble);
  const std::size_t handed_out = parts_ == 0 ? delimiter_bytes_ : 0;
  tail_ = 0;
  const Bytes whole{last ? closing_.data() : delimiter_.data(), delimiter_bytes_ + line_end};
  if (last) {
    state_ = State::epilogue;
    matched_ = 0;
    return {Piece::Kind::closing, whole};
  }
  if (++parts_ > parts_max) return refuse(Fault::too_many);
  state_ = State::line;
  line_bytes_ = lines_ = 0;
  disposed_ = is_wanted_ = is_file_ = is_encoded_ = false;
  return {Piece::Kind::pass, whole.substr(handed_out)};
}

// A part's head is handed out as it comes; its lines are kept one at a time to be read.
Piece Scanner::read_head(Bytes& in) {
  std::size_t used = 0;
  while (used < in.size() && state_ != State::content) {
    const char c = in[used++];
    if (state_ == State::line_lf) {
      if (c != '\n') return refuse(Fault::part_head);
      const bool sound = line_bytes_ == 0 ? begin_content() : end_line();
      if (!sound) return {};
      line_bytes_ = 0;
    } else if (c == '\r') {
      state_ = State::line_lf;
    } else {
      const bool control = (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
      if (control || line_bytes_ == line_bytes_max) return refuse(Fault::part_head);
      line_[line_bytes_++] = c;
    }
  }
  const Bytes read = in.substr(0, used);
  in.remove_prefix(used);
  return {Piece::Kind::pass, read};
}

// Reads one line of a part's head; false when it was refused.
bool Scanner::end_line() {
  state_ = State::line;
  if (++lines_ > head_lines_max) {
    fault_ = Fault::too_many;
    return false;
  }
  const Bytes line{line_.data(), line_bytes_};
  const std::size_t colon = line.find(':');
  if (colon == Bytes::npos || !is_token(line.substr(0, colon))) {
    fault_ = Fault::part_head;
    return false;
  }
  const Bytes name = line.substr(0, colon);
  Bytes value = line.substr(colon + 1);
  drop_blanks(value);
  if (http::equal_ignoring_case(name, "content-transfer-encoding")) is_encoded_ = true;
  if (!http::equal_ignoring_case(name, "content-disposition")) return true;
  const auto disposition = read_disposition(value);
  if (!disposition || disposed_) {
    fault_ = Fault::disposition;
    return false;
  }
  disposed_ = true;
  is_file_ = disposition->file;
  is_wanted_ = !wanted_.empty() && disposition->name == wanted_;
  return true;
}

// The empty line behind a part's head; false when the part was refused.
bool Scanner::begin_content() {
  if (!disposed_) {
    fault_ = Fault::disposition;
    return false;
  }
  if (is_wanted_ && (is_file_ || is_encoded_)) {
    fault_ = Fault::value;
    return false;
  }
  state_ = State::content;
  // A boundary right here has no line's end of its own: readers disagree whether it is one.
  matched_ = line_end;
  inside_ = true;
  return true;
}

Piece Scanner::read_content(Bytes& in) {
  const Bytes whole = delimiter();
  if (matched_ > 0) {  // the begin of a boundary, perhaps
    while (matched_ < delimiter_bytes_ && !in.empty() && in.front() == delimiter_[matched_]) {
      ++matched_;
      in.remove_prefix(1);
    }
    if (matched_ == delimiter_bytes_) {
      if (inside_) return refuse(Fault::boundary);
      state_ = State::tail;
      return {};
    }
    if (in.empty()) return {};
    const Bytes held = whole.substr(0, matched_).substr(inside_ ? line_end : 0);
    matched_ = 0;
    inside_ = false;
    if (!held.empty()) return {Piece::Kind::pass, held};
  }
  // No CR is inside a boundary, so a match can only begin at the next one.
  std::size_t at = in.find('\r');
  while (at != Bytes::npos) {
    const Bytes candidate = in.substr(at, delimiter_bytes_);
    if (whole.starts_with(candidate)) {
      const Bytes before = in.substr(0, at);
      matched_ = static_cast<std::uint16_t>(candidate.size());
      in.remove_prefix(at + candidate.size());
      if (matched_ == delimiter_bytes_) state_ = State::tail;
      return {before.empty() ? Piece::Kind::more : Piece::Kind::pass, before};
    }
    at = in.find('\r', at + 1);
  }
  const Bytes all = in;
  in = {};
  return {Piece::Kind::pass, all};
}

// The wanted field is kept until its end.
Piece Scanner::read_value(Bytes& in) {
  const auto keep = [&](Bytes bytes) {
    if (line_bytes_ + bytes.size() > value_bytes_max) return false;
    bytes.copy(line_.data() + line_bytes_, bytes.size());
    line_bytes_ = static_cast<std::uint16_t>(line_bytes_ + bytes.size());
    return true;
  };
  while (!in.empty()) {
    const char c = in.front();
    if (c == delimiter_[matched_]) {
      in.remove_prefix(1);
      if (++matched_ < delimiter_bytes_) continue;
      if (inside_) return refuse(Fault::boundary);
      state_ = State::tail;
      return {Piece::Kind::value, {line_.data(), line_bytes_}};
    }
    const bool kept = keep(delimiter().substr(0, matched_).substr(inside_ ? line_end : 0));
    inside_ = false;
    if (!kept) return refuse(Fault::value);
    if (matched_ > 0) {  // `c` may begin another one
      matched_ = 0;
      continue;
    }
    in.remove_prefix(1);
    if (!keep({&c, 1})) return refuse(Fault::value);
  }
  return {};
}

// One line's end may follow; many clients write it.
Piece Scanner::read_epilogue(Bytes& in) {
  const Bytes read = in;
  for (const char c : in) {
    if (matched_ >= line_end || c != delimiter_[matched_]) return refuse(Fault::epilogue);
    ++matched_;
  }
  in = {};
  return {Piece::Kind::pass, read};
}

}  // namespace penstock::multipart
