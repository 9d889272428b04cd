// The runtime under seeded faults: clients talk through a relay to an echoing server, all in one
// simulated process. Bytes come back whole and in order, or the connection is known to be broken;
// and at the end nothing is left over.
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "runtime/sim_driver.h"
#include "seeds.h"
#include "wire.h"

using namespace penstock;
using namespace penstock::test;

namespace {

constexpr int relay_port = 8080;
constexpr int echo_port = 9090;
constexpr Duration patience = Duration::seconds(300);

// Bytes that tell their position and their client.
char byte_at(std::uint64_t client, std::size_t position) {
  return static_cast<char>((position * 2654435761U + client * 40503U) >> 11);
}

// Accepts until stopped, and starts a task for each connection.
class Acceptor : public AcceptOp {
 public:
  using Serve = Task<> (*)(Acceptor* self, int fd);
  Acceptor(SimDriver& d, Spawner& s, int port, Serve serve)
      : AcceptOp(&on_accept), driver(d), spawner(s), serve_(serve) {
    fd = driver.listen(port);
    driver.submit(*this);
  }
  void stop() {
    stopping_ = true;
    driver.cancel(*this);
  }
  void close() { driver.close_socket(fd, CloseHow::orderly); }

  SimDriver& driver;
  Spawner& spawner;
  int served = 0;

 private:
  static void on_accept(Op& op, int result) {
    auto& self = static_cast<Acceptor&>(op);
    if (result >= 0) {
      ++self.served;
      self.spawner.spawn(self.serve_(&self, result));
    } else {
      CHECK((result == -EMFILE || result == -ECANCELED || result == -EBADR));
    }
    if (!op.pending() && !self.stopping_) self.driver.submit(self);
  }
  Serve serve_;
  bool stopping_ = false;
};

// Sends back what comes until the peer ends; then ends, too.
Task<> serve_echo(Acceptor* self, int fd) {
  Wire wire(self->driver);
  wire.adopt(fd);
  const Deadline deadline = Deadline::after(self->driver.now(), patience);
  bool woken = true;
  while (woken && !wire.broken()) {
    const long taken = wire.in.empty() ? 0 : wire.send_some(wire.in);
    if (taken < 0) break;
    wire.in.erase(0, static_cast<std::size_t>(taken));
    if (taken > 0) continue;
    if (wire.in.empty() && wire.ended()) break;
    woken = co_await wire.changed(deadline);
  }
  wire.finish();
  co_await wire.close(wire.in.empty() && woken ? CloseHow::orderly : CloseHow::reset);
}

// The canary: an echo that takes every send for a whole one, and forgets what comes after a cancel.
Task<> serve_carelessly(Acceptor* self, int fd) {
  Wire wire(self->driver);
  wire.adopt(fd);
  const Deadline deadline = Deadline::after(self->driver.now(), patience);
  bool woken = true;
  while (woken && !wire.broken() && !wire.ended()) {
    if (!wire.in.empty() && wire.send_some(wire.in) > 0) wire.in.clear();
    woken = co_await wire.changed(deadline);
  }
  wire.finish();
  co_await wire.close(CloseHow::orderly);
}

// One direction of the relay. True: something moved.
bool move(Wire& from, Wire& to, bool& finished) {
  bool moved = false;
  while (!from.in.empty() && !to.broken()) {
    const long taken = to.send_some(from.in);
    if (taken <= 0) break;
    from.in.erase(0, static_cast<std::size_t>(taken));
    moved = true;
  }
  // Back-pressure: who does not take bytes stops the other side's receive.
  if (from.in.size() > 4096) {
    from.stop_listening();
  } else if (from.in.size() < 1024) {
    from.listen_again();
  }
  if (from.in.empty() && from.ended() && !finished && !to.broken()) {
    to.finish();
    finished = true;
  }
  return moved;
}

struct Relay {
  explicit Relay(Driver& driver) : client(driver), upstream(driver) {}
  Wire client, upstream;
  bool client_done = false;
  bool upstream_done = false;
};

// Waits on one side while the other side's signal would stay unseen: so each side has a task that
// pumps its own direction and wakes at least every 50 ms for the other one.
Task<> serve_relay(Acceptor* self, int fd) {
  const auto relay = std::make_unique<Relay>(self->driver);
  relay->client.adopt(fd);
  const Deadline deadline = Deadline::after(self->driver.now(), patience);
  auto connected = co_await relay->upstream.connect(echo_port, deadline);
  while (connected && !deadline.passed(self->driver.now())) {
    move(relay->client, relay->upstream, relay->client_done);
    move(relay->upstream, relay->client, relay->upstream_done);
    if (relay->client.broken() || relay->upstream.broken()) break;
    if (relay->client_done && relay->upstream_done) break;
    const Deadline look = Deadline::after(self->driver.now(), Duration::milliseconds(50));
    static_cast<void>(co_await relay->client.changed(look));
  }
  const bool whole = relay->client_done && relay->upstream_done;
  const CloseHow how = whole ? CloseHow::orderly : CloseHow::reset;
  co_await relay->client.close(how);
  co_await relay->upstream.close(how);
}

struct Client {
  Client(SimDriver& d, std::uint64_t n, std::size_t t) : driver(d), number(n), total(t), wire(d) {}
  SimDriver& driver;
  std::uint64_t number;
  std::size_t total;
  Wire wire;
  std::size_t checked = 0;
  bool wrong = false;
  bool whole = false;
  bool ended_early = false;
  bool over = false;

  void check() {
    for (const char c : wire.in) wrong = wrong || c != byte_at(number, checked++);
    wire.in.clear();
  }
};

Task<> run_client(Client* self, int port) {
  const Deadline deadline = Deadline::after(self->driver.now(), patience);
  auto connected = co_await self->wire.connect(port, deadline);
  if (connected) {
    std::string text;
    for (std::size_t i = 0; i < self->total; ++i) text.push_back(byte_at(self->number, i));
    std::size_t sent = 0;
    bool finished = false;
    bool woken = true;
    while (woken && !self->wire.broken() && !self->wire.ended()) {
      while (sent < text.size()) {
        const long taken = self->wire.send_some(Bytes(text).substr(sent));
        if (taken <= 0) break;
        sent += static_cast<std::size_t>(taken);
      }
      if (sent == text.size() && !finished) {
        finished = true;
        self->wire.finish();
      }
      self->check();
      woken = co_await self->wire.changed(deadline);
    }
    self->check();
    self->whole = self->wire.ended() && self->checked == self->total;
    // A send that was told of a reset leaves the receive a plain end, as in Linux.
    self->ended_early = self->wire.ended() && !self->wire.broken() && !self->whole;
    co_await self->wire.close(CloseHow::orderly);
  }
  self->over = true;
}

struct Outcome {
  std::uint64_t digest = 0;
  int clients = 0;
  int whole = 0;
  int wrong = 0;        // clients that read a byte that is not theirs
  int ended_early = 0;  // clients that saw an orderly end before all was there
};

// `relayed`: through the relay, else straight to the server.
Outcome run_echo(const SimRun& run, bool relayed, Acceptor::Serve serve = &serve_echo) {
  Outcome outcome;
  SimDriver driver(run.seed, run.faults);
  {
    Spawner spawner;
    Acceptor echo(driver, spawner, echo_port, serve);
    Acceptor relay(driver, spawner, relay_port, &serve_relay);
    std::vector<std::unique_ptr<Client>> clients;
    const std::uint64_t count = driver.random().between(1, 5);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::size_t total =
          driver.random().below(std::uint64_t{1} << driver.random().between(1, 15));
      clients.push_back(std::make_unique<Client>(driver, i, total));
      spawner.spawn(run_client(clients.back().get(), relayed ? relay_port : echo_port));
    }
    REQUIRE(driver.run_until([&] { return std::ranges::all_of(clients, &Client::over); },
                             Duration::seconds(1000)));
    echo.stop();
    relay.stop();
    REQUIRE(driver.run_until(
        [&] { return spawner.running() == 0 && !echo.pending() && !relay.pending(); },
        Duration::seconds(1000)));
    echo.close();
    relay.close();
    for (const auto& client : clients) {
      CHECK(client->checked <= client->total);
      ++outcome.clients;
      outcome.whole += client->whole;
      outcome.wrong += client->wrong;
      outcome.ended_early += client->ended_early;
    }
  }
  driver.turn({Instant{0}});
  CHECK(driver.leftovers() == "");
  outcome.digest = driver.digest();
  return outcome;
}

// Faults that may break a connection or the patience of a client.
bool breaking(const SimFaults& faults) {
  return faults.reset + faults.peer_death + faults.refuse_connect + faults.blackhole_connect +
             faults.out_of_descriptors + faults.lost_completions + faults.clock_jump >
         0;
}

void check_outcome(const SimRun& run, const Outcome& outcome) {
  CHECK(outcome.wrong == 0);
  // Without faults that break connections, every client gets all its bytes back.
  if (!breaking(run.faults)) CHECK(outcome.whole == outcome.clients);
  // An early end in an orderly form is possible only where a peer may die.
  if (run.faults.peer_death + run.faults.reset + run.faults.lost_completions == 0)
    CHECK(outcome.ended_early == 0);
}

int whole_total = 0;

}  // namespace

TEST_CASE("echo") {
  whole_total = 0;
  run_seeds("echo", 3000, [](const SimRun& run) {
    const Outcome outcome = run_echo(run, false);
    check_outcome(run, outcome);
    whole_total += outcome.whole;
  });
  CHECK(whole_total > 0);
}

TEST_CASE("relay") {
  whole_total = 0;
  run_seeds("relay", 3000, [](const SimRun& run) {
    const Outcome outcome = run_echo(run, true);
    check_outcome(run, outcome);
    whole_total += outcome.whole;
  });
  CHECK(whole_total > 0);
}

// Proves that the checks above find what they look for.
TEST_CASE("canary: a careless server is caught") {
  int caught = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const SimRun run{.seed = seed, .faults = SimFaults::swarm(seed)};
    const Outcome outcome = run_echo(run, false, &serve_carelessly);
    const bool lost = !breaking(run.faults) && outcome.whole < outcome.clients;
    caught += outcome.wrong > 0 || lost;
  }
  CHECK(caught > 10);
}

TEST_CASE("a seed repeats its run exactly") {
  run_seeds("a seed repeats its run exactly", 50, [](const SimRun& run) {
    const Outcome first = run_echo(run, true);
    const Outcome second = run_echo(run, true);
    CHECK(first.digest == second.digest);
    CHECK(first.whole == second.whole);
  });
}
