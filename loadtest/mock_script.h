// What the mock answers, chosen by the name of the model in the request, because a gateway hands
// that on while it rewrites heads:
//
//   mock-whole-600                 whole answer with a body of exactly 600 bytes
//   mock-whole-600-d5000           the same after 5,000 us
//   mock-stream-n200-b1-d0         200 events, 1 per write, 0 us between writes, then finish and
//                                  [DONE]; further parts: -s199 bytes of one event, -hold keeps the
//                                  stream open after the events, -cut closes it there, -merge puts
//                                  all events of one write into one chunk, -anthropic makes them
//                                  events of the Messages API
//   mock-hold                      no answer
//   mock-status-503                an error answer
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::loadtest {

struct Script {
  enum class Kind : std::uint8_t { whole, stream, hold, status };
  enum class End : std::uint8_t { finish, hold, cut };

  Kind kind = Kind::whole;
  End end = End::finish;
  std::int64_t delay_ns = 0;
  std::uint32_t events = 0;
  std::uint32_t events_per_write = 1;
  std::size_t bytes = 600;  // of the whole body, or of one event
  int status = 200;
  bool merge = false;
  bool anthropic = false;

  // Ready-made bytes, filled by `prepare`.
  std::string answer;  // head and body (whole, status), or head and opening events (stream)
  std::string write;   // chunks of one full write
  std::vector<std::size_t> stamp_places;  // where the times go in `write`
  std::vector<std::size_t> event_ends;    // where event i's chunk ends (not with `merge`)
  std::string tail;                       // closing events, last chunk
  std::string tail_with_usage;
};

// Reads a model's name; nothing when it is not a script of the mock.
std::optional<Script> parse_script(std::string_view model);

// Builds the bytes that a script sends.
void prepare(Script& script, std::string_view model);

// Puts the time into the first `events` events of `write`.
void stamp(Script& script, std::size_t events, std::int64_t sent_ns);

}  // namespace penstock::loadtest
