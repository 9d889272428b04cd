// Connecting over the simulator: addresses in turn and at once, time limits, giving up.
#include "net/connect_race.h"

#include <doctest/doctest.h>

#include <optional>

#include "penstock/task.h"
#include "support/sim_pairs.h"

using namespace penstock;
using namespace penstock::test;

namespace {

constexpr std::uint16_t closed_port = 9999;

// One address for each port: the simulator looks at ports only.
Resolved addresses(std::initializer_list<std::uint16_t> ports) {
  Resolved resolved;
  for (const std::uint16_t port : ports) {
    resolved.addresses[resolved.count++] = *parse_ip("127.0.0.1", port);
  }
  return resolved;
}

struct FixedResolver : Resolver {
  void start(Lookup& lookup, std::string_view, std::uint16_t) override {
    lookup.begin(*this);
    if (answer) lookup.finish(*answer);
  }
  void cancel(Lookup& lookup) override { lookup.abandon(); }
  std::optional<Result<Resolved>> answer;  // none: never
};

// One dial and how it ended.
struct Dialled {
  explicit Dialled(SimPairs& p) : pairs(p), watched(p.stream()), start(p.driver.now()) {
    watched->set_signal(&pairs.signal);
    dial.host = "provider";
    dial.port = SimPairs::port;
    dial.allow_private = true;
    dial.dns_timeout = Duration::seconds(2);
    dial.connect_timeout = Duration::seconds(3);
    dial.tls_timeout = Duration::seconds(3);
  }
  static Task<> go(Dialled* self) {
    auto made = co_await connect_stream(self->pairs.driver, self->resolver, self->pairs.signal,
                                        self->dial, self->total, *self->watched);
    self->took = self->pairs.driver.now() - self->start;
    if (made) {
      self->stream = std::move(*made);
    } else {
      self->error = made.error().code;
    }
    self->done = true;
  }
  void run() {
    start = pairs.driver.now();
    spawner.spawn(go(this));
    CHECK(pairs.driver.run_until([&] { return done; }, Duration::seconds(200)));
  }

  SimPairs& pairs;
  Spawner spawner;
  FixedResolver resolver;
  Dial dial;
  StreamPtr watched;
  Deadline total = Deadline::never();
  Instant start;
  Duration took{};
  StreamPtr stream;
  std::optional<Code> error;
  bool done = false;
};

}  // namespace

TEST_CASE("connect_race: the first connection wins, the others are closed") {
  SimPairs pairs;
  RacePtr race = ConnectRace::make(pairs.driver, pairs.signal,
                                   addresses({SimPairs::port, SimPairs::port, SimPairs::port}));
  CHECK(race->take_winner() == -1);
  CHECK_FALSE(race->exhausted());
  while (race->start_next()) {
  }
  CHECK(race->running() == 3);
  CHECK(race->exhausted());
  pairs.pass();
  CHECK(race->running() == 0);
  const int fd = race->take_winner();
  CHECK(fd >= 0);
  CHECK(race->take_winner() == -1);
  REQUIRE(pairs.take_peer() == 3);
  for (auto& peer : pairs.peers) peer->listen();
  pairs.pass();
  int broken = 0;
  for (auto& peer : pairs.peers) broken += peer->broken;
  CHECK(broken == 2);
  pairs.driver.close_socket(fd, CloseHow::orderly);
}

TEST_CASE("connect_race: refused ones leave no winner") {
  SimPairs pairs;
  RacePtr race =
      ConnectRace::make(pairs.driver, pairs.signal, addresses({closed_port, closed_port}));
  CHECK(race->start_next());
  pairs.pass();
  CHECK(race->running() == 0);
  CHECK(race->take_winner() == -1);
  CHECK(race->start_next());
  CHECK_FALSE(race->start_next());
  pairs.pass();
  CHECK(race->take_winner() == -1);
}

TEST_CASE("connect_race: without descriptors there is nothing to start") {
  SimFaults faults;
  faults.out_of_descriptors = 1000;
  SimPairs pairs(1, faults);
  RacePtr race = ConnectRace::make(pairs.driver, pairs.signal, addresses({SimPairs::port}));
  CHECK_FALSE(race->start_next());
  CHECK(race->exhausted());
  pairs.driver.set_faults({});
}

TEST_CASE("connect_race: letting go closes a winner nobody took, and what still runs") {
  SimPairs pairs;
  RacePtr race = ConnectRace::make(pairs.driver, pairs.signal, addresses({SimPairs::port}));
  CHECK(race->start_next());
  pairs.pass();
  race.reset();
  CHECK(pairs.driver.held() == 0);
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SimFaults faults = SimFaults::swarm(seed);
    faults.last_accept = 0;
    SimPairs busy(seed, faults);
    RacePtr several = ConnectRace::make(busy.driver, busy.signal,
                                        addresses({SimPairs::port, closed_port, SimPairs::port}));
    while (several->start_next()) {
    }
    busy.pass(Duration::microseconds(static_cast<std::int64_t>(seed % 10)));
    several.reset();
    busy.driver.set_faults({});
    busy.pass(Duration::seconds(1));
    busy.take_peer();  // SimPairs checks that nothing is left
  }
}

TEST_CASE("connector: a connection, also behind addresses that refuse") {
  SimPairs pairs;
  Dialled dialled(pairs);
  dialled.resolver.answer = addresses({closed_port, closed_port, SimPairs::port});
  dialled.run();
  REQUIRE(dialled.stream);
  // A refusal starts the next one at once.
  CHECK(dialled.took < Duration::milliseconds(20));
  dialled.stream.reset();
}

TEST_CASE("connector: the next address gets its chance after 250 ms") {
  SimPairs pairs;
  Dialled dialled(pairs);
  dialled.resolver.answer = addresses({SimPairs::port, SimPairs::port});
  SimFaults hole;
  hole.blackhole_connect = 1000;
  pairs.driver.set_faults(hole);
  dialled.start = pairs.driver.now();
  dialled.spawner.spawn(Dialled::go(&dialled));
  pairs.pass(Duration::milliseconds(100));
  CHECK_FALSE(dialled.done);
  pairs.driver.set_faults({});
  CHECK(pairs.driver.run_until([&] { return dialled.done; }, Duration::seconds(1)));
  REQUIRE(dialled.stream);
  CHECK(dialled.took >= Duration::milliseconds(250));
  CHECK(dialled.took < Duration::milliseconds(270));
  dialled.stream.reset();
}

TEST_CASE("connector: errors") {
  SimPairs pairs;
  Dialled dialled(pairs);
  SUBCASE("no such name") {
    dialled.resolver.answer = fail(Code::dns_failed);
    dialled.run();
    CHECK(dialled.error == Code::upstream_connect_failed);
  }
  SUBCASE("a name that nobody answers for") {
    dialled.run();
    CHECK(dialled.error == Code::upstream_timeout);
    CHECK(dialled.took >= dialled.dial.dns_timeout);
    CHECK(dialled.took < Duration::milliseconds(2050));
  }
  SUBCASE("all refuse") {
    dialled.resolver.answer = addresses({closed_port, closed_port});
    dialled.run();
    CHECK(dialled.error == Code::upstream_connect_failed);
    CHECK(dialled.took < Duration::milliseconds(50));
  }
  SUBCASE("private addresses that are not allowed") {
    dialled.dial.allow_private = false;
    dialled.resolver.answer = addresses({SimPairs::port});
    dialled.run();
    CHECK(dialled.error == Code::upstream_connect_failed);
  }
  SUBCASE("nobody answers") {
    SimFaults hole;
    hole.blackhole_connect = 1000;
    pairs.driver.set_faults(hole);
    dialled.resolver.answer = addresses({SimPairs::port, SimPairs::port});
    dialled.run();
    CHECK(dialled.error == Code::upstream_timeout);
    CHECK(dialled.took >= dialled.dial.connect_timeout);
    CHECK(dialled.took < Duration::milliseconds(3050));
  }
  SUBCASE("out of the request's own time") {
    dialled.total = Deadline::after(pairs.driver.now(), Duration::milliseconds(700));
    dialled.run();
    CHECK(dialled.error == Code::upstream_timeout);
    CHECK(dialled.took < Duration::milliseconds(750));
  }
  SUBCASE("the client leaves") {
    dialled.spawner.spawn(Dialled::go(&dialled));
    pairs.pass();
    pairs.peers[0]->close(CloseHow::reset);
    CHECK(pairs.driver.run_until([&] { return dialled.done; }, Duration::seconds(1)));
    CHECK(dialled.error == Code::client_closed);
  }
  pairs.driver.set_faults({});
}
