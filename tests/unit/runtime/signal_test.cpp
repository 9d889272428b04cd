#include <doctest/doctest.h>

#include <array>
#include <memory>
#include <random>
#include <vector>

#include "hand_driver.h"
#include "penstock/task.h"

using namespace penstock;
using penstock::test::HandDriver;

namespace {

struct Waiter {
  explicit Waiter(Driver& driver) : signal(driver) {}
  Signal signal;
  std::vector<Wake> wakes;
  std::vector<Instant> times;
};

// Waits `times` times, each at most `wait` long.
Task<> wait_often(Waiter* waiter, int times, Duration wait) {
  for (int i = 0; i < times; ++i) {
    const Wake wake =
        co_await waiter->signal.wait(Deadline::after(waiter->signal.driver().now(), wait));
    waiter->wakes.push_back(wake);
    waiter->times.push_back(waiter->signal.driver().now());
  }
}

constexpr Duration tick = Duration::microseconds(4'195);  // of the timer wheel, rounded up

}  // namespace

TEST_CASE("a wake before the wait is not lost, and counts once") {
  HandDriver driver;
  Waiter waiter(driver);
  Spawner spawner;
  waiter.signal.wake();
  waiter.signal.wake();
  spawner.spawn(wait_often(&waiter, 2, Duration::seconds(1)));
  CHECK(waiter.wakes == std::vector<Wake>{Wake::woken});
  driver.run_to(Instant{0} + Duration::seconds(2));
  CHECK(waiter.wakes == std::vector<Wake>{Wake::woken, Wake::expired});
  CHECK(spawner.running() == 0);
}

TEST_CASE("a wait expires not before its deadline and soon after") {
  HandDriver driver;
  for (const int ms : {0, 1, 5, 100, 270, 30'000, 3'600'000}) {
    CAPTURE(ms);
    Waiter waiter(driver);
    Spawner spawner;
    const Instant deadline = driver.now() + Duration::milliseconds(ms);
    spawner.spawn(wait_often(&waiter, 1, Duration::milliseconds(ms)));
    while (spawner.running() > 0) driver.turn(Deadline::never());
    CHECK(waiter.wakes == std::vector<Wake>{Wake::expired});
    CHECK(waiter.times[0] >= deadline);
    CHECK((waiter.times[0] - deadline).ns <= 2 * tick.ns);
  }
}

TEST_CASE("a deadline that has passed still waits for a turn") {
  HandDriver driver;
  driver.run_to(Instant{0} + Duration::seconds(1));
  Waiter waiter(driver);
  Spawner spawner;
  spawner.spawn(wait_often(&waiter, 1, Duration::seconds(-1)));
  CHECK(waiter.wakes.empty());
  driver.turn(Deadline::never());
  driver.turn(Deadline::never());
  CHECK(waiter.wakes == std::vector<Wake>{Wake::expired});
}

TEST_CASE("a wake in the turn of the expiry beats it, and leaves nothing behind") {
  HandDriver driver;
  Waiter early(driver), late(driver);
  Spawner spawner;
  // Both expire in the same turn; the first one woken wakes the other before it has run.
  static constexpr auto wake_other = [](Waiter* self, Waiter* other) -> Task<> {
    co_await self->signal.wait(
        Deadline::after(self->signal.driver().now(), Duration::milliseconds(50)));
    other->signal.wake();
  };
  spawner.spawn(wake_other(&early, &late));
  spawner.spawn(wait_often(&late, 2, Duration::milliseconds(50)));
  driver.run_to(Instant{0} + Duration::milliseconds(70));
  CHECK(late.wakes == std::vector<Wake>{Wake::woken});
  driver.run_to(Instant{0} + Duration::milliseconds(150));
  CHECK(late.wakes == std::vector<Wake>{Wake::woken, Wake::expired});
  CHECK(spawner.running() == 0);
}

TEST_CASE("an old deadline does not end a later wait") {
  HandDriver driver;
  Waiter waiter(driver);
  Spawner spawner;
  static constexpr auto body = [](Waiter* self) -> Task<> {
    Driver& d = self->signal.driver();
    self->wakes.push_back(
        co_await self->signal.wait(Deadline::after(d.now(), Duration::milliseconds(20))));
    self->wakes.push_back(co_await self->signal.wait(Deadline::never()));
    self->wakes.push_back(
        co_await self->signal.wait(Deadline::after(d.now(), Duration::milliseconds(500))));
    self->times.push_back(d.now());
  };
  spawner.spawn(body(&waiter));
  waiter.signal.wake();
  driver.run_to(Instant{0} + Duration::milliseconds(100));
  CHECK(waiter.wakes == std::vector<Wake>{Wake::woken});
  const Instant second = driver.now();
  waiter.signal.wake();
  driver.run_to(Instant{0} + Duration::seconds(2));
  CHECK(waiter.wakes == std::vector<Wake>{Wake::woken, Wake::woken, Wake::expired});
  CHECK((waiter.times[0] - second).ms() >= 500);
}

TEST_CASE("many signals: each wake arrives, in order, in the next batch") {
  HandDriver driver;
  std::vector<std::unique_ptr<Waiter>> waiters;
  Spawner spawner;
  std::minstd_rand random(7);
  for (int i = 0; i < 1000; ++i) {
    waiters.push_back(std::make_unique<Waiter>(driver));
    spawner.spawn(wait_often(waiters.back().get(), 10, Duration::seconds(1000)));
  }
  std::vector<std::size_t> woken(waiters.size());
  for (int turn = 0; spawner.running() > 0; ++turn) {
    REQUIRE(turn < 10'000);
    std::vector<bool> now(waiters.size());
    for (int i = 0; i < 200; ++i) {
      const std::size_t index = random() % waiters.size();
      if (woken[index] == 10) continue;
      waiters[index]->signal.wake();
      waiters[index]->signal.wake();
      if (!now[index]) ++woken[index];
      now[index] = true;
    }
    driver.turn({Instant{0}});
    for (std::size_t i = 0; i < waiters.size(); ++i) {
      REQUIRE(waiters[i]->wakes.size() == woken[i]);
    }
  }
}

TEST_CASE("what is woken while a batch runs waits for the next turn") {
  HandDriver driver;
  Waiter left(driver), right(driver);
  Spawner spawner;
  static constexpr auto play = [](Waiter* self, Waiter* other, int rounds) -> Task<> {
    for (int i = 0; i < rounds; ++i) {
      co_await self->signal.wait(Deadline::never());
      self->wakes.push_back(Wake::woken);
      other->signal.wake();
    }
  };
  spawner.spawn(play(&left, &right, 50));
  spawner.spawn(play(&right, &left, 50));
  left.signal.wake();
  for (std::size_t turn = 1; turn <= 100; ++turn) {
    driver.turn(Deadline::never());  // does not wait while somebody is ready
    CHECK(left.wakes.size() + right.wakes.size() == turn);
  }
  CHECK(driver.time == Instant{0});
  CHECK(spawner.running() == 0);
}

TEST_CASE("turn ends run after the coroutines and before the buffers go back") {
  HandDriver driver;
  struct Holder : TurnEnd {
    explicit Holder(HandDriver& d) : driver(d) {
      TurnEnd::settle = [](TurnEnd& node) {
        auto& self = static_cast<Holder&>(node);
        ++self.settled;
        self.recycled_before = self.driver.recycled;
        if (self.again) {
          self.again = false;
          self.driver.at_turn_end(self);  // from inside: in the same turn
        }
      };
    }
    HandDriver& driver;
    int settled = 0;
    int recycled_before = -1;
    bool again = false;
  };
  Holder holder(driver);
  driver.at_turn_end(holder);
  driver.at_turn_end(holder);
  driver.turn({Instant{0}});
  CHECK(holder.settled == 1);
  CHECK(holder.recycled_before == 0);
  CHECK(driver.recycled == 1);
  holder.again = true;
  driver.at_turn_end(holder);
  driver.turn({Instant{0}});
  CHECK(holder.settled == 3);
  CHECK(holder.recycled_before == 1);
  driver.turn({Instant{0}});
  CHECK(holder.settled == 3);
}
