// One JSON line for every request, whatever became of it. The same field names stand in the
// journal. No text of prompts or answers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "penstock/bytes.h"
#include "penstock/time.h"
#include "telemetry/wall_time.h"

namespace penstock {

// What is known of a request at its end. Views may hold any bytes, also a client's; they need to
// live only for the call that writes the line. An empty string and an absent number are written as
// null: "not known", which is not the same as 0.
struct AccessRecord {
  std::int64_t time_ns = 0;  // wall clock, of the first byte of the request
  Bytes request_id;
  Bytes key;       // the virtual key's public name
  Bytes endpoint;  // "chat.completions": our word, not the client's path
  Bytes dialect;
  Bytes model;   // the alias from the configuration, or unknown_name() of what was asked for
  Bytes target;  // "provider/model", the last one tried
  Bytes provider;
  Bytes upstream_model;
  bool stream = false;
  unsigned status = 0;  // what the client got; 499: it left before
  Bytes code;           // our own error's name
  Bytes finish;         // finish_reason of the answer
  unsigned attempts = 0;
  std::optional<std::uint64_t> input_tokens;
  std::optional<std::uint64_t> cache_read_tokens;
  std::optional<std::uint64_t> output_tokens;
  std::optional<std::uint64_t> reasoning_tokens;
  Bytes usage_source;          // "provider" or "estimate"
  std::uint64_t bytes_in = 0;  // of the request's body
  std::uint64_t bytes_out = 0;
  std::optional<Duration> ttfb;  // to the first byte handed to the kernel for the client
  Duration duration;             // to the last one
  Duration overhead;             // OverheadClock::own
  Bytes trace_id;
  Bytes end;  // why it ended: "complete", "client_closed", "upstream_reset", …
};

// No line is longer, whatever the fields hold.
inline constexpr std::size_t access_line_max = 8 * 1024;

// One per shard: it remembers the text of the current second.
class AccessLog {
 public:
  // The line, with its line feed, in `room`. About 0.3 µs for ordinary fields.
  Bytes write(const AccessRecord& record, std::span<char, access_line_max> room) noexcept;

 private:
  WallTime time_;
};

// How a name that the configuration does not know is logged: `?` and 16 hex digits of its hash
// (FNV-1a), so that equal names can be found without writing a client's text.
std::array<char, 17> unknown_name(Bytes name) noexcept;

}  // namespace penstock
