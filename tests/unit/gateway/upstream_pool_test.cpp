// The pool over simulated connections: a peer that ends, speaks unasked or grows old is not used.
#include "gateway/upstream_pool.h"

#include <doctest/doctest.h>

#include "penstock/task.h"
#include "support/sim_pairs.h"

using namespace penstock;

namespace {

constexpr Duration moment = Duration::milliseconds(50);

using World = penstock::test::SimPairs;

UpstreamPool::Limits limits(std::size_t most = 4) {
  return {most, Duration::seconds(10)};
}

Task<> watch(Signal* signal, bool* woken) {
  const Wake wake = co_await signal->wait(Deadline::never());
  *woken = wake == Wake::woken;
}

}  // namespace

TEST_CASE("upstream_pool: the last one in is the first one out") {
  World world;
  UpstreamPool pool(limits());
  CHECK(pool.take(world.driver.now()) == nullptr);
  StreamPtr first = world.stream();
  StreamPtr second = world.stream();
  Stream* const first_at = first.get();
  Stream* const second_at = second.get();
  CHECK(pool.give(std::move(first), world.driver.now(), world.signal));
  CHECK(pool.give(std::move(second), world.driver.now(), world.signal));
  CHECK(pool.idle() == 2);
  StreamPtr taken = pool.take(world.driver.now());
  CHECK(taken.get() == second_at);
  taken = pool.take(world.driver.now());
  CHECK(taken.get() == first_at);
  CHECK(pool.take(world.driver.now()) == nullptr);
}

TEST_CASE("upstream_pool: one that its peer ended is not given out") {
  World world;
  UpstreamPool pool(limits());
  CHECK(pool.give(world.stream(), world.driver.now(), world.signal));
  CHECK(pool.give(world.stream(), world.driver.now(), world.signal));
  world.peers[1]->close(CloseHow::orderly);  // of the one on top
  world.pass(moment);
  StreamPtr taken = pool.take(world.driver.now());
  REQUIRE(taken);
  CHECK_FALSE(taken->gone());
  CHECK(pool.idle() == 0);
}

TEST_CASE("upstream_pool: one that spoke unasked is not given out") {
  World world;
  UpstreamPool pool(limits());
  CHECK(pool.give(world.stream(), world.driver.now(), world.signal));
  const Bytes stray = "HTTP/1.1 200 OK\r\n\r\n";
  CHECK(world.peers[0]->send(stray) > 0);
  world.pass(moment);
  CHECK(pool.take(world.driver.now()) == nullptr);
}

TEST_CASE("upstream_pool: nor is it kept") {
  World world;
  UpstreamPool pool(limits());
  StreamPtr stream = world.stream();
  world.peers[0]->close(CloseHow::orderly);
  world.pass(moment);
  CHECK_FALSE(pool.give(std::move(stream), world.driver.now(), world.signal));
  UpstreamPool none(limits(0));
  CHECK_FALSE(none.give(world.stream(), world.driver.now(), world.signal));
}

TEST_CASE("upstream_pool: the oldest makes way") {
  World world;
  UpstreamPool pool(limits(2));
  StreamPtr oldest = world.stream();
  Stream* const oldest_at = oldest.get();
  CHECK(pool.give(std::move(oldest), world.driver.now(), world.signal));
  CHECK(pool.give(world.stream(), world.driver.now(), world.signal));
  CHECK(pool.give(world.stream(), world.driver.now(), world.signal));
  CHECK(pool.idle() == 2);
  for (int i = 0; i < 2; ++i) {
    const StreamPtr taken = pool.take(world.driver.now());
    REQUIRE(taken);
    CHECK(taken.get() != oldest_at);
  }
}

TEST_CASE("upstream_pool: age, and when to look again") {
  World world;
  UpstreamPool pool(limits());
  CHECK(pool.sweep(world.driver.now()) == Instant::never());
  const Instant start = world.driver.now();
  CHECK(pool.give(world.stream(), start, world.signal));
  CHECK(pool.sweep(start) == start + Duration::seconds(10));
  CHECK(pool.sweep(start + Duration::milliseconds(9999)) == start + Duration::seconds(10));
  CHECK(pool.idle() == 1);
  CHECK(pool.sweep(start + Duration::seconds(10)) == Instant::never());
  CHECK(pool.idle() == 0);
  CHECK(pool.give(world.stream(), start, world.signal));
  CHECK(pool.take(start + Duration::seconds(10)) == nullptr);
}

TEST_CASE("upstream_pool: an end while idle wakes the watcher") {
  World world;
  UpstreamPool pool(limits());
  Spawner spawner;
  bool woken = false;
  CHECK(pool.give(world.stream(), world.driver.now(), world.signal));
  spawner.spawn(watch(&world.signal, &woken));
  world.pass(moment);
  CHECK_FALSE(woken);
  world.peers[0]->close(CloseHow::orderly);
  world.pass(moment);
  CHECK(woken);
  CHECK(pool.sweep(world.driver.now()) == Instant::never());
}
