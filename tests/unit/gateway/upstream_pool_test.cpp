// The pool over simulated connections: a peer that ends, speaks unasked or grows old is not used.
#include "gateway/upstream_pool.h"

#include <doctest/doctest.h>
#include <netinet/in.h>

#include <cstring>
#include <vector>

#include "penstock/net.h"
#include "penstock/task.h"
#include "runtime/sim_driver.h"

using namespace penstock;

namespace {

constexpr int port = 9000;
constexpr Duration moment = Duration::milliseconds(50);

// Makes connected pairs of sockets.
class World {
 public:
  World() : driver(1), watcher(driver) {
    accept_.fd = driver.listen(port);
    driver.submit(accept_);
  }
  ~World() {
    for (const int fd : accept_.fds) driver.close_socket(fd, CloseHow::orderly);
    driver.cancel(accept_);
    driver.run_until([&] { return !accept_.pending() && driver.held() == 0; },
                     Duration::seconds(9));
    driver.close_socket(accept_.fd, CloseHow::orderly);
    driver.turn({Instant{0}});
    CHECK(driver.leftovers() == "");
  }
  // A stream whose peer is descriptor `peers().back()`.
  StreamPtr stream() {
    const std::size_t before = accept_.fds.size();
    Connect connect;
    const auto fd = driver.open_socket(AF_INET);
    REQUIRE(fd);
    connect.fd = *fd;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    std::memcpy(&connect.address, &address, sizeof address);
    connect.address_bytes = sizeof address;
    driver.submit(connect);
    REQUIRE(driver.run_until([&] { return !connect.pending() && accept_.fds.size() > before; },
                             Duration::seconds(9)));
    return Stream::adopt(driver, *fd, nullptr);
  }
  std::vector<int>& peers() { return accept_.fds; }
  void close_peer(std::size_t i) {
    driver.close_socket(peers()[i], CloseHow::orderly);
    peers().erase(peers().begin() + static_cast<std::ptrdiff_t>(i));
  }
  void pass(Duration time) {
    driver.run_until([] { return false; }, time);
  }

  SimDriver driver;
  Signal watcher;

 private:
  struct Accept : AcceptOp {
    Accept() : AcceptOp(&on_accept) {}
    static void on_accept(Op& op, int result) {
      if (result >= 0) static_cast<Accept&>(op).fds.push_back(result);
    }
    std::vector<int> fds;
  };
  struct Connect : ConnectOp {
    Connect() : ConnectOp([](Op&, int) {}) {}
  };
  Accept accept_;
};

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
  CHECK(pool.give(std::move(first), world.driver.now(), world.watcher));
  CHECK(pool.give(std::move(second), world.driver.now(), world.watcher));
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
  CHECK(pool.give(world.stream(), world.driver.now(), world.watcher));
  CHECK(pool.give(world.stream(), world.driver.now(), world.watcher));
  world.close_peer(1);  // of the one on top
  world.pass(moment);
  StreamPtr taken = pool.take(world.driver.now());
  REQUIRE(taken);
  CHECK_FALSE(taken->gone());
  CHECK(pool.idle() == 0);
}

TEST_CASE("upstream_pool: one that spoke unasked is not given out") {
  World world;
  UpstreamPool pool(limits());
  CHECK(pool.give(world.stream(), world.driver.now(), world.watcher));
  const Bytes stray = "HTTP/1.1 200 OK\r\n\r\n";
  CHECK(world.driver.send(world.peers()[0], std::span(&stray, 1)) > 0);
  world.pass(moment);
  CHECK(pool.take(world.driver.now()) == nullptr);
}

TEST_CASE("upstream_pool: nor is it kept") {
  World world;
  UpstreamPool pool(limits());
  StreamPtr stream = world.stream();
  world.close_peer(0);
  world.pass(moment);
  CHECK_FALSE(pool.give(std::move(stream), world.driver.now(), world.watcher));
  UpstreamPool none(limits(0));
  CHECK_FALSE(none.give(world.stream(), world.driver.now(), world.watcher));
}

TEST_CASE("upstream_pool: the oldest makes way") {
  World world;
  UpstreamPool pool(limits(2));
  StreamPtr oldest = world.stream();
  Stream* const oldest_at = oldest.get();
  CHECK(pool.give(std::move(oldest), world.driver.now(), world.watcher));
  CHECK(pool.give(world.stream(), world.driver.now(), world.watcher));
  CHECK(pool.give(world.stream(), world.driver.now(), world.watcher));
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
  CHECK(pool.give(world.stream(), start, world.watcher));
  CHECK(pool.sweep(start) == start + Duration::seconds(10));
  CHECK(pool.sweep(start + Duration::milliseconds(9999)) == start + Duration::seconds(10));
  CHECK(pool.idle() == 1);
  CHECK(pool.sweep(start + Duration::seconds(10)) == Instant::never());
  CHECK(pool.idle() == 0);
  CHECK(pool.give(world.stream(), start, world.watcher));
  CHECK(pool.take(start + Duration::seconds(10)) == nullptr);
}

TEST_CASE("upstream_pool: an end while idle wakes the watcher") {
  World world;
  UpstreamPool pool(limits());
  Spawner spawner;
  bool woken = false;
  CHECK(pool.give(world.stream(), world.driver.now(), world.watcher));
  spawner.spawn(watch(&world.watcher, &woken));
  world.pass(moment);
  CHECK_FALSE(woken);
  world.close_peer(0);
  world.pass(moment);
  CHECK(woken);
  CHECK(pool.sweep(world.driver.now()) == Instant::never());
}
