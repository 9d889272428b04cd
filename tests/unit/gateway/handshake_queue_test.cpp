// How handshakes share a shard with what runs on it, in virtual time.
#include "gateway/handshake_queue.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

using namespace penstock;

namespace {

using Place = HandshakeQueue::Place;
constexpr Instant start{1'000'000'000'000};

Duration us(std::int64_t n) {
  return Duration::microseconds(n);
}

// A shard that is never idle: each of its turns takes the steps that may be taken and then does
// other work for a while.
struct Shard {
  HandshakeQueue queue;
  Instant now = start;
  Duration in_handshakes{};
  std::vector<Place*> taken;

  void step(Place& place, Duration cost) {
    queue.spent(now, now + cost);
    now = now + cost;
    in_handshakes.ns += cost.ns;
    taken.push_back(&place);
  }
  // One turn: `now` as it was read at its start, as the driver does.
  void turn(Duration cost, Duration other_work) {
    const Instant read = now;
    while (Place* place = queue.due(read)) step(*place, cost);
    now = now + other_work;
  }
};

}  // namespace

TEST_CASE("handshake_queue: a few handshakes do not wait") {
  HandshakeQueue queue;
  Instant now = start;
  for (int i = 0; i < 1000; ++i) {
    Place place;
    CHECK(queue.ask(place, now));
    CHECK(place.begun());
    CHECK_FALSE(place.waits());
    queue.spent(now, now + us(500));
    CHECK(queue.next() == Instant::never());
    now = now + us(1000);
  }
}

TEST_CASE("handshake_queue: half a window at once, then half of the time") {
  Shard shard;
  std::deque<Place> places(1000);
  int at_once = 0;
  for (Place& place : places) {
    if (!shard.queue.ask(place, start)) continue;
    shard.step(place, us(500));
    ++at_once;
  }
  CHECK(at_once == 21);  // 10 ms of them, and the one that goes beyond
  CHECK(shard.queue.next() == start + us(1000));
  while (shard.taken.size() < places.size()) shard.turn(us(500), us(100));
  // 1000 handshakes of 500 us take a second, less what was there in advance.
  const std::int64_t whole = (shard.now - start).us();
  CHECK(whole >= 979'000);
  CHECK(whole <= 1'000'000);
  for (std::size_t i = 0; i < places.size(); ++i) CHECK(shard.taken[i] == &places[i]);
}

TEST_CASE("handshake_queue: whatever they cost, the rest of the shard keeps its half") {
  for (const std::int64_t cost : {20, 300, 2'000, 15'000, 100'000}) {
    for (const std::int64_t work : {1, 50, 3'000, 40'000}) {
      CAPTURE(cost);
      CAPTURE(work);
      Shard shard;
      // There is always one more that waits.
      std::vector<std::unique_ptr<Place>> flood;
      const auto join = [&] {
        while (flood.size() < shard.taken.size() + 2000) {
          flood.push_back(std::make_unique<Place>());
          if (shard.queue.ask(*flood.back(), shard.now)) shard.step(*flood.back(), us(cost));
        }
      };
      std::vector<std::pair<Instant, Duration>> seen;
      for (int i = 0; i < 500; ++i) {
        join();
        shard.turn(us(cost), us(work));
        seen.emplace_back(shard.now, shard.in_handshakes);
      }
      // In every span: half of it, what may be used in advance, and one step.
      const std::int64_t more = HandshakeQueue::window.ns / 2 + us(cost).ns;
      for (std::size_t from = 0; from < seen.size(); from += 7) {
        for (std::size_t to = from; to < seen.size(); to += 11) {
          const std::int64_t span = (seen[to].first - seen[from].first).ns;
          const std::int64_t spent = seen[to].second.ns - seen[from].second.ns;
          CHECK(spent <= span / 2 + more);
        }
      }
      // And handshakes get theirs, as long as turns are shorter than the window.
      if (us(work) >= HandshakeQueue::window) continue;
      CHECK(shard.in_handshakes.ns + us(work).ns + more >= (shard.now - start).ns / 2);
    }
  }
}

TEST_CASE("handshake_queue: what has begun goes on before the others begin") {
  HandshakeQueue queue;
  Place one, two, three, four;
  REQUIRE(queue.ask(one, start));
  queue.spent(start, start + us(100'000));
  CHECK_FALSE(queue.ask(two, start));
  CHECK_FALSE(queue.ask(three, start));
  CHECK_FALSE(queue.ask(three, start));  // asking twice is one place
  CHECK_FALSE(queue.ask(one, start));
  CHECK(one.begun());
  CHECK_FALSE(two.begun());
  CHECK(queue.next() == start + us(180'000));
  CHECK(queue.due(start + us(179'999)) == nullptr);
  const Instant later = start + us(180'000);
  CHECK_FALSE(queue.ask(four, later));  // not past those that wait
  CHECK(queue.due(later) == &one);
  CHECK_FALSE(one.waits());
  CHECK(queue.due(later) == &two);
  CHECK(two.begun());
  CHECK(queue.due(later) == &three);
  CHECK(queue.due(later) == &four);
  CHECK(queue.due(later) == nullptr);
  CHECK(queue.next() == Instant::never());
}

TEST_CASE("handshake_queue: who leaves keeps nobody") {
  HandshakeQueue queue;
  Place first, last;
  queue.spent(start, start + us(20'000));
  {
    Place before, between, after;
    CHECK_FALSE(queue.ask(before, start));
    CHECK_FALSE(queue.ask(first, start));
    CHECK_FALSE(queue.ask(between, start));
    CHECK_FALSE(queue.ask(last, start));
    CHECK_FALSE(queue.ask(after, start));
    between.leave();
    between.leave();
    CHECK_FALSE(between.waits());
  }
  const Instant later = queue.next();
  CHECK(queue.due(later) == &first);
  CHECK(queue.due(later) == &last);
  CHECK(queue.due(later) == nullptr);
  // The queue is as good as new.
  Place again;
  queue.spent(later, later + us(20'000));
  CHECK_FALSE(queue.ask(again, later));
  CHECK(queue.due(queue.next()) == &again);
}

TEST_CASE("handshake_queue: a silence is not saved up") {
  HandshakeQueue queue;
  queue.spent(start, start + us(1'000));
  const Instant later = start + Duration::seconds(3600);
  std::deque<Place> places(100);
  int at_once = 0;
  for (Place& place : places) {
    if (!queue.ask(place, later)) continue;
    queue.spent(later, later + us(1'000));
    ++at_once;
  }
  CHECK(at_once == 11);
}
