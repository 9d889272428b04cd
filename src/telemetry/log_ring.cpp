#include "telemetry/log_ring.h"

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "penstock/assert.h"

namespace penstock {

LogRing::LogRing(Counter& dropped, std::size_t bytes)
    : bytes_(std::make_unique_for_overwrite<char[]>(bytes + line_max)),
      mask_(bytes - 1),
      dropped_(dropped) {
  PENSTOCK_ASSERT(std::has_single_bit(bytes));
}

std::span<char> LogRing::begin_line(std::size_t most) noexcept {
  PENSTOCK_DEBUG_ASSERT(most <= line_max);
  const std::size_t head = head_.load(std::memory_order_relaxed);
  if (most > capacity() - (head - seen_tail_)) {
    seen_tail_ = tail_.load(std::memory_order_acquire);
    if (most > capacity() - (head - seen_tail_)) {
      dropped_.add();
      return {};
    }
  }
  return {bytes_.get() + (head & mask_), most};
}

void LogRing::end_line(std::size_t bytes) noexcept {
  const std::size_t head = head_.load(std::memory_order_relaxed);
  const std::size_t end = (head & mask_) + bytes;
  PENSTOCK_DEBUG_ASSERT(bytes > 0 && bytes_[end - 1] == '\n');
  if (end > capacity()) std::memcpy(bytes_.get(), bytes_.get() + capacity(), end - capacity());
  head_.store(head + bytes, std::memory_order_release);
  ring_alarm_if_half_full(head + bytes);
}

// `seen_tail_` is old at times: look again before calling.
void LogRing::ring_alarm_if_half_full(std::size_t head) noexcept {
  if (head - seen_tail_ < capacity() / 2) return;
  seen_tail_ = tail_.load(std::memory_order_acquire);
  if (head - seen_tail_ < capacity() / 2) {
    alarmed_ = false;
    return;
  }
  if (alarmed_) return;
  const int event_fd = alarm_.load(std::memory_order_acquire);
  if (event_fd < 0) return;
  alarmed_ = true;
  const std::uint64_t one = 1;
  // Can only fail when the eventfd's count is at its maximum: then the consumer is awake anyway.
  [[maybe_unused]] const auto ignored = ::write(event_fd, &one, sizeof one);
}

std::array<Bytes, 2> LogRing::readable() const noexcept {
  const std::size_t tail = tail_.load(std::memory_order_relaxed);
  const std::size_t bytes = head_.load(std::memory_order_acquire) - tail;
  const std::size_t at = tail & mask_;
  const std::size_t first = std::min(bytes, capacity() - at);
  return {Bytes(bytes_.get() + at, first), Bytes(bytes_.get(), bytes - first)};
}

void LogRing::consume(std::size_t bytes) noexcept {
  tail_.store(tail_.load(std::memory_order_relaxed) + bytes, std::memory_order_release);
}

}  // namespace penstock
