#include <algorithm>
#include <bit>

#include "penstock/assert.h"
#include "penstock/timer.h"

namespace penstock {

TimerWheel::TimerWheel(Instant now) : tick_(now.ns >> tick_shift) {
  for (auto& level : heads_) {
    for (Timer& head : level) head.previous = head.next = &head;
  }
}

void TimerWheel::unlink(Timer& timer) {
  timer.previous->next = timer.next;
  timer.next->previous = timer.previous;
  timer.previous = timer.next = nullptr;
}

void TimerWheel::arm(Timer& timer, Instant deadline) {
  timer.deadline = deadline;
  if (timer.linked()) {
    if (deadline >= timer.slot) return;  // found there when its old slot comes
    unlink(timer);                       // the slot's bit may stay set: a look that finds nothing
  }
  if (deadline != Instant::never()) place(timer);
}

void TimerWheel::cancel(Timer& timer) {
  timer.deadline = Instant::never();
  if (timer.linked()) unlink(timer);
}

// Puts a timer into the lowest level that reaches its deadline. The slot's end is at or after the
// deadline, so it never fires early.
void TimerWheel::place(Timer& timer) {
  std::int64_t due = (timer.deadline.ns >> tick_shift) + 1;
  due = std::max(due, tick_);
  std::size_t level = 0;
  std::int64_t distance = due - tick_;
  while (level + 1 < levels && distance >= static_cast<std::int64_t>(slots)) {
    ++level;
    distance = (due >> (slot_bits * static_cast<int>(level))) -
               (tick_ >> (slot_bits * static_cast<int>(level)));
  }
  const int shift = slot_bits * static_cast<int>(level);
  std::int64_t position = due >> shift;
  const std::int64_t current = tick_ >> shift;
  position = std::min(position, current + static_cast<std::int64_t>(slots) - 1);
  const auto index = static_cast<std::size_t>(position) % slots;
  timer.slot = {(position << shift) << tick_shift};
  Timer& head = heads_[level][index];
  timer.previous = head.previous;
  timer.next = &head;
  head.previous->next = &timer;
  head.previous = &timer;
  occupied_[level] |= std::uint64_t{1} << index;
  next_ = std::min(next_, timer.slot);
}

// Looks at every timer of a slot: fires the due ones, places the others again.
void TimerWheel::drain(std::size_t level, std::size_t slot, Instant now) {
  Timer& head = heads_[level][slot];
  occupied_[level] &= ~(std::uint64_t{1} << slot);
  Timer batch;
  if (head.next == &head) return;
  batch.next = head.next;
  batch.previous = head.previous;
  batch.next->previous = &batch;
  batch.previous->next = &batch;
  head.previous = head.next = &head;
  while (batch.next != &batch) {
    Timer& timer = *batch.next;
    unlink(timer);
    if (timer.deadline == Instant::never()) continue;
    if (timer.deadline > now) {
      place(timer);
    } else {
      timer.deadline = Instant::never();
      timer.expire(timer);
    }
  }
}

void TimerWheel::advance(Instant now) {
  const std::int64_t until = now.ns >> tick_shift;
  while (tick_ <= until) {
    // Skip straight over ticks that no level has anything in.
    const std::int64_t due = next_.ns >> tick_shift;
    if (due > until) {
      tick_ = until + 1;
      return;
    }
    tick_ = std::max(tick_, due);
    const std::int64_t at = tick_;
    ++tick_;
    for (std::size_t level = levels; level-- > 0;) {
      const int shift = slot_bits * static_cast<int>(level);
      if ((at & ((std::int64_t{1} << shift) - 1)) != 0) continue;
      const auto slot = static_cast<std::size_t>(at >> shift) % slots;
      if (occupied_[level] & (std::uint64_t{1} << slot)) drain(level, slot, now);
    }
    next_ = first_slot();
  }
}

Instant TimerWheel::first_slot() const {
  Instant first = Instant::never();
  for (std::size_t level = 0; level < levels; ++level) {
    if (occupied_[level] == 0) continue;
    const int shift = slot_bits * static_cast<int>(level);
    // The first position of this level whose start has not been looked at.
    const std::int64_t current = (tick_ + (std::int64_t{1} << shift) - 1) >> shift;
    const auto rotated =
        std::rotr(occupied_[level], static_cast<int>(static_cast<std::uint64_t>(current) % slots));
    const std::int64_t position = current + std::countr_zero(rotated);
    first = std::min(first, Instant{(position << shift) << tick_shift});
  }
  return first;
}

}  // namespace penstock
