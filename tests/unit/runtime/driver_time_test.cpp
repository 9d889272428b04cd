// The driver's contract about time and waits, run over both kernel drivers.
#include <memory>
#include <thread>

#include "loopback.h"

using namespace penstock;
using namespace penstock::test;

PENSTOCK_DRIVER_TEST("a turn ends at its limit, not before") {
  const auto driver = Under::make();
  if (!driver) return;
  for (const int ms : {1, 7, 30}) {
    const Instant start = driver->clock();
    const Deadline limit = Deadline::after(start, Duration::milliseconds(ms));
    while (driver->clock() < limit.at) driver->turn(limit);
    CHECK((driver->clock() - start).ms() < ms + 200);
    CHECK(driver->now() >= limit.at);
  }
  // Waiting costs a handful of system calls, not a spin.
  const auto before = driver->counters().enters;
  const Deadline limit = Deadline::after(driver->clock(), Duration::milliseconds(50));
  while (driver->clock() < limit.at) driver->turn(limit);
  CHECK(driver->counters().enters - before < 10);
}

PENSTOCK_DRIVER_TEST("a poke from another thread ends the wait") {
  const auto driver = Under::make();
  if (!driver) return;
  const Instant start = driver->clock();
  std::thread other([&] {
    ::usleep(20'000);
    driver->poke();
  });
  driver->turn(Deadline::after(start, Duration::seconds(5)));
  CHECK((driver->clock() - start).ms() < 4'000);
  other.join();
  // One before the wait is not lost, many are one, and none stays behind.
  for (int i = 0; i < 100; ++i) driver->poke();
  driver->turn(Deadline::after(driver->clock(), Duration::seconds(5)));
  CHECK((driver->clock() - start).ms() < 4'500);
  run_turns(*driver, 3);
  const Deadline quiet = Deadline::after(driver->clock(), Duration::milliseconds(20));
  int turns = 0;
  for (; !quiet.passed(driver->clock()); ++turns) driver->turn(quiet);
  CHECK(turns < 10);
}

PENSTOCK_DRIVER_TEST("completions see the time after the wait") {
  const auto driver = Under::make();
  if (!driver) return;
  struct Clocked : AcceptOp {
    explicit Clocked(Driver& d)
        : AcceptOp([](Op& op, int result) {
            auto& self = static_cast<Clocked&>(op);
            if (result < 0) return;
            self.fd_taken = result;
            self.late = self.driver.clock() - self.driver.now();
          }),
          driver(d) {}
    Driver& driver;
    int fd_taken = -1;
    Duration late;
  };
  Listener listener;
  Clocked accepter(*driver);
  accepter.fd = listener.fd;
  driver->submit(accepter);
  run_turns(*driver, 2);
  std::unique_ptr<Peer> peer;
  std::thread other([&] {
    ::usleep(200'000);
    peer = std::make_unique<Peer>(listener.port);
  });
  while (accepter.fd_taken < 0) driver->turn(Deadline::never());
  other.join();
  CHECK(accepter.late.ms() < 150);
  stop(*driver, accepter);
  driver->close_socket(accepter.fd_taken, CloseHow::orderly);
}
