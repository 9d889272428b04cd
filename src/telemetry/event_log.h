// Lines about the gateway itself: start, stop, reload, a target's state, a failing log. Rare, one
// JSON line each, on stderr. Requests are not logged here but in the access log.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <mutex>
#include <variant>

#include "penstock/bytes.h"
#include "telemetry/wall_time.h"

namespace penstock {

enum class Level : std::uint8_t { info, warning, error };

struct EventField {
  Bytes name;
  std::variant<Bytes, std::int64_t, bool> value;

  EventField(Bytes n, Bytes text) : name(n), value(text) {}
  EventField(Bytes n, const char* text) : name(n), value(Bytes(text)) {}
  EventField(Bytes n, bool is) : name(n), value(is) {}
  EventField(Bytes n, std::integral auto number)
      : name(n), value(static_cast<std::int64_t>(number)) {}
};

// Thread safe. Never waits for the reader of a pipe: a line that does not fit is dropped and
// counted (a line is shorter than PIPE_BUF, so a pipe takes all of it or nothing).
class EventLog {
 public:
  static constexpr std::size_t line_max = 4096;

  // `fd` is not owned. `clock` gives wall time in nanoseconds, so that tests can own it.
  explicit EventLog(int fd = 2, std::int64_t (*clock)() noexcept = &wall_now_ns)
      : fd_(fd), clock_(clock) {}
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  // {"time":…,"level":…,"event":name, fields in their order}. Fields that no longer fit are left
  // out, which `"cut":true` tells.
  void write(Level level, Bytes name, std::initializer_list<EventField> fields = {}) noexcept;
  std::uint64_t dropped() const noexcept;

 private:
  mutable std::mutex mutex_;
  WallTime time_;
  int fd_;
  std::int64_t (*clock_)() noexcept;
  std::uint64_t dropped_ = 0;
};

}  // namespace penstock
