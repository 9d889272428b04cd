// Sends that leave with the system call that ends the turn: what arrives, what is told, and what
// memory they may point to meanwhile.
#include "runtime/send_batch.h"

#include <algorithm>
#include <array>
#include <ctime>

#include "loopback.h"

using namespace penstock;
using namespace penstock::test;

namespace {

struct Sender : SendOp {
  Sender() : SendOp(&on_sent) {}
  static void on_sent(Op& op, int result) {
    auto& self = static_cast<Sender&>(static_cast<SendOp&>(op));
    CHECK(!op.pending());
    self.results.push_back(result);
    self.given.clear();
    for (const Bytes piece : self.pieces) self.given.append(piece);
  }
  std::vector<int> results;
  std::string given;  // the pieces as they were in the callback
};

struct Ring {
  UringFaults faults;
  std::unique_ptr<Driver> driver;
  explicit Ring(UringOptions options = {}) {
    options.faults = &faults;
    options.completions = 1024;
    auto made = UringDriver::create(options, SIZE_MAX, nullptr);
    if (made && (*made)->batches_sends() == options.batch_sends) driver = std::move(*made);
    if (!driver) MESSAGE("skipped: the kernel cannot send in batches");
  }
};

std::string pattern(std::size_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) text[i] = byte_at(i);
  return text;
}

bool batch(Driver& driver, Sender& op, int fd, Bytes bytes) {
  op.fd = fd;
  return driver.send_batched(op, std::span(&bytes, 1));
}

std::vector<std::unique_ptr<Pair>> make_pairs(Driver& driver, int count) {
  std::vector<std::unique_ptr<Pair>> pairs;
  for (int i = 0; i < count; ++i) pairs.push_back(std::make_unique<Pair>(driver));
  return pairs;
}

// Nothing ends the next wait but what is done from here on: the kernel's timers of earlier turns
// have fired, and all that they and the rest have to say was told.
void calm(Driver& driver) {
  const timespec longer_than_turns{0, 50'000'000};
  ::nanosleep(&longer_than_turns, nullptr);
  run_turns(driver, 3);
}

// Fills the socket until it takes no more.
void fill(Driver& driver, int fd) {
  const std::string much(1 << 20, 'x');
  while (send_text(driver, fd, much) > 0) {
  }
}

}  // namespace

TEST_CASE("batch: a turn's sends leave together, and arrive") {
  const Ring ring;
  if (!ring.driver) return;
  Driver& driver = *ring.driver;
  const auto pairs = make_pairs(driver, 20);
  std::array<Sender, 20> senders;
  for (std::size_t i = 0; i < 20; ++i) {
    const std::string text = "answer " + std::to_string(100 + i);
    const Bytes pieces[] = {Bytes(text).substr(0, 4), "", Bytes(text).substr(4)};
    senders[i].fd = pairs[i]->fd;
    CHECK(driver.send_batched(senders[i], pieces));
    CHECK(senders[i].pending());
  }
  CHECK(senders[0].results.empty());
  const std::uint64_t enters = driver.counters().enters;
  run_turns(driver, 1);
  CHECK(driver.counters().enters <= enters + 2);
  CHECK(driver.counters().sends_batched == 20);
  for (std::size_t i = 0; i < 20; ++i) {
    CHECK(senders[i].results == std::vector<int>{10});
    CHECK(pairs[i]->peer.read(10) == "answer " + std::to_string(100 + i));
  }
}

TEST_CASE("batch: more sends than leave together, in one turn") {
  const Ring ring({.submissions = 16});
  if (!ring.driver) return;
  Driver& driver = *ring.driver;
  const auto pairs = make_pairs(driver, 80);
  std::array<Sender, 80> senders;
  const std::string text = pattern(600);
  int batched = 0;
  for (std::size_t i = 0; i < 80; ++i) {
    if (batch(driver, senders[i], pairs[i]->fd, text)) {
      ++batched;
    } else {  // the queue is full
      CHECK(send_text(driver, pairs[i]->fd, text) == 600);
    }
  }
  CHECK(batched >= 16);
  run_turns(driver, 2);
  for (const Sender& sender : senders) CHECK(!sender.pending());
  for (const auto& pair : pairs) CHECK(pair->peer.read(600) == text);
}

TEST_CASE("batch: what the socket does not take is told, with the bytes still there") {
  const Ring ring;
  if (!ring.driver) return;
  Driver& driver = *ring.driver;
  const Pair pair(driver);
  const std::string text = pattern(16'000);
  Sender sender;
  std::size_t taken = 0;
  while (sender.results.empty() || sender.results.back() == 16'000) {
    REQUIRE(batch(driver, sender, pair.fd, text));
    run_turns(driver, 1);
    REQUIRE(!sender.pending());
    CHECK(sender.given == text);
    if (sender.results.back() > 0) taken += static_cast<std::size_t>(sender.results.back());
  }
  const int last = sender.results.back();
  CHECK((last == -EAGAIN || (last > 0 && last < 16'000)));
  fill(driver, pair.fd);
  const std::uint64_t blocked = driver.counters().sends_blocked;
  REQUIRE(batch(driver, sender, pair.fd, text));
  run_turns(driver, 1);
  CHECK(sender.results.back() == -EAGAIN);
  CHECK(driver.counters().sends_blocked == blocked + 1);
  const std::string arrived = pair.peer.read(taken);
  REQUIRE(arrived.size() == taken);
  for (std::size_t at = 0; at < taken; at += text.size()) {
    CHECK(arrived.substr(at, text.size()) == text.substr(0, taken - at));
  }
}

TEST_CASE("batch: a broken connection is told") {
  const Ring ring;
  if (!ring.driver) return;
  Driver& driver = *ring.driver;
  Pair pair(driver);
  const Pair other(driver);
  pair.peer.reset();
  Sender sender, fine;
  REQUIRE(batch(driver, sender, pair.fd, "lost"));
  REQUIRE(batch(driver, fine, other.fd, "fine"));
  run_turns(driver, 1);
  REQUIRE(sender.results.size() == 1);
  CHECK((sender.results[0] == -EPIPE || sender.results[0] == -ECONNRESET));
  CHECK(sender.given == "lost");
  CHECK(fine.results == std::vector<int>{4});
  CHECK(other.peer.read(4) == "fine");
}

TEST_CASE("batch: too much to copy, or no batch at all, is for `send`") {
  const Ring ring;
  const Ring without({.batch_sends = false});
  if (!ring.driver || !without.driver) return;
  const Pair pair(*ring.driver);
  const Pair alone(*without.driver);
  const std::string most(SendBatch::copied_max, 'x');
  Sender sender;
  CHECK_FALSE(batch(*ring.driver, sender, pair.fd, most + "x"));
  CHECK_FALSE(sender.pending());
  CHECK(batch(*ring.driver, sender, pair.fd, most));
  run_turns(*ring.driver, 1);
  CHECK(sender.results == std::vector<int>{static_cast<int>(most.size())});
  CHECK_FALSE(batch(*without.driver, sender, alone.fd, "x"));
}

namespace {

// Sends on what it received in a turn, from where it lies.
struct Forward : ReceiveOp, TurnEnd {
  explicit Forward(Driver& d) : ReceiveOp(&on_bytes), driver(d) { settle = &on_turn_end; }
  static void on_bytes(Op& op, int result) {
    auto& self = static_cast<Forward&>(static_cast<ReceiveOp&>(op));
    if (result <= 0) return;
    self.pieces.add(self.lent);
    self.driver.at_turn_end(self);
  }
  static void on_turn_end(TurnEnd& node) {
    auto& self = static_cast<Forward&>(node);
    REQUIRE(!self.sender.pending());
    self.forwarded += self.pieces.bytes();
    if (self.driver.send_batched(self.sender, self.pieces.pieces())) {
      ++self.batches;
    } else {
      CHECK(self.driver.send(self.sender.fd, self.pieces.pieces()) ==
            static_cast<long>(self.pieces.bytes()));
    }
    self.pieces.clear();
  }
  Driver& driver;
  Gather pieces;
  Sender sender;
  std::size_t forwarded = 0;
  int batches = 0;
};

}  // namespace

// A few small buffers in turn: were one given back before what points to it has left, the kernel
// would receive the next bytes into it first.
TEST_CASE("batch: lent bytes stay as they are until they have left") {
  const Ring ring({.buffers = 4, .buffer_bytes = 16 * 1024});
  if (!ring.driver) return;
  Driver& driver = *ring.driver;
  const Pair from(driver), to(driver);
  Forward forward(driver);
  forward.fd = from.fd;
  forward.sender.fd = to.fd;
  driver.submit(forward);
  const std::string text = pattern(4'000'000);
  std::size_t got = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t bytes = std::min<std::size_t>(1 + at % 39'000, text.size() - at);
    from.peer.write(Bytes(text).substr(at, bytes));
    at += bytes;
    REQUIRE(
        run_until(driver, [&] { return forward.forwarded == at && !forward.sender.pending(); }));
    REQUIRE(to.peer.read(bytes) == Bytes(text).substr(got, bytes));
    got += bytes;
  }
  CHECK(forward.batches > 100);
  stop(driver, forward);
}

// The only buffer: the second receive is given to the kernel before the send that points into it.
TEST_CASE("batch: a receive of the same turn does not get the buffer of a send") {
  const Ring ring({.buffers = 1, .buffer_bytes = 16 * 1024});
  if (!ring.driver) return;
  Driver& driver = *ring.driver;
  const Pair from(driver), to(driver), other(driver);
  const std::string first = pattern(16 * 1024), second(16 * 1024, '#');
  from.peer.write(first);
  other.peer.write(second);
  struct Start : Forward {
    using Forward::Forward;
    static void on_turn_end(TurnEnd& node) {
      auto& self = static_cast<Start&>(static_cast<Forward&>(node));
      if (!self.receiver->pending()) self.driver.submit(*self.receiver);
      Forward::on_turn_end(node);
    }
    Receiver* receiver = nullptr;
  };
  Start forward(driver);
  Receiver receiver;
  forward.settle = &Start::on_turn_end;
  forward.receiver = &receiver;
  forward.fd = from.fd;
  forward.sender.fd = to.fd;
  receiver.fd = other.fd;
  driver.submit(forward);
  REQUIRE(run_until(driver, [&] { return receiver.bytes.size() == second.size(); }));
  CHECK(forward.batches > 0);
  CHECK(to.peer.read(first.size()) == first);
  CHECK(receiver.bytes == second);
  stop(driver, forward);
  stop(driver, receiver);
}

TEST_CASE("batch: a kernel short of memory sends later, and says so only then") {
  for (const int error : {-EAGAIN, -EBUSY, -ENOMEM}) {
    Ring ring;
    if (!ring.driver) return;
    Driver& driver = *ring.driver;
    const Pair pair(driver);
    Sender sender;
    REQUIRE(batch(driver, sender, pair.fd, "patience"));
    ring.faults.enter_error = error;
    ring.faults.enters = 2;
    run_turns(driver, 2);
    CHECK(sender.pending());
    REQUIRE(run_until(driver, [&] { return !sender.pending(); }));
    CHECK(sender.results == std::vector<int>{8});
    CHECK(pair.peer.read(8) == "patience");
  }
}

TEST_CASE("batch: of a ring that lost completions nothing is known, and a new one goes on") {
  Ring ring;
  if (!ring.driver) return;
  Driver& driver = *ring.driver;
  const Pair pair(driver);
  Sender sender;
  REQUIRE(batch(driver, sender, pair.fd, "perhaps"));
  ring.faults.enter_error = -EBADR;
  ring.faults.enters = 1;
  run_turns(driver, 2);
  CHECK(sender.results == std::vector<int>{-EBADR});
  CHECK(sender.given == "perhaps");
  REQUIRE(batch(driver, sender, pair.fd, "surely"));
  run_turns(driver, 1);
  CHECK(sender.results.back() == 6);
  CHECK(pair.peer.read(6) == "surely");
}

// Many sends are handed over before the wait. A loss told then is no reason to wait for an event.
TEST_CASE("batch: a loss that the handing over tells of is not slept on") {
  Ring ring;
  if (!ring.driver) return;
  Driver& driver = *ring.driver;
  const auto pairs = make_pairs(driver, 8);
  calm(driver);
  std::array<Sender, 8> senders;
  for (std::size_t i = 0; i < 8; ++i) REQUIRE(batch(driver, senders[i], pairs[i]->fd, "perhaps"));
  ring.faults.enter_error = -EBADR;
  ring.faults.enters = 1;
  const Instant begun = driver.clock();
  driver.turn(Deadline::after(begun, Duration::seconds(5)));
  CHECK(driver.clock() - begun < Duration::seconds(1));
  CHECK(driver.counters().rebuilds == 1);
  for (const Sender& sender : senders) CHECK(sender.results == std::vector<int>{-EBADR});
}

// The loss shows while completions are worked on: what was sent may be among what is not known.
TEST_CASE("batch: of a loss in the middle of a turn as well") {
  Ring ring({.submissions = 4});
  if (!ring.driver) return;
  Driver& driver = *ring.driver;
  const Pair pair(driver), trigger(driver);
  struct Loser : ReceiveOp {
    Loser() : ReceiveOp(&on_bytes) {}
    static void on_bytes(Op& op, int result) {
      auto& self = static_cast<Loser&>(static_cast<ReceiveOp&>(op));
      if (result <= 0) return;
      self.faults->enter_error = -EBADR;
      self.faults->enters = 1;
      for (Writer& writer : self.writers) {
        writer.fd = self.fd;
        self.driver->submit(writer);  // until the queue is full
      }
    }
    UringFaults* faults = nullptr;
    Driver* driver = nullptr;
    std::array<Writer, 8> writers;
  };
  Loser loser;
  loser.faults = &ring.faults;
  loser.driver = &driver;
  loser.fd = trigger.fd;
  driver.submit(loser);
  run_turns(driver, 1);
  trigger.peer.write("go");
  Sender sender;
  REQUIRE(batch(driver, sender, pair.fd, "perhaps"));
  REQUIRE(run_until(driver, [&] { return !sender.pending(); }));
  CHECK(sender.results == std::vector<int>{-EBADR});
  CHECK(driver.counters().rebuilds == 1);
}

TEST_CASE("batch: `hurry` ends a wait that nothing else would end") {
  const Ring ring;
  if (!ring.driver) return;
  Driver& driver = *ring.driver;
  const Pair pair(driver);
  calm(driver);
  Sender sender;
  REQUIRE(batch(driver, sender, pair.fd, "now"));
  driver.hurry();
  const Instant begun = driver.clock();
  driver.turn(Deadline::after(begun, Duration::seconds(3)));
  CHECK(driver.clock() - begun < Duration::seconds(1));
  CHECK(sender.results == std::vector<int>{3});
}
