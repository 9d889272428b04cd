// multipart/form-data as bytes (RFC 7578, RFC 2046 §5.1), read while it passes: finds the one small
// text field that somebody wants to know or to change, and where the form ends. All other bytes are
// handed on as they came. No I/O, no allocation. Two readers must never see different forms in the
// same bytes, so whatever is open to interpretation is refused.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "penstock/bytes.h"

namespace penstock::multipart {

inline constexpr std::size_t boundary_bytes_max = 70;  // RFC 2046 §5.1.1
inline constexpr std::size_t line_bytes_max = 2048;    // of a part's head, without its CRLF
inline constexpr std::size_t head_lines_max = 16;      // of one part
inline constexpr std::size_t parts_max = 1024;
inline constexpr std::size_t value_bytes_max = 256;  // of the wanted field

// The boundary in the value of a Content-Type, a view into it. Nothing when the type is not
// multipart/form-data, or its boundary is missing, given twice, or none by RFC 2046.
std::optional<Bytes> boundary_of(Bytes content_type);

// What a form says of one of its parts.
struct Disposition {
  Bytes name;  // as it stands there: an escaped quote is not taken apart
  bool file = false;
};
// The value of a part's Content-Disposition, strictly. Nothing when it is malformed, not form-data,
// has no name or two, or spells a name in a way that readers disagree about.
std::optional<Disposition> read_disposition(Bytes value);

// Why a form was refused; for tests.
enum class Fault : std::uint8_t {
  none,
  preamble,     // something before the first boundary, or no part at all
  boundary,     // something behind a boundary in its line
  part_head,    // a line of a part's head
  disposition,  // of a part
  value,        // the wanted field is too long, encoded or a file
  too_many,     // lines or parts
  epilogue,     // something behind the end
};

// One piece of a form. The pieces' bytes, joined, are the form.
struct Piece {
  enum class Kind : std::uint8_t {
    more,     // no bytes: `done`, `failed`, or the input is used up
    pass,     // of no interest
    value,    // of the wanted field, whole
    closing,  // the last boundary; a part may be put before it
  };
  Kind kind = Kind::more;
  Bytes bytes;
};

//   for (Piece p = form.next(in); p.kind != Piece::Kind::more; p = form.next(in)) …
//
// `in` loses what was read. Views are into it or into the scanner, which must then stay where it
// is; that of a value lives until the next call. The pieces do not depend on the cuts of the input,
// except that `pass` may come in more of them.
class Scanner {
 public:
  // boundary: of `boundary_of`. wanted: the field's name, static text.
  Scanner(Bytes boundary, Bytes wanted);
  Piece next(Bytes& in);

  // The closing boundary was read; only a line's end may follow.
  bool done() const { return state_ == State::epilogue; }
  bool failed() const { return fault_ != Fault::none; }
  Fault fault() const { return fault_; }

  // "\r\n--boundary": what stands before a part's head.
  Bytes delimiter() const { return {delimiter_.data(), delimiter_bytes_}; }

 private:
  enum class State : std::uint8_t {
    opening,  // inside the first boundary
    tail,     // behind a boundary: CRLF, or the two dashes of the last one
    line,     // a line of a part's head
    line_lf,
    content,
    epilogue,
  };
  Piece refuse(Fault fault);
  Piece read_opening(Bytes& in);
  Piece read_tail(Bytes& in);
  Piece read_head(Bytes& in);
  Piece read_content(Bytes& in);
  Piece read_value(Bytes& in);
  Piece read_epilogue(Bytes& in);
  bool end_line();
  bool begin_content();

  std::array<char, boundary_bytes_max + 6> delimiter_;  // CR LF - - boundary CR LF
  std::array<char, boundary_bytes_max + 6> closing_;    // the same, dashes at its end
  std::array<char, line_bytes_max> line_;               // of a part's head, or the wanted value
  Bytes wanted_;
  std::uint16_t delimiter_bytes_ = 0;
  std::uint16_t matched_ = 0;  // bytes of the delimiter met and not handed out
  std::uint16_t line_bytes_ = 0;
  std::uint16_t lines_ = 0;
  std::uint16_t parts_ = 0;
  State state_ = State::opening;
  Fault fault_ = Fault::none;
  char tail_ = 0;            // the first of the two bytes behind a boundary
  bool disposed_ = false;    // this part's Content-Disposition was read
  bool is_wanted_ = false;   // this part is the wanted field
  bool is_file_ = false;     // it has a file name
  bool is_encoded_ = false;  // it has a Content-Transfer-Encoding
  bool inside_ = false;      // the opening's boundary has no CRLF before it
};

}  // namespace penstock::multipart
