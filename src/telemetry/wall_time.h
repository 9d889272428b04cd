// Wall-clock time as text for log lines: RFC 3339 in UTC with milliseconds.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "penstock/bytes.h"

namespace penstock {

// Nanoseconds since 1970-01-01 UTC, from CLOCK_REALTIME.
std::int64_t wall_now_ns() noexcept;

// Keeps the text of the second it wrote last: most lines share it.
class WallTime {
 public:
  static constexpr std::size_t bytes = 24;  // 2026-01-31T23:59:59.999Z

  // Valid until the next call. Times outside the years 1970 to 9999 are moved to their edge.
  Bytes text(std::int64_t unix_ns) noexcept;

 private:
  void write_second(std::int64_t second) noexcept;

  std::array<char, bytes> text_{};
  std::int64_t second_ = -1;
};

}  // namespace penstock
