// The gateway's shard, as it is in production, between scripted clients and scripted providers, in
// virtual time and under seeded faults. Every request is answered once or its connection ends, no
// answer is mixed up or looks more complete than it was, and at the end nothing is left over.
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>

#include "gateway/shard.h"
#include "gateway_client.h"
#include "gateway_world.h"
#include "penstock/config.h"
#include "runtime/sim_driver.h"
#include "seeds.h"

using namespace penstock;
using namespace penstock::test;

namespace {

constexpr std::string_view configuration = R"(
providers:
  one: {kind: openai-compatible, base_url: "http://127.0.0.1:9001/v1", allow_private: true,
        keys: ["sk-one-0123456789", "sk-another-0123456789"], limits: {concurrency: 40}}
  two: {kind: openai-compatible, base_url: "http://127.0.0.1:9002/v1", allow_private: true,
        keys: ["sk-two-0123456789"], limits: {concurrency: 40}}
models:
  chat: {targets: [{provider: one, model: m1}, {provider: two, model: m2}], retry: {max_attempts: 3}}
  emb: {targets: [{provider: two, model: e2}, {provider: one, model: e1}], strategy: round_robin}
keys:
  - {name: main, secret: sk-sim-main-0123456789abcd}
  - {name: limited, secret: sk-sim-limited-0123456789, limits: {concurrency: 1}}
telemetry: {access_log: off}
)";
constexpr std::string_view patient = R"(
timeouts: {connect: 2s, first_byte: 10s, idle: 20s, total: 60s}
client: {header_timeout: 10s, body_timeout: 10s, keepalive_timeout: 30s, write_timeout: 20s}
sse: {heartbeat: off}
)";
constexpr std::string_view impatient = R"(
timeouts: {connect: 300ms, first_byte: 400ms, idle: 400ms, total: 2s}
client: {header_timeout: 500ms, body_timeout: 500ms, keepalive_timeout: 300ms, write_timeout: 500ms,
         max_requests_per_connection: 2}
upstream: {keepalive_timeout: 1s, max_idle_per_host: 1, max_response_bytes: 64KiB}
limits: {max_body: 64KiB, max_inflight: 3}
sse: {heartbeat: 100ms, max_event_bytes: 2KiB}
)";

std::unique_ptr<Snapshot> load(std::string_view rest) {
  config::LoadOptions options;
  options.now_s = 1'800'000'000;
  options.memory_bytes = 1'000'000'000;
  auto loaded = config::load_text(std::string(configuration).append(rest), "sim", options);
  if (!loaded) {
    for (const auto& mistake : loaded.error()) MESSAGE(config::to_string(mistake));
  }
  REQUIRE(loaded);
  return std::move(*loaded);
}

std::shared_ptr<const Generation> make_generation(const Generation* before, bool haste) {
  auto made = Generation::make(load(haste ? impatient : patient), before, nullptr);
  REQUIRE(made);
  return *made;
}

std::unique_ptr<Epoch> make_epoch(const std::shared_ptr<const Generation>& generation) {
  auto made = Epoch::make(generation);
  REQUIRE(made);
  return std::move(*made);
}

// Answers IP literals at once, or fails.
class SimResolver : public Resolver {
 public:
  explicit SimResolver(World& world) : world_(world) {}
  void start(Lookup& lookup, std::string_view host, std::uint16_t port) override {
    lookup.begin(*this);
    const auto address = parse_ip(host, port);
    if (!address || world_.random().chance(world_.habits.name_fails)) {
      return lookup.finish(fail(Code::dns_failed));
    }
    Resolved resolved;
    resolved.addresses[0] = *address;
    resolved.count = 1;
    lookup.finish(resolved);
  }
  void cancel(Lookup& lookup) override { lookup.abandon(); }

 private:
  World& world_;
};

bool breaking(const SimFaults& faults) {
  return faults.reset + faults.peer_death + faults.refuse_connect + faults.blackhole_connect +
             faults.out_of_descriptors + faults.lost_completions + faults.clock_jump >
         0;
}

Habits swarm_habits(SimRandom& random) {
  Habits habits;
  const auto some = [&](unsigned most) {
    return random.chance(500) ? static_cast<unsigned>(random.between(1, most)) : 0;
  };
  habits.provider_misbehaves = some(600);
  habits.client_leaves = some(500);
  habits.client_malformed = some(200);
  habits.client_slow = some(600);
  habits.name_fails = some(200);
  return habits;
}

struct Totals {
  int runs = 0;
  int succeeded = 0;
  int refused = 0;
  int cut = 0;
  int calm = 0;
  int drained_early = 0;
};
Totals totals;

// One simulated gateway with everything around it.
class Run {
 public:
  Run(const SimRun& run, Port::Serve serve)
      : world(driver_of(run), spawner_),
        resolver_(world),
        log_(metrics.log_lines_dropped, 1 << 14) {
    world.habits = swarm_habits(world.random());
    const bool quiet = !scarce_ && world.random().chance(breaking(run.faults) ? 50 : 500);
    if (quiet) {
      const unsigned slow = world.habits.client_slow;
      world.habits = {};
      world.habits.client_slow = slow;
    }
    drain_early_ = !quiet && world.random().chance(300);
    world.calm = quiet && !breaking(run.faults) && run.faults.delay == 0;
    world.prompt = world.calm && run.faults.late + run.faults.starve == 0;
    for (const int number : provider_ports) {
      ports_.push_back(std::make_unique<Port>(world, number, serve));
    }
    generations_.push_back(make_generation(nullptr, !quiet && world.random().chance(300)));
    process.ready = true;
    shard_ = std::make_unique<Shard>(process, 0, *driver_, resolver_, metrics, &log_,
                                     make_epoch(generations_[0]));
    shard_->listen(driver_->listen(gateway_port));
  }

  void play() {
    SimRandom& random = world.random();
    const std::uint64_t count = random.between(1, 6);
    for (std::uint64_t i = 0; i < count; ++i) {
      clients_.push_back(std::make_unique<Client>(world));
      spawner_.spawn(Client::run(clients_.back().get()));
    }
    const auto all_over = [&] {
      check_places();
      return std::ranges::all_of(clients_, &Client::over);
    };
    const auto first = Duration::milliseconds(static_cast<std::int64_t>(random.below(3000)));
    if (random.chance(200)) {
      driver_->run_until(all_over, first);
      generations_.push_back(
          make_generation(generations_.back().get(), !world.calm && random.chance(300)));
      shard_->adopt(make_epoch(generations_.back()));
    }
    if (drain_early_) {
      driver_->run_until(all_over, first);
      ++totals.drained_early;
    } else {
      CHECK(driver_->run_until(all_over, Duration::seconds(1000)));
    }
    drain();
    CHECK(driver_->run_until(all_over, Duration::seconds(1000)));
    for (const auto& port : ports_) port->stop();
    CHECK(driver_->run_until(
        [&] {
          return spawner_.running() == 0 &&
                 std::ranges::none_of(ports_, [](const auto& port) { return port->pending(); });
        },
        Duration::seconds(1000)));
    for (const auto& port : ports_) port->close();
  }

  void check() {
    for (std::size_t tag = 0; tag < world.requests.size(); ++tag) {
      const Known& known = world.requests[tag];
      if (known.attempts >= 0 && static_cast<int>(known.arrivals.size()) > known.attempts) {
        world.report(tag, "more attempts than the answer told");
      }
    }
    CHECK(process.inflight == 0);
    CHECK(process.connections == 0);
    for (const auto& generation : generations_) {
      for (std::size_t i = 0; i < generation->snapshot->keys.size(); ++i) {
        CHECK(generation->limits->at(static_cast<KeyIndex>(i)).parallel.used() == 0);
      }
      for (std::size_t i = 0; i < generation->snapshot->providers.size(); ++i) {
        CHECK(generation->limits->at(static_cast<ProviderIndex>(i)).parallel.used() == 0);
      }
    }
    for (const auto side : {ConnectionSide::client, ConnectionSide::upstream}) {
      CHECK(metrics.connections(side, ConnectionState::active).value() == 0);
    }
    CHECK(metrics.connections(ConnectionSide::client, ConnectionState::idle).value() == 0);
    CHECK(metrics.streams_active.value() == 0);
    shard_.reset();
    CHECK(driver_->held() == 0);
    CHECK(driver_->blocks().lent_bytes() == 0);
    driver_->turn({Instant{0}});
    CHECK(driver_->leftovers() == "");
    ++totals.runs;
    totals.succeeded += world.succeeded;
    totals.refused += world.refused;
    totals.cut += world.cut;
    totals.calm += world.calm;
  }

 private:
  // Every connection that is used towards a provider has a place in the provider's limit.
  void check_places() {
    const Generation& current = *generations_.back();
    std::int64_t places = 0;
    for (std::size_t i = 0; i < current.snapshot->providers.size(); ++i) {
      places += current.limits->at(static_cast<ProviderIndex>(i)).parallel.used();
    }
    const auto used =
        metrics.connections(ConnectionSide::upstream, ConnectionState::active).value();
    if (used > places) world.wrong.push_back("a provider is used beyond its limit");
  }
  SimDriver& driver_of(const SimRun& run) {
    // Now and then there is little memory for what waits; a calm world has enough.
    SimRandom random(run.seed ^ 0x6d656d);
    scarce_ = random.chance(100);
    const std::size_t most = scarce_ ? random.between(1024, 512 * 1024) : SIZE_MAX;
    driver_ = std::make_unique<SimDriver>(run.seed, run.faults, most);
    return *driver_;
  }
  // Ends the shard as the program does. It must be quick to go whatever its peers do.
  void drain() {
    const auto grace =
        Duration::milliseconds(static_cast<std::int64_t>(world.random().below(4000)));
    shard_->begin_drain(Deadline::after(driver_->now(), grace));
    driver_->run_until([&] { return shard_->idle(); }, grace);
    driver_->set_faults({});
    shard_->stop();
    CHECK(driver_->run_until([&] { return shard_->ended(); }, Duration::seconds(3)));
    // For the destructors, should the check have failed.
    REQUIRE(driver_->run_until([&] { return shard_->ended(); }, Duration::seconds(1000)));
  }

  bool scarce_ = false;
  std::unique_ptr<SimDriver> driver_;
  Spawner spawner_;

 public:
  World world;
  Process process;
  ShardMetrics metrics;

 private:
  SimResolver resolver_;
  LogRing log_;
  std::vector<std::shared_ptr<const Generation>> generations_;
  std::vector<std::unique_ptr<Port>> ports_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::unique_ptr<Shard> shard_;
  bool drain_early_ = false;
};

}  // namespace

// Clients leave at any moment, and no byte of an answer is another's (trap 119): every piece
// carries the tag of its request, and no buffer is lent at the end.
TEST_CASE("gateway trap_119") {
  totals = {};
  run_seeds("gateway trap_119", 5000, [](const SimRun& run) {
    Run gateway(run, &serve_provider);
    gateway.play();
    gateway.check();
    for (const std::string& wrong : gateway.world.wrong) FAIL_CHECK(wrong);
  });
  MESSAGE("succeeded ", totals.succeeded, ", refused ", totals.refused, ", cut ", totals.cut,
          ", calm runs ", totals.calm, ", drained early ", totals.drained_early);
  if (totals.runs > 1) CHECK(totals.succeeded > 0);
}

// A pooled connection that breaks when it is given a request has cost nothing: another one sends
// it, and in a calm world every request still succeeds.
TEST_CASE("gateway: a request that a pooled connection did not take leaves by another one") {
  totals = {};
  std::uint64_t stale = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SimRun run{.seed = seed, .faults = {}};
    run.faults.batched_send = 1000;
    run.faults.stale_send = 500;
    Run gateway(run, &serve_provider);
    gateway.play();
    stale += gateway.world.driver.stale_sends();
    gateway.check();
    for (const std::string& wrong : gateway.world.wrong) FAIL_CHECK(wrong);
  }
  CHECK(totals.calm > 50);
  CHECK(stale > 50);
}

// Proves that the checks above find what they look for.
TEST_CASE("canary: a provider that mixes answers up is caught") {
  int caught = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const SimRun run{.seed = seed, .faults = {}};
    Run gateway(run, &serve_confused_provider);
    gateway.play();
    gateway.check();
    caught += !gateway.world.wrong.empty();
  }
  CHECK(caught > 10);
}
