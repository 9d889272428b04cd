// Lines on their way from a shard to the log writer: a ring of bytes with one producer and one
// consumer. The producer never waits; a line that does not fit is dropped and counted.
//
//          tail (consumer)          head (producer)
//   ........[line\nline\nline\nline\n]................
//
// A line is written where it will stand, and published when it is whole: what the consumer sees
// always ends with a line feed. Behind the ring's end there is room for the line that begins before
// it; its rest is then copied to the front.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <span>

#include "penstock/bytes.h"
#include "telemetry/metric.h"

namespace penstock {

class LogRing {
 public:
  static constexpr std::size_t default_bytes = 1 << 20;
  static constexpr std::size_t line_max = 9 * 1024;

  // `bytes` is a power of two. `dropped` is the shard's counter (ShardMetrics::log_lines_dropped).
  explicit LogRing(Counter& dropped, std::size_t bytes = default_bytes);
  LogRing(const LogRing&) = delete;
  LogRing& operator=(const LogRing&) = delete;

  // Producer: room for a line of at most `most` bytes, up to `line_max`; empty: there is none, and
  // the line counts as dropped.
  std::span<char> begin_line(std::size_t most) noexcept;
  // Producer: publishes the line at the front of that room; it ends with its line feed.
  void end_line(std::size_t bytes) noexcept;

  // Consumer: what is there, in order, as two parts (the ring's end lies between them). The views
  // hold until `consume`, which gives their room back.
  std::array<Bytes, 2> readable() const noexcept;
  void consume(std::size_t bytes) noexcept;
  std::size_t capacity() const noexcept { return mask_ + 1; }

  // An eventfd that the producer rings once when the ring gets half full, so that a burst does not
  // have to wait for the consumer's next round; -1: none. Set before the producer starts, and not
  // closed before it ended.
  void set_alarm(int event_fd) noexcept { alarm_.store(event_fd, std::memory_order_release); }

 private:
  void ring_alarm_if_half_full(std::size_t head) noexcept;

  std::unique_ptr<char[]> bytes_;
  std::size_t mask_;
  std::atomic<int> alarm_{-1};
  // The two sides' positions, which only grow, on cache lines of their own.
  alignas(64) std::atomic<std::size_t> head_{0};
  std::size_t seen_tail_ = 0;  // the producer's last look at `tail_`
  bool alarmed_ = false;
  Counter& dropped_;
  alignas(64) std::atomic<std::size_t> tail_{0};
};

}  // namespace penstock
