#include "runtime/sim_driver.h"

#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "penstock/frames.h"

namespace penstock {
namespace {

constexpr Instant simulation_start{1'000'000'000'000};
constexpr std::uint64_t receive_bytes_max = 65'536;
constexpr Duration late_max = Duration::milliseconds(20);
constexpr Duration kernel_gives_up = Duration::seconds(127);  // of a connect without an answer

int port_of(const ConnectOp& op) {
  sockaddr_in address{};
  if (op.address.ss_family == AF_INET6) {
    sockaddr_in6 wide{};
    std::memcpy(&wide, &op.address, sizeof wide);
    return ntohs(wide.sin6_port);
  }
  std::memcpy(&address, &op.address, sizeof address);
  return ntohs(address.sin_port);
}

}  // namespace

SimDriver::SimDriver(std::uint64_t seed, const SimFaults& faults, std::size_t block_limit_bytes)
    : Driver(simulation_start, block_limit_bytes),
      random_(seed),
      faults_(faults),
      time_(simulation_start) {}

SimDriver::~SimDriver() = default;

std::string SimDriver::leftovers() const {
  std::string text;
  for (const auto& [fd, id] : open_) {
    const Socket& socket = *sockets_.at(id);
    text += "descriptor " + std::to_string(fd) + " of port " + std::to_string(socket.port);
    if (socket.reader.op) text += " with a pending read";
    if (socket.writer.op) text += " with a pending write";
    text += "; ";
  }
  const auto count = [&](const char* what, std::size_t n) {
    if (n > 0) text += std::to_string(n) + " " + what + "; ";
  };
  count("frames", shard_frames().live());
  count("bytes of blocks", const_cast<SimDriver*>(this)->blocks().lent_bytes());
  count("lent receives", lent_.size());
  return text;
}

// -- Operations ----------------------------------------------------------------------------------

SimDriver::Slot& SimDriver::slot_of(Socket& socket, const Op& op) {
  const bool writes = op.kind == Op::Kind::connect || op.kind == Op::Kind::writable;
  return writes ? socket.writer : socket.reader;
}

void SimDriver::submit(Op& op) {
  PENSTOCK_ASSERT(!op.pending());
  Socket& socket = open_socket_of(op.fd);
  Slot& slot = slot_of(socket, op);
  PENSTOCK_ASSERT(!slot.op);
  op.state = Op::State::pending;
  slot = {.op = &op, .ticket = ++tickets_, .scheduled = false, .due = {}};
  switch (op.kind) {
    case Op::Kind::accept:
      PENSTOCK_ASSERT(socket.role == Role::listening);
      if (!socket.backlog.empty()) wake_reader(socket);
      return;
    case Op::Kind::receive:
      PENSTOCK_ASSERT(socket.role == Role::connected);
      if (!socket.arrived.empty() || socket.ended || socket.broken) wake_reader(socket);
      return;
    case Op::Kind::hangup:
      PENSTOCK_ASSERT(socket.role == Role::connected);
      if (socket.ended || socket.broken) wake_reader(socket);
      return;
    case Op::Kind::connect:
      PENSTOCK_ASSERT(socket.role == Role::fresh);
      return start_connect(socket, static_cast<const ConnectOp&>(op));
    case Op::Kind::writable: {
      PENSTOCK_ASSERT(socket.role == Role::connected);
      const Socket* peer = find(socket.peer);
      if (!peer || socket.broken || room_towards(*peer) > 0) wake_writer(socket);
      return;
    }
    case Op::Kind::send:
      PENSTOCK_UNREACHABLE();  // `send_batched` is its way
  }
}

// Without a race the end is the next thing the operation says. With one, what was under way still
// comes, as it does when the kernel has queued a completion before it sees the cancel.
void SimDriver::cancel(Op& op) {
  if (op.state != Op::State::pending || op.kind == Op::Kind::send) return;
  op.state = Op::State::cancelling;
  Socket& socket = open_socket_of(op.fd);
  Slot& slot = slot_of(socket, op);
  PENSTOCK_ASSERT(slot.op == &op);
  const bool race = random_.chance(faults_.cancel_race);
  const bool reads = &slot == &socket.reader;
  if (!reads && race && slot.scheduled && slot.due < time_ + Duration::seconds(1)) return;
  if (!reads || !race) {
    slot.ticket = ++tickets_;
    slot.scheduled = true;  // nothing else is scheduled any more
  }
  const Instant end = race ? time_ + Duration{static_cast<std::int64_t>(random_.between(
                                         1, static_cast<std::uint64_t>(late_max.ns)))}
                           : soon();
  schedule(end, reads ? Event::Kind::end_read : Event::Kind::end_write, socket, slot.ticket,
           -ECANCELED);
}

// -- Time and events -----------------------------------------------------------------------------

void SimDriver::wait_and_dispatch(Instant until) {
  ++counters_.enters;
  stuck_ = false;
  make_batch();
  if (!poked_.exchange(false)) {
    const Instant next = events_.empty() ? until : std::min(until, events_.top().at);
    stuck_ = next == Instant::never();
    if (!stuck_) time_ = std::max(time_, next);
  }
  time_ = time_ + Duration::microseconds(static_cast<std::int64_t>(random_.between(1, 20)));
  refresh_now();
  if (random_.chance(faults_.lost_completions)) lose_completions();
  // Events that completions cause are later than `now`, so this ends.
  while (!events_.empty() && events_.top().at <= now()) {
    const Event event = events_.top();
    events_.pop();
    run(event);
  }
  tell_batch();
  if (random_.chance(faults_.clock_jump)) {
    const std::uint64_t most_ms = random_.below(10) == 0 ? 10'000 : 100;
    time_ = time_ + Duration::milliseconds(static_cast<std::int64_t>(random_.below(most_ms)));
  }
}

void SimDriver::recycle() {
  for (const auto& bytes : lent_) std::ranges::fill(*bytes, '\xdd');
  lent_.clear();
}

// When a completion comes that nothing holds back.
Instant SimDriver::soon() {
  const std::int64_t most_ns = random_.chance(faults_.late) ? late_max.ns : 2'000;
  return time_ + Duration{static_cast<std::int64_t>(
                     random_.between(1, static_cast<std::uint64_t>(most_ns)))};
}

void SimDriver::schedule(Instant at, Event::Kind kind, Socket& socket, std::uint64_t ticket,
                         int result) {
  // Events of one socket and kind have different times or a single event under way, so a random
  // order cannot swap bytes of one stream.
  if (random_.chance(faults_.reorder)) at.ns -= at.ns % 100'000 - 100'000;  // more of them at once
  const std::uint64_t order =
      random_.chance(faults_.reorder) ? random_.next() >> 8 : (std::uint64_t{1} << 55) + ++orders_;
  events_.push({.at = at,
                .order = order,
                .kind = kind,
                .result = result,
                .socket = socket.id,
                .ticket = ticket});
}

void SimDriver::schedule_slot(Slot& slot, Socket& socket, Event::Kind kind, Instant at,
                              int result) {
  slot.scheduled = true;
  slot.due = at;
  schedule(at, kind, socket, slot.ticket, result);
}

void SimDriver::wake_reader(Socket& socket) {
  if (!socket.reader.op || socket.reader.scheduled) return;
  schedule_slot(socket.reader, socket, Event::Kind::read, soon(), 0);
}

void SimDriver::wake_writer(Socket& socket) {
  Slot& slot = socket.writer;
  if (!slot.op || slot.scheduled || slot.op->kind != Op::Kind::writable) return;
  schedule_slot(slot, socket, Event::Kind::end_write, soon(), 0);
}

void SimDriver::run(const Event& event) {
  Socket* socket = find(event.socket);
  if (!socket) return;
  switch (event.kind) {
    case Event::Kind::arrive:
      return arrive(*socket);
    case Event::Kind::connect:
      if (socket->writer.op && socket->writer.ticket == event.ticket) connect(*socket);
      return;
    case Event::Kind::read:
      if (socket->reader.op && socket->reader.ticket == event.ticket) read(*socket);
      return;
    case Event::Kind::end_read:
      if (socket->reader.op && socket->reader.ticket == event.ticket) {
        end_read(*socket, event.result);
      }
      return;
    case Event::Kind::end_write:
      if (socket->writer.op && socket->writer.ticket == event.ticket) {
        end_write(*socket, event.result);
      }
      return;
  }
}

// As when a ring is given up: every operation ends, and what would have been received is gone.
void SimDriver::lose_completions() {
  ++counters_.rebuilds;
  std::vector<std::uint64_t> ids;
  for (const auto& [fd, id] : open_) ids.push_back(id);
  for (const std::uint64_t id : ids) {
    if (Socket* socket = find(id); socket && socket->reader.op) {
      if (random_.below(2) == 0) socket->arrived.clear();
      end_read(*socket, -EBADR);
    }
    if (Socket* socket = find(id); socket && socket->writer.op) end_write(*socket, -EBADR);
  }
  for (const auto& batched : made_) batched->op->result = -EBADR;
}

// Calls the owner. After the last completion neither operation nor socket may be touched: the
// callback may have freed both.
void SimDriver::complete(Slot& slot, int result, bool last) {
  Op& op = *slot.op;
  note(op, result);
  if (last) {
    slot = {};
    op.state = Op::State::idle;
  }
  op.complete(op, result);
}

void SimDriver::note(const Op& op, int result) {
  ++counters_.completions;
  digest_ = (digest_ ^ static_cast<std::uint64_t>(result + 1'000'000) ^
             static_cast<std::uint64_t>(op.fd) << 32 ^ static_cast<std::uint64_t>(op.kind) << 60 ^
             static_cast<std::uint64_t>(time_.ns)) *
            0x100000001b3;
}

// -- Connect -------------------------------------------------------------------------------------

void SimDriver::start_connect(Socket& socket, const ConnectOp& op) {
  socket.role = Role::connecting;
  socket.outgoing = true;
  socket.port = port_of(op);
  Slot& slot = socket.writer;
  if (random_.chance(faults_.blackhole_connect)) {
    return schedule_slot(slot, socket, Event::Kind::end_write, time_ + kernel_gives_up, -ETIMEDOUT);
  }
  if (random_.chance(faults_.refuse_connect)) {
    const int error = random_.below(4) == 0 ? -EHOSTUNREACH : -ECONNREFUSED;
    return schedule_slot(slot, socket, Event::Kind::end_write, soon(), error);
  }
  schedule_slot(slot, socket, Event::Kind::connect, soon(), 0);
}

// The handshake is through: the listener has the other end in its queue.
void SimDriver::connect(Socket& socket) {
  Socket* listener = pick_listener(socket.port);
  if (!listener) return end_write(socket, -ECONNREFUSED);
  Socket& accepted = make_socket();
  accepted.role = Role::connected;
  accepted.port = socket.port;
  accepted.peer = socket.id;
  socket.peer = accepted.id;
  listener->backlog.push_back(accepted.id);
  wake_reader(*listener);
  end_write(socket, 0);
}

SimDriver::Socket* SimDriver::pick_listener(int port) {
  const auto found = listeners_.find(port);
  if (found == listeners_.end() || found->second.empty()) return nullptr;
  return find(found->second[random_.below(found->second.size())]);
}

void SimDriver::end_write(Socket& socket, int result) {
  if (socket.writer.op->kind == Op::Kind::connect) {
    socket.role = result == 0 ? Role::connected : Role::fresh;
  } else {
    result = std::min(result, 0);
  }
  complete(socket.writer, result, true);
}

// -- Accept and receive --------------------------------------------------------------------------

void SimDriver::read(Socket& socket) {
  socket.reader.scheduled = false;
  if (socket.role != Role::listening) return read_stream(socket);
  if (socket.backlog.empty()) return;
  if (random_.chance(faults_.out_of_descriptors)) return end_read(socket, -EMFILE);
  // A kernel may end a multishot accept at any time; then the owner starts a new one.
  accept_one(socket, random_.chance(faults_.last_accept));
}

void SimDriver::accept_one(Socket& listener, bool last) {
  Socket& accepted = *find(listener.backlog.front());
  listener.backlog.pop_front();
  give_number(accepted);
  if (!last && !listener.backlog.empty()) wake_reader(listener);
  complete(listener.reader, accepted.fd, last);
}

void SimDriver::read_stream(Socket& socket) {
  if (random_.chance(faults_.reset)) reset_both(socket);
  if (random_.chance(faults_.peer_death)) let_peer_die(socket);
  if (socket.reader.op->kind == Op::Kind::hangup) {
    if (socket.ended || socket.broken) end_read(socket, 0);
    return;
  }
  if (!socket.arrived.empty()) {
    if (random_.chance(faults_.starve)) {
      ++counters_.starved;
      const Duration held = Duration::microseconds(static_cast<std::int64_t>(random_.below(5'000)));
      return schedule_slot(socket.reader, socket, Event::Kind::read, soon() + held, 0);
    }
    return deliver_bytes(socket, false);
  }
  if (socket.broken && socket.error != 0) return end_read(socket, -std::exchange(socket.error, 0));
  if (socket.broken || socket.ended) return end_read(socket, 0);
}

void SimDriver::deliver_bytes(Socket& socket, bool last) {
  auto bytes = std::min<std::uint64_t>(socket.arrived.size(), receive_bytes_max);
  if (random_.chance(faults_.short_receive)) {
    bytes = random_.between(1, random_.below(2) == 0 ? std::min<std::uint64_t>(bytes, 8) : bytes);
  }
  // A string of exactly this size, so that a sanitizer sees reads past its end.
  lent_.push_back(std::make_unique<std::string>(socket.arrived.substr(0, bytes)));
  lent_.back()->shrink_to_fit();
  socket.arrived.erase(0, bytes);
  socket.heard = true;
  auto& op = static_cast<ReceiveOp&>(*socket.reader.op);
  op.lent = *lent_.back();
  if (Socket* peer = find(socket.peer)) wake_writer(*peer);
  if (!last && (!socket.arrived.empty() || socket.ended || socket.broken)) wake_reader(socket);
  complete(socket.reader, static_cast<int>(bytes), last);
}

void SimDriver::end_read(Socket& socket, int result) {
  Op& op = *socket.reader.op;
  // The last completion of a cancelled operation may be a result.
  if (result == -ECANCELED && random_.chance(faults_.cancel_race)) {
    if (op.kind == Op::Kind::receive && !socket.arrived.empty()) return deliver_bytes(socket, true);
    if (op.kind == Op::Kind::accept && !socket.backlog.empty()) return accept_one(socket, true);
  }
  if (op.kind == Op::Kind::receive) static_cast<ReceiveOp&>(op).lent = {};
  complete(socket.reader, result, true);
}

}  // namespace penstock
