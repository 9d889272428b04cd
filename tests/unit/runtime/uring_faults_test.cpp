// What a kernel may say to the io_uring driver and hardly ever does, one test for each: the error
// is put between driver and kernel (UringFaults), all else is real.
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <deque>
#include <new>

#include "loopback.h"

using namespace penstock;
using namespace penstock::test;

namespace {

struct Ring {
  UringFaults faults;
  std::unique_ptr<Driver> driver;
  explicit Ring(UringOptions options = {}) {
    options.faults = &faults;
    options.completions = std::min(options.completions, 1024U);
    auto made = UringDriver::create(options, SIZE_MAX, nullptr);
    if (made) driver = std::move(*made);
  }
  void fail_next(int error, unsigned times = 1) {
    faults.enter_error = error;
    faults.enters = times;
  }
};

std::int64_t cpu_us() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::int64_t{used.tv_sec} * 1'000'000 + used.tv_nsec / 1000;
}

// A peer writes, the receive gets it: the driver works.
void check_echo(Driver& driver, const Pair& pair, Receiver& receiver, const std::string& text) {
  receiver.bytes.clear();
  pair.peer.write(text);
  REQUIRE(run_until(driver, [&] { return receiver.bytes == text; }));
}

}  // namespace

TEST_CASE("EBADR: every operation ends with it, and a new ring goes on") {
  Ring ring;
  if (!ring.driver) return;
  Driver& driver = *ring.driver;
  Pair pair(driver);
  Pair full(driver);
  const std::string much(1 << 20, 'x');
  while (send_text(driver, full.fd, much) > 0) {
  }
  Listener listener;
  Accepter accepter;
  accepter.fd = listener.fd;
  Receiver receiver;
  receiver.fd = pair.fd;
  Writer writer;
  writer.fd = full.fd;
  Listener deaf(0);
  std::array<Connecter, 4> connecters;
  driver.submit(accepter);
  driver.submit(receiver);
  driver.submit(writer);
  for (Connecter& connecter : connecters) {  // the queue takes one; the others stay pending
    const auto fd = driver.open_socket(AF_INET);
    REQUIRE(fd);
    connecter.fd = *fd;
    set_address(connecter, deaf.port);
    driver.submit(connecter);
  }
  run_turns(driver, 3);
  driver.cancel(writer);  // one that is being cancelled hears of it as well
  Peer waiting(listener.port);
  pair.peer.write("lost");
  ring.fail_next(-EBADR);
  driver.turn({Instant{0}});
  CHECK(driver.counters().rebuilds == 1);
  CHECK(accepter.ends == std::vector<int>{-EBADR});
  CHECK(receiver.ends == std::vector<int>{-EBADR});
  CHECK(receiver.bytes.empty());
  CHECK(writer.results == std::vector<int>{-EBADR});
  CHECK(std::ranges::any_of(
      connecters, [](const Connecter& c) { return c.results == std::vector<int>{-EBADR}; }));
  for (const Connecter& connecter : connecters) {
    CHECK(!connecter.pending());
    CHECK(connecter.results.size() == 1);
    driver.close_socket(connecter.fd, CloseHow::reset);
  }

  driver.submit(accepter);
  Peer late(listener.port);
  REQUIRE(run_until(driver, [&] { return accepter.fds.size() == 2; }));
  stop(driver, accepter);
  for (const int fd : accepter.fds) driver.close_socket(fd, CloseHow::reset);
  Pair fresh(driver);
  Receiver again;
  again.fd = fresh.fd;
  driver.submit(again);
  check_echo(driver, fresh, again, "all buffers are there");
  // A poke is heard, and timers fire: the new ring has both.
  driver.poke();
  const Instant start = driver.clock();
  driver.turn(Deadline::after(start, Duration::seconds(5)));
  CHECK((driver.clock() - start).ms() < 4'000);
  const Deadline limit = Deadline::after(driver.clock(), Duration::milliseconds(20));
  while (driver.clock() < limit.at) driver.turn(limit);
  CHECK((driver.clock() - limit.at).ms() < 1'000);
  stop(driver, again);
}

TEST_CASE("EBADR while a submission is made: no completion behind it is believed") {
  UringOptions options;
  options.submissions = 2;
  Ring ring(options);
  if (!ring.driver) return;
  Driver& driver = *ring.driver;
  std::deque<Pair> pairs;
  std::deque<Receiver> receivers(6);
  for (std::size_t i = 0; i < receivers.size(); ++i)
    receivers[i].fd = pairs.emplace_back(driver).fd;
  ring.fail_next(-EBADR);
  for (Receiver& receiver : receivers) driver.submit(receiver);  // more than the queue takes
  CHECK(ring.faults.enters == 0);
  driver.turn({Instant{0}});
  CHECK(driver.counters().rebuilds == 1);
  for (const Receiver& receiver : receivers) CHECK(receiver.ends == std::vector<int>{-EBADR});
  for (Receiver& receiver : receivers) driver.submit(receiver);
  for (std::size_t i = 0; i < pairs.size(); ++i) check_echo(driver, pairs[i], receivers[i], "more");
  for (Receiver& receiver : receivers) stop(driver, receiver);
}

TEST_CASE("EBADR again and again: what starts in the callback is on the new ring") {
  struct Stubborn : ReceiveOp {
    explicit Stubborn(Driver& d) : ReceiveOp(&on_bytes), driver(d) {}
    static void on_bytes(Op& op, int result) {
      auto& self = static_cast<Stubborn&>(op);
      if (result == -EBADR) ++self.lost;
      if (result > 0) self.bytes.append(self.lent);
      if (!op.pending() && result != -ECANCELED) self.driver.submit(op);
    }
    Driver& driver;
    int lost = 0;
    std::string bytes;
  };
  Ring ring;
  if (!ring.driver) return;
  Driver& driver = *ring.driver;
  Pair pair(driver);
  Stubborn receiver(driver);
  receiver.fd = pair.fd;
  driver.submit(receiver);
  for (int round = 1; round <= 20; ++round) {
    ring.fail_next(-EBADR);
    driver.turn({Instant{0}});
    CHECK(receiver.lost == round);
    pair.peer.write("x");
    REQUIRE(run_until(driver, [&] { return receiver.bytes.size() == std::size_t(round); }));
  }
  CHECK(driver.counters().rebuilds == 20);
  stop(driver, receiver);
}

TEST_CASE("EINTR: the turn comes round") {
  Ring ring;
  if (!ring.driver) return;
  Pair pair(*ring.driver);
  Receiver receiver;
  receiver.fd = pair.fd;
  ring.driver->submit(receiver);
  ring.fail_next(-EINTR, 3);
  check_echo(*ring.driver, pair, receiver, "after a signal");
  CHECK(ring.driver->counters().enters_refused == 0);
  stop(*ring.driver, receiver);
}

TEST_CASE("EAGAIN and ENOMEM: no spin, new connections are shed for a while, then all goes on") {
  for (const int error : {-EAGAIN, -ENOMEM}) {
    CAPTURE(error);
    Ring ring;
    if (!ring.driver) return;
    Driver& driver = *ring.driver;
    Pair pair(driver);
    Receiver receiver;
    receiver.fd = pair.fd;
    driver.submit(receiver);
    Listener listener;
    Accepter accepter;
    accepter.fd = listener.fd;
    driver.submit(accepter);
    run_turns(driver, 2);
    const std::int64_t before = cpu_us();
    const Instant start = driver.clock();
    ring.fail_next(error, 30);
    while (ring.faults.enters > 0)
      driver.turn(Deadline::after(driver.clock(), Duration::seconds(1)));
    CHECK((driver.clock() - start).ms() >= 29);
    CHECK(cpu_us() - before < 20'000);
    CHECK(driver.counters().enters_refused == 30);

    Peer shed(listener.port);
    REQUIRE(run_until(driver, [&] { return driver.counters().accepts_shed == 1; }));
    CHECK(accepter.fds.empty());
    char byte;
    CHECK(::recv(shed.fd, &byte, 1, 0) == -1);  // told at once
    check_echo(driver, pair, receiver, "those that are there are served");
    ::usleep(12'000);
    Peer later(listener.port);
    REQUIRE(run_until(driver, [&] { return accepter.fds.size() == 1; }));
    driver.close_socket(accepter.fds[0], CloseHow::orderly);
    stop(driver, accepter);
    stop(driver, receiver);
  }
}

TEST_CASE("EBUSY: completions are reaped, then submissions go on") {
  Ring ring;
  if (!ring.driver) return;
  Pair pair(*ring.driver);
  Receiver receiver;
  receiver.fd = pair.fd;
  ring.driver->submit(receiver);
  ring.fail_next(-EBUSY, 5);
  check_echo(*ring.driver, pair, receiver, "after the flood");
  CHECK(ring.driver->counters().enters_refused == 5);
  CHECK(ring.driver->counters().accepts_shed == 0);
  stop(*ring.driver, receiver);
}

TEST_CASE("no room for a submission: it waits in its turn, cancels included") {
  UringOptions options;
  options.submissions = 2;
  Ring ring(options);
  if (!ring.driver) return;
  Driver& driver = *ring.driver;
  std::deque<Pair> pairs;
  std::deque<Receiver> receivers(8);
  for (std::size_t i = 0; i < 8; ++i) pairs.emplace_back(driver);
  for (std::size_t i = 0; i < 8; ++i) receivers[i].fd = pairs[i].fd;
  ring.fail_next(-EBUSY, 1000);
  for (std::size_t i = 0; i < 8; ++i) driver.submit(receivers[i]);
  for (std::size_t i = 0; i < 4; ++i) driver.cancel(receivers[i]);
  CHECK(ring.faults.enters < 1000);
  ring.faults.enters = 0;
  for (std::size_t i = 4; i < 8; ++i) check_echo(driver, pairs[i], receivers[i], "in its turn");
  for (std::size_t i = 0; i < 4; ++i) CHECK(receivers[i].ends == std::vector<int>{-ECANCELED});
  for (std::size_t i = 4; i < 8; ++i) stop(driver, receivers[i]);
}

TEST_CASE("completion queue overflow: counted, flushed, nothing lost") {
  UringOptions options;
  options.submissions = 4;
  options.completions = 8;
  options.merge_wait_us = 0;
  Ring ring(options);
  if (!ring.driver) return;
  Driver& driver = *ring.driver;
  constexpr std::size_t count = 60;
  std::deque<Pair> pairs;
  std::deque<Receiver> receivers(count);
  for (std::size_t i = 0; i < count; ++i) {
    receivers[i].fd = pairs.emplace_back(driver).fd;
    driver.submit(receivers[i]);
  }
  run_turns(driver, 30);
  for (std::size_t i = 0; i < count; ++i) pairs[i].peer.write("number " + std::to_string(i));
  ::usleep(2'000);
  REQUIRE(run_until(driver, [&] {
    return std::ranges::none_of(receivers, [](const Receiver& r) { return r.bytes.empty(); });
  }));
  for (std::size_t i = 0; i < count; ++i) {
    CHECK(receivers[i].bytes == "number " + std::to_string(i));
    CHECK(receivers[i].ends.empty());
  }
  CHECK(driver.counters().overflows > 0);
  CHECK(driver.counters().rebuilds == 0);
  for (Receiver& receiver : receivers) driver.cancel(receiver);
  REQUIRE(run_until(driver, [&] {
    return std::ranges::none_of(receivers, [](const Receiver& r) { return r.pending(); });
  }));
}

TEST_CASE(
    "a kernel without multishot forms: each operation is refused once, then works one by one") {
  UringOptions options;
  Ring plain(options);
  if (!plain.driver) return;
  UringFaults faults;
  faults.refuses_multishot = true;
  options.faults = &faults;
  options.completions = 1024;
  auto made = UringDriver::create(options, SIZE_MAX, nullptr);
  REQUIRE(made);
  Driver& driver = **made;
  Listener listener;
  struct Server : AcceptOp {
    explicit Server(Driver& d)
        : AcceptOp([](Op& op, int result) {
            auto& self = static_cast<Server&>(op);
            if (result >= 0) self.fds.push_back(result);
            if (result < 0) self.ends.push_back(result);
            if (!op.pending() && result >= 0) self.driver.submit(op);
          }),
          driver(d) {}
    Driver& driver;
    std::vector<int> fds;
    std::vector<int> ends;
  };
  Server server(driver);
  server.fd = listener.fd;
  driver.submit(server);
  std::deque<Peer> peers;
  for (int i = 0; i < 5; ++i) peers.emplace_back(listener.port);
  REQUIRE(run_until(driver, [&] { return server.fds.size() == 5; }));
  std::deque<Receiver> receivers(5);
  for (std::size_t i = 0; i < 5; ++i) {
    receivers[i].fd = server.fds[i];
    driver.submit(receivers[i]);
  }
  std::string text(300'000, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = byte_at(i);
  for (const Peer& peer : peers) peer.write(Bytes(text).substr(0, 1000));
  for (const Peer& peer : peers) peer.write(Bytes(text).substr(1000, 100'000));
  REQUIRE(run_until(driver, [&] {
    return std::ranges::all_of(receivers,
                               [](const Receiver& r) { return r.bytes.size() == 101'000; });
  }));
  for (const Receiver& receiver : receivers) {
    CHECK(receiver.bytes == Bytes(text).substr(0, 101'000));
    CHECK(receiver.ends.empty());
  }
  for (int i = 0; i < 3; ++i) {  // the wake-up of other threads, too
    driver.poke();
    const Instant start = driver.clock();
    driver.turn(Deadline::after(start, Duration::seconds(5)));
    CHECK((driver.clock() - start).ms() < 4'000);
  }
  // Nothing is asked again and again in the form that was refused.
  const auto before = driver.counters().completions;
  const Deadline quiet = Deadline::after(driver.clock(), Duration::milliseconds(30));
  while (!quiet.passed(driver.clock())) driver.turn(quiet);
  CHECK(driver.counters().completions - before < 10);
  for (Receiver& receiver : receivers) stop(driver, receiver);
  stop(driver, server);
  CHECK(server.ends == std::vector<int>{-ECANCELED});
  for (const int fd : server.fds) driver.close_socket(fd, CloseHow::orderly);
}

TEST_CASE("a ring does only what the driver does") {
  Ring ring;
  if (!ring.driver || !static_cast<UringDriver&>(*ring.driver).restricted()) return;
  int rings = 0;
  for (int fd = 0; fd < 1024; ++fd) {
    std::array<char, 64> name{};
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    if (::readlink(link.c_str(), name.data(), name.size() - 1) < 0) continue;
    if (std::string_view(name.data()).find("io_uring") == std::string_view::npos) continue;
    ++rings;
    // What a probe asks is harmless; that it is refused shows the rules.
    alignas(io_uring_probe) std::array<std::byte, sizeof(io_uring_probe) + 64> probe{};
    const long answer =
        ::syscall(__NR_io_uring_register, fd, IORING_REGISTER_PROBE, probe.data(), 0);
    const int error = errno;
    CHECK(answer == -1);
    CHECK(error == EACCES);
  }
  CHECK(rings == 1);
}

TEST_CASE("ENOENT, EALREADY: a cancel that comes too late hurts nothing at the same address") {
  Ring ring;
  if (!ring.driver) return;
  Driver& driver = *ring.driver;
  Pair pair(driver);
  alignas(Receiver) std::array<std::byte, sizeof(Receiver)> place;
  auto* receiver = ::new (place.data()) Receiver;
  receiver->fd = pair.fd;
  driver.submit(*receiver);
  for (int round = 0; round < 50; ++round) {
    run_turns(driver, 1);
    // The peer's last words and the cancel are under way at once; whichever comes first.
    if (round % 2 == 0) pair.peer.write("words");
    driver.cancel(*receiver);
    REQUIRE(run_until(driver, [&] { return !receiver->pending(); }));
    CHECK(receiver->ended == 1);
    receiver->~Receiver();
    receiver = ::new (place.data()) Receiver;
    receiver->fd = pair.fd;
    driver.submit(*receiver);
    run_turns(driver, 3);
    CHECK(receiver->pending());
    CHECK(receiver->ends.empty());
  }
  stop(driver, *receiver);
  receiver->~Receiver();
}
