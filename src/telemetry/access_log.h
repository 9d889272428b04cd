// One JSON line for every request, whatever became of it. The same field names stand in the
// journal. No text of prompts or answers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "penstock/bytes.h"
#include "penstock/time.h"
#include "telemetry/log_ring.h"
#include "telemetry/wall_time.h"

namespace penstock {

// A name from the configuration as it stands in a line, quotes and escapes included. Made once,
// when the configuration is taken: writing it again is a copy.
class LogName {
 public:
  explicit LogName(Bytes name);
  Bytes json() const { return json_; }

 private:
  std::string json_;
};

// The same for all that a line says of a target: `,"target":…,"provider":…,"upstream_model":…`.
class LogTarget {
 public:
  LogTarget(Bytes name, Bytes provider, Bytes upstream_model);
  Bytes members() const { return members_; }

 private:
  std::string members_;
};

// What is known of a request at its end. It needs to live only for the call that writes the line.
// `unknown_model`, `finish` and `trace_id` may hold any bytes, also a client's; the other strings
// are words of our own, or found to be like them: plain ASCII without quotes and backslashes. What
// is absent or empty is not written: "not known", which is not the same as 0.
struct AccessRecord {
  std::int64_t time_ns = 0;  // wall clock, of the first byte of the request
  Bytes request_id;
  const LogName* key = nullptr;  // the virtual key's public name
  Bytes endpoint;                // "chat.completions": our word, not the client's path
  Bytes dialect;
  const LogName* model = nullptr;     // the alias from the configuration
  Bytes unknown_model;                // without one: unknown_name() of what was asked for
  const LogTarget* target = nullptr;  // the last one tried
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
  Bytes usage_reported;        // JSON on one line, of at most usage_bytes_max; empty: none
  std::uint64_t bytes_in = 0;  // of the request's body
  std::uint64_t bytes_out = 0;
  std::optional<Duration> ttfb;  // to the first byte handed to the kernel for the client
  Duration duration;             // to the last one
  Duration overhead;             // OverheadClock::own
  Bytes trace_id;
  Bytes end;  // why it ended: "complete", "client_closed", "upstream_reset", …
};

inline constexpr std::size_t usage_bytes_max = 1024;
// No line is longer, whatever the fields hold.
inline constexpr std::size_t access_line_max = LogRing::line_max;

// One per shard: it remembers the text of the current second.
class AccessLog {
 public:
  // The line, with its line feed, in `room`. About 0.1 µs for ordinary fields.
  Bytes write(const AccessRecord& record, std::span<char, access_line_max> room) noexcept;

 private:
  WallTime time_;
};

// How a name that the configuration does not know is logged: `?` and 16 hex digits of its hash
// (FNV-1a), so that equal names can be found without writing a client's text.
std::array<char, 17> unknown_name(Bytes name) noexcept;

}  // namespace penstock
