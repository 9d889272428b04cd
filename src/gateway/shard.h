// One thread's part of the gateway: a driver, listeners, upstream pools, counters and scratch
// memory. A request lives and dies on the shard that accepted it. Everything a request touches
// hangs from here and is passed as an argument.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "gateway/generation.h"
#include "gateway/handshake_queue.h"
#include "gateway/object_pool.h"
#include "gateway/process.h"
#include "penstock/driver.h"
#include "penstock/http.h"
#include "penstock/json.h"
#include "penstock/kept_value.h"
#include "penstock/net.h"
#include "penstock/resolver.h"
#include "penstock/task.h"
#include "penstock/telemetry.h"
#include "penstock/translate.h"

namespace penstock {

class Connection;
struct Relay;
struct Upload;

// Bytes of the scratch that a stream's rewritten events are gathered in before one send.
inline constexpr std::size_t relay_bytes = 64 * 1024;
// Room for any head this program writes.
inline constexpr std::size_t head_bytes = 8 * 1024;

// Keeps an epoch alive for one request.
class EpochPin {
 public:
  explicit EpochPin(Epoch& epoch) : epoch_(&epoch) { ++epoch.users; }
  EpochPin(const EpochPin&) = delete;
  EpochPin& operator=(const EpochPin&) = delete;
  ~EpochPin() { --epoch_->users; }
  Epoch* operator->() const { return epoch_; }
  Epoch& operator*() const { return *epoch_; }

 private:
  Epoch* epoch_;
};

// Memory of one shard that is written and read within one run of a coroutine, never across a wait.
struct Scratch {
  http::RequestHead request;
  http::ResponseHead response;
  std::array<char, head_bytes> head;
  std::array<char, error_body_bytes_max> body;
  std::array<char, relay_bytes> relay;
  std::array<char, http::target_bytes_max> path;
};

class Shard {
 public:
  Shard(Process& process, unsigned index, Driver& driver, Resolver& resolver, ShardMetrics& metrics,
        LogRing* log, std::unique_ptr<Epoch> first);
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;
  ~Shard();

  // Takes over a listening socket of the data plane.
  void listen(int fd);
  // A new connection of a client, as if accepted here.
  void accept(int fd);

  // -- Called on the shard's thread between turns.

  // Later requests see the new generation.
  void adopt(std::unique_ptr<Epoch> next);
  // Stops accepting; idle connections close, running requests have until `hard`, then they end with
  // an in-band error.
  void begin_drain(Deadline hard);
  // Everything that was accepted has ended.
  bool idle() const { return listeners_closed() && spawner.running() <= janitors_; }
  // Ends everything that still runs; turns go on until `ended`.
  void stop();
  bool ended() const {
    return stopping_ && listeners_closed() && spawner.running() == 0 && driver.held() == 0;
  }
  // Mirrors what the runtime counts into the metrics.
  void observe();

  bool draining() const { return draining_; }
  Deadline drain_deadline() const { return drain_deadline_; }
  Epoch& epoch() { return *epochs_.back(); }
  const Snapshot& snapshot() { return epoch().snapshot(); }
  std::uint64_t random();
  // A short name for a credential, of use in this process only.
  std::array<std::uint64_t, 2> fingerprint(Bytes credential) const;
  // Keeps the upstream connection for the next request to the same provider; false: closes it.
  bool give_back(Epoch& epoch, ProviderIndex provider, StreamPtr stream);

  Process& process;
  const unsigned index;
  Driver& driver;
  Resolver& resolver;
  LogRing* const log;  // null: no access log
  AccessLog access_log;
  Spawner spawner;
  ShardMetrics& metrics;
  json::Scanner scanner;
  translate::Workbench bench;
  ObjectPool<Upload> uploads;
  ObjectPool<Relay> relays;
  ObjectPool<json::KeptValue> kept_values;
  Scratch scratch;
  HandshakeQueue handshakes;

 private:
  friend class Connection;
  static void accepted(void* context, int fd);
  Task<> keep_pools();
  Task<> keep_handshakes();
  bool listeners_closed() const;
  void drop_old_epochs();

  std::vector<std::unique_ptr<Epoch>> epochs_;  // the last one is current
  std::deque<Listener> listeners_;
  Connection* connections_ = nullptr;  // all that are open, doubly linked
  Signal pool_signal_;                 // an idle upstream connection ended
  Signal handshake_signal_;            // a client's handshake has to wait
  std::size_t janitors_ = 0;
  std::uint64_t random_state_;
  std::uint64_t fingerprint_seed_;
  Deadline drain_deadline_ = Deadline::never();
  bool draining_ = false;
  bool stopping_ = false;
};

}  // namespace penstock
