// Newline-delimited JSON (Ollama's streams) as a pure machine: cuts a byte stream into lines. What
// stands in a line is not judged here.
#pragma once

#include <cstddef>
#include <string>

#include "penstock/bytes.h"
#include "penstock/error.h"

namespace penstock::sse {

// The largest line; as for one event of an event stream.
inline constexpr std::size_t line_bytes_max = 16u << 20;

// Lines end in LF or CR LF; a byte order mark may lead; lines of blanks are passed over. A line
// that lies in one chunk is handed over in place, one that straddles chunks is copied.
//
//   framer.feed(chunk);
//   for (;;) { auto more = framer.next(line); if (!more || !*more) break; … }
//   … at the end of the stream: framer.last(line)
class NdjsonFramer {
 public:
  explicit NdjsonFramer(std::size_t bytes_max = line_bytes_max) : bytes_max_(bytes_max) {}

  // The next bytes of the stream; the chunk before must have been used up. The chunk stays alive
  // until `next` returned false.
  void feed(Bytes chunk);
  // Hands over the next line, without its end, and returns true; false: the chunk is used up. The
  // view lives until the framer is asked again. Error: too_large, Side::upstream; the stream is
  // then lost and the framer must not be used any more.
  Result<bool> next(Bytes& line);
  // The stream ended: hands over what stands behind the last line end, if anything. A whole JSON
  // object needs no line end to be recognised; half of one is for the JSON reader to refuse.
  bool last(Bytes& line);

  // Bytes held of a line that is not whole yet.
  std::size_t held() const { return taken_ ? 0 : carry_.size(); }

 private:
  void release();
  bool worth(Bytes& line);

  Bytes rest_;         // of the chunk
  std::string carry_;  // a line that began in an earlier chunk
  std::size_t bytes_max_;
  bool started_ = false;  // the first line was seen: no byte order mark any more
  bool taken_ = false;    // carry_ belongs to the line handed over last
};

}  // namespace penstock::sse
