// A driver without a kernel, whose clock the test moves: for tests of signals and tasks.
#pragma once

#include <algorithm>

#include "penstock/driver.h"

namespace penstock::test {

class HandDriver final : public Driver {
 public:
  HandDriver() : Driver(Instant{0}, SIZE_MAX) {}
  Instant time{0};
  int recycled = 0;

  Result<int> open_socket(int) override { return fail(Code::refused); }
  void close_socket(int, CloseHow) override {}
  void shutdown_send(int) override {}
  long send(int, std::span<const Bytes>) override { return -1; }
  void submit(Op&) override {}
  void cancel(Op&) override {}
  Instant clock() const override { return time; }
  void poke() override {}
  const char* name() const override { return "hand"; }

  // Turns until `end`, each waiting as long as it is asked to.
  void run_to(Instant end) {
    while (time < end) turn({end});
  }

 private:
  void wait_and_dispatch(Instant until) override {
    if (until != Instant::never()) time = std::max(time, until);
    refresh_now();
  }
  void recycle() override { ++recycled; }
};

}  // namespace penstock::test
