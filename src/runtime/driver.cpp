#include "penstock/driver.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace penstock {

Signal::~Signal() {
  PENSTOCK_ASSERT(!waiter_ && !queued_);
  driver_.timers_.cancel(timer_);
}

void Signal::wake() noexcept {
  woken_ = true;
  if (waiter_) driver_.make_ready(*this);
}

void Signal::on_expire(Timer& timer) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
  auto& signal =
      *reinterpret_cast<Signal*>(reinterpret_cast<char*>(&timer) - offsetof(Signal, timer_));
#pragma GCC diagnostic pop
  if (!signal.waiter_) return;
  signal.expired_ = true;
  signal.driver_.make_ready(signal);
}

bool Signal::take_wake() noexcept {
  if (!woken_) return false;
  expired_ = false;
  return true;
}

void Signal::suspend(std::coroutine_handle<> waiter, Deadline deadline) noexcept {
  PENSTOCK_ASSERT(!waiter_);
  waiter_ = waiter;
  expired_ = false;
  driver_.timers_.arm(timer_, deadline.at);
}

// A wake beats the deadline: what came late still came.
Wake Signal::finish() noexcept {
  const bool woken = woken_;
  woken_ = expired_ = false;
  return woken ? Wake::woken : Wake::expired;
}

void Signal::resume() noexcept {
  queued_ = false;
  const auto waiter = waiter_;
  waiter_ = {};
  waiter.resume();
}

void Driver::make_ready(Signal& signal) noexcept {
  if (signal.queued_) return;
  signal.queued_ = true;
  signal.next_ready_ = nullptr;
  if (ready_last_) {
    ready_last_->next_ready_ = &signal;
  } else {
    ready_first_ = &signal;
  }
  ready_last_ = &signal;
}

void Driver::run_ready() {
  // What becomes ready while this batch runs waits for the next turn, so that no turn is unbounded.
  Signal* batch = ready_first_;
  ready_first_ = ready_last_ = nullptr;
  while (batch) {
    Signal* next = batch->next_ready_;
    batch->resume();
    batch = next;
  }
}

void Driver::at_turn_end(TurnEnd& node) noexcept {
  if (node.queued) return;
  node.queued = true;
  node.next = turn_end_;
  turn_end_ = &node;
}

void Driver::turn(Deadline limit) {
  const bool at_once = std::exchange(hurried_, false) || ready_first_;
  const Instant until = at_once ? Instant{0} : std::min(limit.at, timers_.next());
  wait_and_dispatch(until);
  timers_.advance(now_);
  run_ready();
  while (turn_end_) {
    TurnEnd* node = turn_end_;
    turn_end_ = node->next;
    node->queued = false;
    node->settle(*node);
  }
  recycle();
  ++counters_.turns;
}

}  // namespace penstock
