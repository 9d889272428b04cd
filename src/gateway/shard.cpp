#include "gateway/shard.h"

#include <sys/random.h>
#include <sys/socket.h>

#include <algorithm>

#include "gateway/connection.h"
#include "gateway/relay.h"
#include "gateway/upload.h"
#include "penstock/hash.h"

namespace penstock {
namespace {

// How often idle upstream connections are looked through when none of them ended by itself.
constexpr Duration pool_sweep_longest = Duration::seconds(10);

// The longest text the scanner may meet: a request, an answer or an event.
std::size_t scanned_bytes(const Snapshot& config) {
  return static_cast<std::size_t>(std::max(
      {config.limits.max_body, config.upstream.max_response_bytes, config.sse.max_event_bytes}));
}

}  // namespace

Shard::Shard(Process& p, unsigned i, Driver& d, Resolver& r, ShardMetrics& m, LogRing* l,
             std::unique_ptr<Epoch> first)
    : process(p),
      index(i),
      driver(d),
      resolver(r),
      log(l),
      metrics(m),
      scanner(scanned_bytes(first->snapshot())),
      pool_signal_(d),
      handshake_signal_(d),
      random_state_(static_cast<std::uint64_t>(d.clock().ns) * 0x9e3779b97f4a7c15 + i + 1) {
  if (getrandom(&fingerprint_seed_, sizeof fingerprint_seed_, 0) !=
      static_cast<ssize_t>(sizeof fingerprint_seed_)) {
    fingerprint_seed_ = random();
  }
  epochs_.push_back(std::move(first));
  janitors_ = 2;
  spawner.spawn(keep_pools());
  spawner.spawn(keep_handshakes());
}

Shard::~Shard() {
  PENSTOCK_ASSERT(connections_ == nullptr);
}

void Shard::listen(int fd) {
  listeners_.emplace_back(driver, fd, &Shard::accepted, this);
  listeners_.back().start();
}

void Shard::accepted(void* context, int fd) {
  static_cast<Shard*>(context)->accept(fd);
}

void Shard::accept(int fd) {
  Address peer;
  peer.bytes = sizeof peer.storage;
  // Fails for the simulator's descriptors: all of them are one peer.
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer.storage), &peer.bytes) != 0) peer = {};
  spawner.spawn(Connection::run(*this, fd, PeerCounts::key_of(peer)));
}

void Shard::adopt(std::unique_ptr<Epoch> next) {
  scanner = json::Scanner(scanned_bytes(next->snapshot()));
  epochs_.push_back(std::move(next));
  drop_old_epochs();
}

// An epoch goes with its last request; its idle upstream connections go with it.
void Shard::drop_old_epochs() {
  const Epoch* current = epochs_.back().get();
  std::erase_if(epochs_, [&](const std::unique_ptr<Epoch>& epoch) {
    return epoch.get() != current && epoch->users == 0;
  });
}

void Shard::begin_drain(Deadline hard) {
  draining_ = true;
  drain_deadline_ = hard;
  for (Listener& listener : listeners_) listener.close();
  for (Connection* c = connections_; c; c = c->next_) c->signal.wake();
  pool_signal_.wake();
}

bool Shard::listeners_closed() const {
  return std::ranges::all_of(listeners_, [](const Listener& l) { return l.closed(); });
}

void Shard::stop() {
  stopping_ = true;
  begin_drain(Deadline{Instant{0}});
  handshake_signal_.wake();
}

// xorshift64*: targets are picked and delays spread with it; nothing secret depends on it.
std::uint64_t Shard::random() {
  random_state_ ^= random_state_ >> 12;
  random_state_ ^= random_state_ << 25;
  random_state_ ^= random_state_ >> 27;
  return random_state_ * 0x2545f4914f6cdd1d;
}

void Shard::observe() {
  std::size_t idle = 0;
  for (const auto& epoch : epochs_) {
    for (const UpstreamPool& pool : epoch->pools) idle += pool.idle();
  }
  metrics.connections(ConnectionSide::upstream, ConnectionState::idle)
      .set(static_cast<std::int64_t>(idle));
  metrics.observe(driver, shard_frames());
}

std::array<std::uint64_t, 2> Shard::fingerprint(Bytes credential) const {
  return hash128(credential, fingerprint_seed_);
}

bool Shard::give_back(Epoch& epoch, ProviderIndex provider, StreamPtr stream) {
  if (draining_ || &epoch != epochs_.back().get()) return false;
  UpstreamPool& pool = epoch.pools[static_cast<std::size_t>(provider)];
  return pool.give(std::move(stream), driver.now(), pool_signal_);
}

// Takes the steps of clients' handshakes that had to wait, each in its turn.
Task<> Shard::keep_handshakes() {
  while (!stopping_) {
    while (auto* place = handshakes.due(driver.now())) {
      Connection& connection = static_cast<Connection::Handshake*>(place)->connection;
      connection.step_handshake();
      connection.signal.wake();
    }
    const Deadline look{handshakes.next()};
    co_await handshake_signal_.wait(look);
  }
}

// Drops idle upstream connections that ended or grew too old, and epochs without requests.
Task<> Shard::keep_pools() {
  while (!stopping_) {
    const Instant now = driver.now();
    Instant next = now + pool_sweep_longest;
    for (const auto& epoch : epochs_) {
      for (UpstreamPool& pool : epoch->pools) {
        if (draining_) pool.clear();
        next = std::min(next, pool.sweep(now));
      }
    }
    drop_old_epochs();
    const Deadline look{next};
    co_await pool_signal_.wait(look);
  }
  for (const auto& epoch : epochs_) {
    for (UpstreamPool& pool : epoch->pools) pool.clear();
  }
}

}  // namespace penstock
