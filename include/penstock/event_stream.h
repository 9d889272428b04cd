// AWS event streams (application/vnd.amazon.eventstream), the binary framing of Bedrock's streams,
// as a pure machine: a byte stream in, whole checked frames out. The format is Smithy's "Amazon
// Event Stream" specification; all integers are big endian:
//
//   total length u32 | headers length u32 | CRC-32 of these 8 bytes | headers | payload | CRC-32
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "penstock/bytes.h"
#include "penstock/error.h"

namespace penstock::sse {

// The largest frame that any framer accepts, and what AWS's own readers accept.
inline constexpr std::size_t event_frame_bytes_max = 24u << 20;

enum class HeaderType : std::uint8_t {
  true_value,
  false_value,
  int8,
  int16,
  int32,
  int64,
  bytes,
  string,
  timestamp,  // milliseconds since 1970, 8 bytes
  uuid,       // 16 bytes
};

struct EventHeader {
  Bytes name;
  HeaderType type = HeaderType::true_value;
  Bytes value;  // as on the wire; empty for the two truth values

  // An integer or a timestamp, sign-extended; 0 for all else.
  std::int64_t integer() const;
};

// Takes the first header off `headers`. False: there is none left. Error: malformed,
// Side::upstream.
Result<bool> take_header(Bytes& headers, EventHeader& header);

// One frame whose checksums and headers are sound. The views live until the framer is asked for
// the next one, as long as the chunk stays. A header that was not sent is empty here.
struct EventFrame {
  Bytes message_type;    // :message-type: event, exception or error
  Bytes event_type;      // :event-type
  Bytes exception_type;  // :exception-type
  Bytes error_code;      // :error-code
  Bytes error_message;   // :error-message, plain text
  Bytes content_type;    // :content-type
  Bytes headers;         // all of them, for take_header
  Bytes payload;

  // What names the frame: the type of the event or of the exception, or the error's code.
  Bytes name() const {
    if (!event_type.empty()) return event_type;
    return !exception_type.empty() ? exception_type : error_code;
  }
};

// Cuts a stream into frames. A frame that lies in one chunk is handed over in place; one that
// straddles chunks is copied. A length is believed only after its checksum was right, and no room
// is made before the bytes are there.
//
//   framer.feed(chunk);
//   for (;;) { auto more = framer.next(frame); if (!more || !*more) break; … }
//   … at the end of the stream: framer.finish()
class EventStreamFramer {
 public:
  static constexpr std::size_t headers_bytes_max = 128u << 10;
  static constexpr std::size_t headers_max = 64;

  // `bytes_max`: of a whole frame, at most `event_frame_bytes_max`.
  explicit EventStreamFramer(std::size_t bytes_max = event_frame_bytes_max);

  // The next bytes of the stream; the chunk before must have been used up. The chunk stays alive
  // until `next` returned false.
  void feed(Bytes chunk);
  // Hands over the next frame and returns true; false: the chunk is used up. Errors,
  // Side::upstream: malformed (a checksum, a length, a header that is unknown or stands twice) and
  // too_large. The stream is then lost and the framer must not be used any more.
  Result<bool> next(EventFrame& frame);
  // The stream ended. Error: malformed, Side::upstream, when it ended inside a frame.
  Result<> finish() const;

  // Bytes held of a frame that is not whole yet.
  std::size_t held() const { return taken_ ? 0 : carry_.size(); }

 private:
  bool carry_up_to(std::size_t bytes);
  Result<> read_prelude(Bytes prelude);
  Result<> read_frame(Bytes bytes, EventFrame& frame);

  Bytes rest_;         // of the chunk
  std::string carry_;  // a frame that began in an earlier chunk
  std::size_t bytes_max_;
  std::uint32_t total_ = 0;  // of the frame begun; 0: its prelude is not read yet
  std::uint32_t headers_ = 0;
  std::uint32_t checksum_ = 0;  // of the prelude's 12 bytes
  bool taken_ = false;          // carry_ belongs to the frame handed over last
};

}  // namespace penstock::sse
