// Server-sent events (WHATWG HTML §9.2.6) as pure machines: a framer that cuts a byte stream into
// events, writers that spell them canonically, and a watcher that follows a stream of OpenAI's
// chat or completions dialect while its bytes pass by. No I/O, no clock, no JSON tree.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "penstock/bytes.h"
#include "penstock/error.h"

namespace penstock::sse {

// The largest event, without its blank line. Generated images and audio arrive as single events.
inline constexpr std::size_t event_bytes_max = 16u << 20;

// One event. The views live until the framer is asked for the next one and the chunk stays.
struct Event {
  Bytes name;  // the `event` field; empty: none was sent
  Bytes data;  // the `data` lines, joined by LF
  // The event as it came, blank line included, when it is spelled as we would write it ("data: x",
  // with "event: name" before it or not, LF line ends, nothing else); empty otherwise.
  Bytes raw;

  bool canonical() const { return !raw.empty(); }
};

// Cuts a stream into events. An event that lies in one chunk is handed over in place; only one
// that straddles chunks is copied, into a buffer that is emptied when the event was taken and given
// back if it is large. An event without its closing blank line at the end of the stream is never
// handed over.
//
//   framer.feed(chunk);
//   for (;;) { auto more = framer.next(event); if (!more || !*more) break; … }
//
// Where the text says that a CR at the end of a read waits for the next byte: the line ends at
// once, and an LF that comes next is taken as its second half. What comes out is the same.
class Framer {
 public:
  explicit Framer(std::size_t bytes_max = event_bytes_max) : bytes_max_(bytes_max) {}

  // The next bytes of the stream; the chunk before must have been used up. The chunk stays alive
  // until `next` returned false.
  void feed(Bytes chunk);
  // Hands over the next event and returns true; false: the chunk is used up. Blocks without data
  // (comments, heartbeats) are passed over. Error: too_large, Side::upstream; the stream is then
  // lost and the framer must not be used any more.
  Result<bool> next(Event& event);

  // Begins another stream; ordinary buffers are kept for it, so that it need not allocate.
  void restart(std::size_t bytes_max);

  // Bytes held of an event that is not whole yet.
  std::size_t held() const { return carry_.size(); }

 private:
  bool skip_byte_order_mark();
  bool skip_line_end_of_before();
  bool skip_between_events();
  bool take_canonical(Event& event);
  Result<bool> take_block(Event& event);
  const char* line_end(const char* p, const char* end);
  const char* block_end(const char* p, const char* end);
  bool parse(Bytes block, Event& event);
  void release();

  Bytes rest_;                // of the chunk
  const char* cr_ = nullptr;  // the first CR at or behind `rest_`, or the chunk's end
  std::string carry_;         // an event that began in an earlier chunk
  std::string joined_;        // data of several lines
  std::size_t bytes_max_;
  std::uint8_t bom_ = 0;     // bytes of a byte order mark seen; 4: the start is over
  bool line_start_ = false;  // in a block: the line before is complete
  bool after_cr_ = false;    // the last byte was a CR
  bool in_comment_ = false;  // in a comment line between events
  bool taken_ = false;       // carry_ belongs to the event handed over last
};
static_assert(sizeof(Framer) <= 128);

// Appends an event in canonical form to `out`, as slices: `name` (empty: no event line) and the
// pieces of one JSON text. False, and nothing is added, when the text must be rewritten (it holds
// a CR or LF) or the list has too little room; then `write_event` does it.
bool gather_event(Bytes name, std::span<const Bytes> data, Gather& out);

// Bytes `write_event` needs.
std::size_t written_bytes(Bytes name, std::span<const Bytes> data);
// Writes the same into `out` and returns what was written. Every CR and LF becomes a blank: in JSON
// they only stand between tokens, so the text means the same and can never forge an event. Error:
// too_large when `out` is too small.
Result<Bytes> write_event(Bytes name, std::span<const Bytes> data, std::span<char> out);

// How a stream ended, if the upstream ended now.
enum class Ending : std::uint8_t { complete, cut };

// Follows a stream of OpenAI's chat or completions dialect, event by event, without parsing the
// ordinary ones: `json::Scanner` reads the first event and those with usage, if the caller wants.
// It relies on JSON being sound where it only looks for keys; unsound events pass unchanged.
class ChatWatcher {
 public:
  enum class Kind : std::uint8_t {
    ordinary,
    done,       // [DONE]
    error,      // named "error", or with a truthy top-level error
    malformed,  // neither [DONE] nor an object: the stream is broken
    after_end,  // behind [DONE]: to be dropped
  };

  // What was seen in an event and what the client is to get.
  struct Look {
    Kind kind = Kind::ordinary;
    bool usage = false;  // there is a top-level usage object
    bool hide = false;   // nothing of the event goes to the client
    // The payload without its usage member; none: the payload goes on as it is.
    std::uint8_t slice_count = 0;
    std::array<Bytes, 2> slices;

    std::span<const Bytes> edited() const { return {slices.data(), slice_count}; }
  };

  // `hide_usage`: the client did not ask for usage, so it sees none.
  explicit ChatWatcher(bool hide_usage) : hide_usage_(hide_usage) {}

  Look look(const Event& event);

  // Complete once [DONE] was seen and no error before it.
  Ending ending() const { return done_ && !failed_ ? Ending::complete : Ending::cut; }
  bool done() const { return done_; }
  // The last finish_reason, cut to 31 bytes, still escaped; empty: none yet.
  Bytes finish_reason() const { return {finish_.data(), finish_bytes_}; }
  std::uint64_t events() const { return events_; }
  std::uint64_t dropped() const { return dropped_; }  // behind [DONE]

 private:
  void look_closely(Bytes data, Look& look) const;
  void remember_finish(Bytes reason);

  std::uint64_t events_ = 0;
  std::uint64_t dropped_ = 0;
  std::array<char, 31> finish_;
  std::uint8_t finish_bytes_ = 0;
  bool hide_usage_;
  bool done_ = false;
  bool failed_ = false;
};

// Adds the event to `out` as the client is to get it, after `look` (which said not to hide it).
// False, and nothing is added, when it must be rewritten: see gather_event.
bool gather_event(const Event& event, const ChatWatcher::Look& look, Gather& out);

}  // namespace penstock::sse
