// Lines on their way from a shard to the log writer: a ring of bytes with one producer and one
// consumer. The producer never waits; a line that does not fit is dropped and counted.
//
//          tail (consumer)          head (producer)
//   ........[line\nline\nline\nline\n]................
//
// Only whole lines are published, so what the consumer sees always ends with a line feed.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>

#include "penstock/bytes.h"
#include "telemetry/metric.h"

namespace penstock {

class LogRing {
 public:
  static constexpr std::size_t default_bytes = 1 << 20;

  // `bytes` is a power of two. `dropped` is the shard's counter (ShardMetrics::log_lines_dropped).
  explicit LogRing(Counter& dropped, std::size_t bytes = default_bytes);
  LogRing(const LogRing&) = delete;
  LogRing& operator=(const LogRing&) = delete;

  // Producer: takes a copy of `line`, which ends with its line feed. False: dropped.
  bool try_push(Bytes line) noexcept;

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
