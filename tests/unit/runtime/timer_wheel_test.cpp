#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <random>
#include <utility>

#include "penstock/timer.h"

using namespace penstock;

namespace {

constexpr std::int64_t tick_ns = std::int64_t{1} << 22;

// A timer with the simplest model beside it: when it should fire.
struct Probe : Timer {
  Probe() {
    expire = [](Timer& timer) {
      auto& self = static_cast<Probe&>(timer);
      ++self.fired;
      const Instant due = std::exchange(self.expected, Instant::never());
      if (self.on_fire) self.on_fire(self, due);
    };
  }
  Instant expected = Instant::never();
  int fired = 0;
  std::function<void(Probe&, Instant)> on_fire;
};

void arm(TimerWheel& wheel, Probe& probe, Instant deadline) {
  probe.expected = deadline;
  wheel.arm(probe, deadline);
}
void cancel(TimerWheel& wheel, Probe& probe) {
  probe.expected = Instant::never();
  wheel.cancel(probe);
}

// From milliseconds to days: every level, and what lies beyond the last.
Duration random_wait(std::mt19937_64& random) {
  const int shift = static_cast<int>(random() % 30);
  return {static_cast<std::int64_t>(random() % (std::uint64_t{1} << (20 + shift)))};
}

}  // namespace

namespace {

// 300 timers under random arms, moves, cancels and advances, the same from within expiries.
class WheelModel {
 public:
  explicit WheelModel(std::uint64_t seed)
      : random_(seed),
        now_{static_cast<std::int64_t>(random_() % (std::uint64_t{1} << 50))},
        wheel_(now_),
        probes_(300) {
    for (Probe& probe : probes_) {
      probe.on_fire = [this](Probe& self, Instant due) { fire(self, due); };
    }
  }
  ~WheelModel() {
    for (Probe& probe : probes_) wheel_.cancel(probe);
  }
  void step() {
    Probe& probe = any();
    switch (random_() % 8) {
      case 0:
      case 1:
      case 2:
        return arm(wheel_, probe, now_ + random_wait(random_));
      case 3:  // a little later or earlier than it is, perhaps in the past
        if (probe.expected == Instant::never()) return;
        arm(wheel_, probe, probe.expected + Duration{random_shift()});
        probe.expected = std::max(probe.expected, now_);
        return;
      case 4:
        return cancel(wheel_, probe);
      case 5:
        return arm(wheel_, probe, Instant::never());
      default:
        return advance();
    }
  }
  int fired() const { return fired_; }

 private:
  Probe& any() { return probes_[random_() % probes_.size()]; }
  std::int64_t random_shift() {
    return static_cast<std::int64_t>(random_() % (64 * tick_ns)) - 32 * tick_ns;
  }
  void fire(Probe& self, Instant due) {
    ++fired_;
    REQUIRE(due <= now_);
    REQUIRE(!self.linked());
    Probe& other = any();
    switch (random_() % 6) {
      case 0:
        return arm(wheel_, self, now_ + random_wait(random_));
      case 1:
        return arm(wheel_, other, now_ + random_wait(random_));
      case 2:
        return cancel(wheel_, other);
      default:
        return;
    }
  }
  void advance() {
    Instant first = Instant::never();
    for (const Probe& probe : probes_) first = std::min(first, probe.expected);
    const Instant look = wheel_.next();
    if (first != Instant::never()) {
      REQUIRE(look.ns <= std::max(first.ns, now_.ns) + 2 * tick_ns);
    }
    const bool to_next = random_() % 2 == 0 && look != Instant::never();
    now_ = to_next ? std::max(now_, look) : now_ + random_wait(random_);
    wheel_.advance(now_);
    for (const Probe& probe : probes_) REQUIRE(probe.expected.ns >= now_.ns - 2 * tick_ns);
  }

  std::mt19937_64 random_;
  Instant now_;
  TimerWheel wheel_;
  std::deque<Probe> probes_;
  int fired_ = 0;
};

}  // namespace

TEST_CASE("the wheel against a model, at random") {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    CAPTURE(seed);
    WheelModel model(seed);
    for (int step = 0; step < 100'000; ++step) model.step();
    CHECK(model.fired() > 1000);
  }
}

TEST_CASE("a timer fires once, not early and at most two ticks late, from every phase") {
  std::mt19937_64 random(11);
  for (int round = 0; round < 3000; ++round) {
    const Instant start{static_cast<std::int64_t>(random() % (std::uint64_t{1} << 45))};
    TimerWheel wheel(start);
    Probe probe;
    const Instant deadline = start + random_wait(random);
    Instant now = start;
    Instant fired_at = Instant::never();
    probe.on_fire = [&](Probe&, Instant) { fired_at = now; };
    arm(wheel, probe, deadline);
    for (int looks = 0; probe.fired == 0; ++looks) {
      REQUIRE(looks < 1000);  // a few looks per level, not one per tick
      REQUIRE(wheel.next() != Instant::never());
      now = std::max(now, wheel.next());
      wheel.advance(now);
    }
    REQUIRE(fired_at >= deadline);
    REQUIRE((fired_at - deadline).ns <= 2 * tick_ns);
    REQUIRE(probe.fired == 1);
    REQUIRE(wheel.next() == Instant::never());
  }
}

TEST_CASE("moving a deadline later keeps the slot, moving it earlier takes effect") {
  TimerWheel wheel(Instant{0});
  Probe probe;
  const Instant first = Instant{0} + Duration::seconds(1);
  const Instant second = Instant{0} + Duration::seconds(5);
  arm(wheel, probe, first);
  const Instant look = wheel.next();
  arm(wheel, probe, second);
  CHECK(wheel.next() == look);
  wheel.advance(first + Duration::milliseconds(20));
  CHECK(probe.fired == 0);
  wheel.advance(second + Duration::milliseconds(20));
  CHECK(probe.fired == 1);

  arm(wheel, probe, second + Duration::seconds(100));
  arm(wheel, probe, second + Duration::seconds(1));
  wheel.advance(second + Duration::seconds(1) + Duration::milliseconds(20));
  CHECK(probe.fired == 2);
  wheel.advance(second + Duration::seconds(200));
  CHECK(probe.fired == 2);
}

TEST_CASE("expiries may cancel and arm their neighbours of the same slot") {
  TimerWheel wheel(Instant{0});
  std::deque<Probe> probes(5);
  const Instant at = Instant{0} + Duration::seconds(1);
  for (Probe& probe : probes) arm(wheel, probe, at);
  probes[0].on_fire = [&](Probe&, Instant) {
    cancel(wheel, probes[1]);
    cancel(wheel, probes[4]);
    arm(wheel, probes[2], at + Duration::seconds(1));
    arm(wheel, probes[3], Instant{0});
  };
  wheel.advance(at + Duration::milliseconds(10));
  wheel.advance(at + Duration::milliseconds(20));
  CHECK(probes[0].fired == 1);
  CHECK(probes[1].fired == 0);
  CHECK(probes[2].fired == 0);
  CHECK(probes[3].fired == 1);
  CHECK(probes[4].fired == 0);
  wheel.advance(at + Duration::milliseconds(1020));
  CHECK(probes[2].fired == 1);
}

TEST_CASE("deadlines beyond the last level wait and fire") {
  TimerWheel wheel(Instant{0});
  Probe probe;
  const Instant far = Instant{0} + Duration::seconds(30 * 24 * 3600);
  arm(wheel, probe, far);
  Instant now{0};
  int looks = 0;
  while (probe.fired == 0) {
    REQUIRE(++looks < 300);
    now = wheel.next();
    wheel.advance(now);
  }
  CHECK(now >= far);
  CHECK((now - far).ns <= 2 * tick_ns);
  arm(wheel, probe, Instant{INT64_MAX - 1});
  wheel.advance(now + Duration::seconds(1'000'000));
  CHECK(probe.fired == 1);
  wheel.cancel(probe);
}
