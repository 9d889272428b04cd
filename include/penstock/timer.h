// The shard's timers: a hierarchical wheel with O(1) arm and cancel and no clock of its own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "penstock/time.h"

namespace penstock {

// A timer lives in its owner (a Signal). Re-arming it for later is one store: the wheel finds the
// new deadline when the old slot comes round. So a stream that moves its idle deadline with every
// event pays nothing for it.
struct Timer {
  Timer* previous = nullptr;  // linked while in the wheel
  Timer* next = nullptr;
  Instant deadline = Instant::never();
  Instant slot =
      Instant::never();  // when the wheel looks at it, never later than `deadline` + tick
  void (*expire)(Timer&) = nullptr;

  bool linked() const { return next != nullptr; }
};

// Ticks of 2^22 ns (4.2 ms); four levels of 64 slots reach 19 hours, later deadlines wait in the
// last slot and are looked at again. A timer never fires early and at most two ticks late.
class TimerWheel {
 public:
  explicit TimerWheel(Instant now);
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // Sets the deadline; `never` leaves it dormant. May be called on a linked timer at any time.
  void arm(Timer& timer, Instant deadline);
  // Takes it out of the wheel. Safe on a timer that is not linked.
  void cancel(Timer& timer);
  // Fires what is due. `expire` may arm and cancel any timer.
  void advance(Instant now);
  // When `advance` has something to look at; may be early, never late. `never`: nothing armed.
  Instant next() const { return next_; }

 private:
  static constexpr int tick_shift = 22;
  static constexpr int slot_bits = 6;
  static constexpr std::size_t slots = 1 << slot_bits;
  static constexpr std::size_t levels = 4;

  void place(Timer& timer);
  void drain(std::size_t level, std::size_t slot, Instant now);
  static void unlink(Timer& timer);
  Instant first_slot() const;

  std::array<std::array<Timer, slots>, levels> heads_;
  std::array<std::uint64_t, levels> occupied_{};
  std::int64_t tick_;                // all ticks before this one were looked at
  Instant next_ = Instant::never();  // the first slot in `occupied_`
};

}  // namespace penstock
