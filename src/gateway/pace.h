// Spreads what comes in bursts: hands out points in time, so many a second.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>

#include "penstock/time.h"

namespace penstock {

// Shared by all shards, without a lock. What was not used within the last tenth of a second is made
// up for at once.
class Pace {
 public:
  // When one more may begin: now, or later. Nothing, and nothing used up, when that would be after
  // `patience`.
  std::optional<Instant> next(std::uint32_t per_second, Instant now, Duration patience) {
    const std::int64_t interval = Duration::seconds(1).ns / per_second;
    std::int64_t next = next_ns_.load(std::memory_order_relaxed);
    for (;;) {
      const std::int64_t at = std::max(next, now.ns - made_up.ns);
      if (at - now.ns > patience.ns) return std::nullopt;
      if (next_ns_.compare_exchange_weak(next, at + interval, std::memory_order_relaxed)) {
        return Instant{std::max(at, now.ns)};
      }
    }
  }

 private:
  static constexpr Duration made_up = Duration::milliseconds(100);
  std::atomic<std::int64_t> next_ns_{INT64_MIN / 2};
};

}  // namespace penstock
