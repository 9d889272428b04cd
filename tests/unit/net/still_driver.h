// A driver without sockets whose clock the test sets; it waits for pokes only.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "penstock/driver.h"

namespace penstock::test {

class StillDriver final : public Driver {
 public:
  StillDriver() : Driver(Instant{1}, SIZE_MAX) {}

  // The clock of the next turn.
  void pass(Duration d) {
    time_ = time_ + d;
    turn(Deadline{time_});
  }
  // Waits for a poke, in real time, at most five seconds.
  bool wait_for_poke() {
    std::unique_lock lock(mutex_);
    const bool poked = condition_.wait_for(lock, std::chrono::seconds(5), [&] { return poked_; });
    poked_ = false;
    return poked;
  }

  Result<int> open_socket(int) override { return fail(Code::refused); }
  void close_socket(int, CloseHow) override {}
  void shutdown_send(int) override {}
  long send(int, std::span<const Bytes>) override { return -1; }
  void submit(Op&) override {}
  void cancel(Op&) override {}
  Instant clock() const override { return time_; }
  void poke() override {
    const std::scoped_lock lock(mutex_);
    poked_ = true;
    condition_.notify_one();
  }
  const char* name() const override { return "still"; }

 protected:
  void wait_and_dispatch(Instant) override { refresh_now(); }
  void recycle() override {}

 private:
  Instant time_{1};
  std::mutex mutex_;
  std::condition_variable condition_;
  bool poked_ = false;
};

}  // namespace penstock::test
