#include "gateway/connection.h"

#include <algorithm>
#include <array>
#include <utility>

#include "gateway/exchange.h"
#include "gateway/shard.h"
#include "penstock/net.h"

namespace penstock {
namespace {

// How long, and for how many bytes, a peer that we refused may go on sending before the close. A
// close with unread bytes would make the kernel reset the connection and lose our answer.
constexpr Duration linger_for = Duration::seconds(1);
constexpr std::uint64_t linger_bytes = 64 * 1024;
// Above this share of the connection limit idle connections are kept for this time only.
constexpr std::uint32_t crowded_percent = 80;
constexpr Duration crowded_keepalive = Duration::seconds(5);

}  // namespace

Connection::Connection(Shard& s, int fd, PeerCounts::Key p)
    : shard(s), signal(s.driver), peer(p), began_(s.driver.now()) {
  std::unique_ptr<TlsSession> tls;
  if (const auto& context = shard.epoch().generation->data_tls) {
    auto session = TlsSession::server(context);
    PENSTOCK_ASSERT(session.has_value());  // fails only without memory
    tls = std::move(*session);
  }
  const bool stepwise = tls != nullptr;  // `handshake`
  stream = Stream::adopt(shard.driver, fd, std::move(tls), stepwise);
  stream->set_signal(&signal);
  stream->set_abrupt(true);
  next_ = shard.connections_;
  if (next_) next_->previous_ = this;
  shard.connections_ = this;
  shard.metrics.connections(ConnectionSide::client, ConnectionState::idle).add();
}

Connection::~Connection() {
  (previous_ ? previous_->next_ : shard.connections_) = next_;
  if (next_) next_->previous_ = previous_;
  shard.metrics.connections(ConnectionSide::client, ConnectionState::idle).sub();
  if (counted_) {
    shard.process.connections.fetch_sub(1, std::memory_order_relaxed);
    shard.process.peers.remove(peer);
  }
}

// Accept → (handshake) → a head and its exchange, again and again → close.
Task<> Connection::run(Shard& shard, int fd, PeerCounts::Key peer) {
  Connection self(shard, fd, peer);
  const bool counted = self.count_in();
  After after = After::keep;
  if (!counted && self.stream->established()) {
    self.refusal_ = Code::overloaded;
    after = co_await self.refuse();
  } else if (!counted) {
    after = After::drop;
  } else if (!self.stream->established()) {
    const bool proven = co_await self.handshake();
    if (!proven) after = After::drop;
  }
  while (after == After::keep) {
    const Step step = self.step();
    if (step == Step::request) {
      after = co_await self.serve();
    } else if (step == Step::refused) {
      after = co_await self.refuse();
    } else if (step == Step::ended) {
      after = After::close;
    } else {
      const Wake wake = co_await self.signal.wait(self.idle_deadline());
      if (wake == Wake::expired) {
        if (self.reading_) {
          const bool stopping = shard.drain_deadline().passed(shard.driver.now());
          self.refusal_ = stopping ? Code::draining : Code::request_timeout;
          after = co_await self.refuse();
        } else {
          after = After::close;
        }
      }
    }
  }
  co_await self.leave(after);
}

// Takes a place among the process's connections; false: there is none.
bool Connection::count_in() {
  const Limits& limits = shard.snapshot().limits;
  if (!shard.process.peers.add(peer, limits.max_connections_per_ip)) return false;
  counted_ = true;
  const std::uint32_t most = std::min(
      limits.max_connections, shard.process.connections_max.load(std::memory_order_relaxed));
  return shard.process.connections.fetch_add(1, std::memory_order_relaxed) < most;
}

// Handshakes are what an unknown peer can make cost most: only so many begin in a second. False:
// its turn would not come in time.
Task<bool> Connection::await_turn(Deadline patience) {
  const Instant now = shard.driver.now();
  const auto turn = shard.process.handshakes.next(shard.snapshot().limits.max_handshakes_per_second,
                                                  now, patience.at - now);
  if (!turn) co_return false;
  if (*turn > now) count_delay();
  while (*turn > shard.driver.now()) {
    if (shard.draining()) co_return false;
    const Deadline until{*turn};
    co_await signal.wait(until);
  }
  co_return true;
}

void Connection::count_delay() {
  if (!std::exchange(delayed_, true)) shard.metrics.handshakes_delayed.add();
}

// ... and they take no more than half of the shard's time. A handshake towards a provider is not
// held back: it is part of a request that was admitted, which the other half is for.
Task<bool> Connection::handshake() {
  const Duration most = shard.snapshot().client.handshake_timeout;
  Deadline limit = Deadline::after(shard.driver.now(), most);
  const Deadline patience = Deadline::after(shard.driver.now(), Duration{most.ns / 2});
  const bool turn = co_await await_turn(patience);
  if (!turn) {
    shard.metrics.handshakes_refused.add();
    co_return false;
  }
  Handshake place(*this);
  stream->unpause();
  for (;;) {
    if (stream->handshake_waits() && !place.waits()) {
      if (shard.handshakes.ask(place, shard.driver.now())) {
        step_handshake();
      } else {
        shard.handshake_signal_.wake();
      }
    }
    if (stream->established()) break;
    if (stream->gone()) co_return false;
    const bool beginning = place.waits() && !place.begun();
    if (beginning) count_delay();
    if (shard.draining()) {  // nobody shall wait for a silent one
      limit = limit.sooner(Deadline::after(shard.driver.now(), linger_for))
                  .sooner(shard.drain_deadline());
    }
    bool late = beginning && shard.draining();
    if (!late) {
      const Deadline until = beginning ? limit.sooner(patience) : limit;
      const Wake wake = co_await signal.wait(until);
      late = wake == Wake::expired;
    }
    if (late) {
      if (beginning) shard.metrics.handshakes_refused.add();
      co_return false;
    }
  }
  began_ = shard.driver.now();
  co_return true;
}

// One step, with its time. Only handshakes read the clock for it.
void Connection::step_handshake() {
  if (stream->gone()) return;
  const Instant begun = shard.driver.clock();
  stream->step_handshake();
  shard.handshakes.spent(begun, shard.driver.clock());
}

// Until when the next bytes must come: the whole head within its limit once it has begun, else the
// time an idle connection is kept.
Deadline Connection::idle_deadline() const {
  const Snapshot& config = shard.snapshot();
  if (reading_) {
    return Deadline::after(began_, config.client.header_timeout).sooner(shard.drain_deadline());
  }
  if (shard.draining()) return Deadline{Instant{0}};
  Duration keep = config.client.keepalive_timeout;
  const auto open = shard.process.connections.load(std::memory_order_relaxed);
  if (std::uint64_t{open} * 100 > std::uint64_t{config.limits.max_connections} * crowded_percent) {
    keep = std::min(keep, crowded_keepalive);
  }
  return Deadline::after(began_, keep);
}

// Looks at what was received. A request: its head is in the shard's scratch.
Connection::Step Connection::step() {
  if (stream->broken()) return Step::ended;
  const Bytes received = stream->readable();
  if (received.empty()) return stream->gone() ? Step::ended : Step::wait;
  if (!reading_) {
    reading_ = true;
    began_ = shard.driver.now();
  }
  const Limits& limits = shard.snapshot().limits;
  const http::Parsed parsed = parser_.feed(
      received, std::max(limits.max_body, limits.max_passthrough_body), shard.scratch.request);
  if (parsed.progress == http::Progress::complete) return Step::request;
  if (parsed.progress == http::Progress::refused) {
    shard.metrics.parse_errors(static_cast<std::size_t>(parsed.reason)).add();
    refusal_ = parsed.code;
    silent_ = parsed.silent;
    return Step::refused;
  }
  return stream->gone() ? Step::ended : Step::wait;
}

Task<Connection::After> Connection::serve() {
  parser_ = {};
  ++served_;
  const bool last = shard.draining() || !shard.process.ready.load(std::memory_order_relaxed) ||
                    served_ >= shard.snapshot().client.max_requests_per_connection ||
                    stream->spent();
  shard.metrics.connections(ConnectionSide::client, ConnectionState::idle).sub();
  shard.metrics.connections(ConnectionSide::client, ConnectionState::active).add();
  After after;
  {
    Exchange exchange(*this, shard.scratch.request, began_, last);
    after = co_await exchange.run();
  }
  shard.metrics.connections(ConnectionSide::client, ConnectionState::active).sub();
  shard.metrics.connections(ConnectionSide::client, ConnectionState::idle).add();
  reading_ = false;
  began_ = shard.driver.now();
  if (after == After::keep && (shard.draining() || stream->spent())) after = After::close;
  co_return after;
}

// Answers bytes that are no request, as an exchange that never began.
Task<Connection::After> Connection::refuse() {
  if (silent_) co_return After::drop;
  Exchange exchange(*this, *refusal_, began_);
  co_return co_await exchange.run();
}

// The close that fits: what was sent must be readable for the peer.
Task<> Connection::leave(After after) {
  if (after == After::drop || stream->broken()) {
    stream->set_close(CloseHow::reset);
    co_return;
  }
  const bool brief = after == After::linger || shard.draining();
  const Deadline limit = Deadline::after(
      shard.driver.now(), brief ? linger_for : shard.snapshot().client.write_timeout);
  stream->finish_sending();
  std::uint64_t discarded = 0;
  while (!stream->gone() && (stream->sending() || after == After::linger)) {
    discarded += stream->readable().size();
    stream->consume(stream->readable().size());
    if (discarded > linger_bytes) break;
    const Wake wake = co_await signal.wait(limit);
    if (wake == Wake::expired) break;
  }
}

}  // namespace penstock
