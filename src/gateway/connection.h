// One client connection: reads heads, hands each request to an Exchange, decides what comes after.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "gateway/exchange_end.h"
#include "gateway/handshake_queue.h"
#include "gateway/process.h"
#include "penstock/driver.h"
#include "penstock/http.h"
#include "penstock/snapshot.h"
#include "penstock/stream.h"
#include "penstock/task.h"

namespace penstock {

class Shard;

// Lives in the frame of its root task. While idle it is all a connection costs: no buffer, no
// exchange.
class Connection {
 public:
  // The whole life of an accepted descriptor.
  static Task<> run(Shard& shard, int fd, PeerCounts::Key peer);

  // The last key this connection was identified by: clients send the same one with every request,
  // and a digest of it costs more than the rest of a small head. Valid for the same generation
  // only.
  struct LastKey {
    std::uint64_t generation = 0;
    std::array<std::uint64_t, 2> fingerprint{};  // XXH3-128 of the credential, with a secret seed
    KeyIndex key{};
  };

  Shard& shard;
  Signal signal;
  StreamPtr stream;
  LastKey last_key;
  const PeerCounts::Key peer;

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

 private:
  friend class Shard;
  // A handshake's place in the queue for its next step.
  struct Handshake : HandshakeQueue::Place {
    explicit Handshake(Connection& c) : connection(c) {}
    Connection& connection;
  };
  using After = ExchangeEnd;
  // What the received bytes amount to.
  enum class Step : std::uint8_t { wait, request, refused, ended };

  Connection(Shard& shard, int fd, PeerCounts::Key p);
  bool count_in();
  Task<bool> await_turn(Deadline patience);
  Task<bool> handshake();
  void step_handshake();
  void count_delay();
  Step step();
  Task<After> serve();
  Task<After> refuse();
  Task<> leave(After after);
  Deadline idle_deadline() const;

  Connection* previous_ = nullptr;  // the shard's list of all connections
  Connection* next_ = nullptr;
  http::RequestParser parser_;
  Instant began_;                // first byte of the current head, or the end of the last request
  std::uint32_t served_ = 0;     // requests on this connection
  bool reading_ = false;         // a head has begun
  bool counted_ = false;         // in Process::connections and PeerCounts
  bool delayed_ = false;         // its handshake, and counted so
  std::optional<Code> refusal_;  // what to answer to a head that is not one
  bool silent_ = false;          // ... with nothing at all
};

}  // namespace penstock
