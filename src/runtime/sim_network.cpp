// The network of a simulation: descriptors, and bytes on their way between two sockets.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "runtime/sim_driver.h"

namespace penstock {

// -- Sockets -------------------------------------------------------------------------------------

SimDriver::Socket& SimDriver::make_socket() {
  auto socket = std::make_unique<Socket>();
  socket->id = ++ids_;
  // From a window of a few bytes, which finds mistakes, to one that takes all.
  socket->capacity = std::size_t{1} << random_.between(6, 18);
  Socket& made = *socket;
  sockets_.emplace(made.id, std::move(socket));
  return made;
}

void SimDriver::give_number(Socket& socket) {
  if (free_numbers_.empty()) {
    socket.fd = next_number_++;
  } else {
    socket.fd = free_numbers_.back();
    free_numbers_.pop_back();
  }
  open_[socket.fd] = socket.id;
}

void SimDriver::erase_socket(Socket& socket) {
  PENSTOCK_ASSERT(!socket.reader.op && !socket.writer.op && !socket.batched);
  if (socket.fd >= 0) {
    open_.erase(socket.fd);
    free_numbers_.push_back(socket.fd);
  }
  sockets_.erase(socket.id);
}

SimDriver::Socket& SimDriver::open_socket_of(int fd) {
  const auto found = open_.find(fd);
  PENSTOCK_ASSERT(found != open_.end());
  return *sockets_.at(found->second);
}

SimDriver::Socket* SimDriver::find(std::uint64_t id) {
  const auto found = sockets_.find(id);
  return found == sockets_.end() ? nullptr : found->second.get();
}

int SimDriver::listen(int port) {
  Socket& socket = make_socket();
  socket.role = Role::listening;
  socket.port = port;
  give_number(socket);
  listeners_[port].push_back(socket.id);
  return socket.fd;
}

Result<int> SimDriver::open_socket(int) {
  if (random_.chance(faults_.out_of_descriptors)) return fail(Code::refused);
  Socket& socket = make_socket();
  give_number(socket);
  return socket.fd;
}

void SimDriver::close_socket(int fd, CloseHow how) {
  Socket& socket = open_socket_of(fd);
  PENSTOCK_ASSERT(!socket.reader.op && !socket.writer.op);
  if (socket.role == Role::listening) {
    std::erase(listeners_[socket.port], socket.id);
    for (const std::uint64_t waiting : socket.backlog) {
      Socket* queued = find(waiting);
      if (Socket* peer = find(queued->peer)) push(*peer, Segment::Kind::reset, {});
      erase_socket(*queued);
    }
  }
  if (Socket* peer = find(socket.peer); peer && !socket.broken) {
    // Linux answers with a reset when bytes were left unread (RFC 2525 §2.17).
    const bool unread = !socket.arrived.empty() || socket.transit_bytes > 0;
    if (how == CloseHow::reset || unread) {
      push(*peer, Segment::Kind::reset, {});
    } else if (!socket.finished) {
      push(*peer, Segment::Kind::end, {});
    }
    wake_writer(*peer);  // its bytes have nowhere to wait any more
  }
  erase_socket(socket);
}

// -- Bytes ---------------------------------------------------------------------------------------

std::size_t SimDriver::room_towards(const Socket& peer) const {
  const std::size_t held = peer.arrived.size() + peer.transit_bytes;
  return peer.capacity > held ? peer.capacity - held : 0;
}

long SimDriver::send(int fd, std::span<const Bytes> pieces) {
  ++counters_.sends;
  Socket& socket = open_socket_of(fd);
  PENSTOCK_ASSERT(socket.role == Role::connected && pieces.size() <= Gather::pieces_max);
  PENSTOCK_ASSERT(!socket.batched);
  socket.heard = false;
  if (random_.chance(faults_.reset)) reset_both(socket);
  if (socket.broken) {
    const int error = std::exchange(socket.error, 0);
    return error != 0 ? -error : -EPIPE;
  }
  if (socket.finished) return -EPIPE;
  std::string bytes;
  for (const Bytes piece : pieces) bytes.append(piece);
  if (bytes.empty()) return 0;
  Socket* peer = find(socket.peer);
  if (!peer) {  // the kernel takes them; the peer's host answers with a reset
    push(socket, Segment::Kind::reset, {});
    return static_cast<long>(bytes.size());
  }
  const std::size_t room = room_towards(*peer);
  if (room == 0 || random_.chance(faults_.blocked_send)) {
    ++counters_.sends_blocked;
    return -EAGAIN;
  }
  bytes.resize(std::min(bytes.size(), room));
  if (random_.chance(faults_.short_send)) bytes.resize(random_.between(1, bytes.size()));
  const auto taken = static_cast<long>(bytes.size());
  push(*peer, Segment::Kind::bytes, std::move(bytes));
  return taken;
}

bool SimDriver::send_batched(SendOp& op, std::span<const Bytes> pieces) {
  PENSTOCK_ASSERT(!op.pending());
  if (!random_.chance(faults_.batched_send)) return false;
  Socket& socket = open_socket_of(op.fd);
  PENSTOCK_ASSERT(!socket.batched);
  auto batched = std::make_unique<Batched>();
  batched->op = &op;
  for (const Bytes piece : pieces) batched->bytes.append(piece);
  batched->piece = batched->bytes;
  op.pieces = {&batched->piece, 1};
  op.state = Op::State::pending;
  socket.batched = &op;
  batch_.push_back(std::move(batched));
  ++counters_.sends_batched;
  return true;
}

void SimDriver::make_batch() {
  made_ = std::exchange(batch_, {});
  handed_over_ = time_;
  for (const auto& batched : made_) {
    SendOp& op = *batched->op;
    Socket& socket = open_socket_of(op.fd);
    socket.batched = nullptr;
    const bool used_before = socket.outgoing && socket.heard;
    if (used_before && random_.chance(faults_.stale_send)) {
      ++stale_sends_;
      reset_both(socket);
    }
    op.result = static_cast<int>(send(op.fd, op.pieces));
    socket.batched = &op;
  }
}

void SimDriver::tell_batch() {
  for (const auto& batched : std::exchange(made_, {})) {
    SendOp& op = *batched->op;
    open_socket_of(op.fd).batched = nullptr;
    op.state = Op::State::idle;
    note(op, op.result);
    op.complete(op, op.result);
  }
}

void SimDriver::shutdown_send(int fd) {
  Socket& socket = open_socket_of(fd);
  PENSTOCK_ASSERT(!socket.batched);
  if (socket.role != Role::connected || socket.broken || socket.finished) return;
  socket.finished = true;
  if (Socket* peer = find(socket.peer)) push(*peer, Segment::Kind::end, {});
}

// Puts a segment on its way. Segments never overtake each other.
void SimDriver::push(Socket& to, Segment::Kind kind, std::string bytes) {
  if (to.broken) return;
  std::uint64_t travel_us = random_.between(10, 200);
  if (random_.chance(faults_.delay)) travel_us += random_.below(200'000);
  Instant arrives = time_ + Duration::microseconds(static_cast<std::int64_t>(travel_us));
  if (!to.transit.empty()) arrives = std::max(arrives, to.transit.back().arrives);
  to.transit_bytes += bytes.size();
  to.transit.push_back({kind, arrives, std::move(bytes)});
  schedule(arrives, Event::Kind::arrive, to, 0, 0);
}

void SimDriver::arrive(Socket& socket) {
  if (socket.transit.empty()) return;  // taken away by a reset
  Segment segment = std::move(socket.transit.front());
  socket.transit.pop_front();
  socket.transit_bytes -= segment.bytes.size();
  if (segment.kind == Segment::Kind::reset) {
    return break_off(socket, random_.chance(faults_.lossy_reset));
  }
  if (segment.kind == Segment::Kind::end) socket.ended = true;
  socket.arrived += segment.bytes;
  wake_reader(socket);
}

// -- Ends ----------------------------------------------------------------------------------------

void SimDriver::break_off(Socket& socket, bool lose_bytes) {
  if (socket.broken) return;
  socket.broken = true;
  socket.error = ECONNRESET;
  socket.transit.clear();
  socket.transit_bytes = 0;
  if (lose_bytes) socket.arrived.clear();
  wake_reader(socket);
  wake_writer(socket);
}

// Something on the way cut the connection: both ends are told at once.
void SimDriver::reset_both(Socket& socket) {
  if (Socket* peer = find(socket.peer)) break_off(*peer, random_.chance(faults_.lossy_reset));
  break_off(socket, random_.chance(faults_.lossy_reset));
}

// The process at the other end died: here comes its FIN, without what was on the way, and a reset
// for whatever is sent from now on. Its own end breaks.
void SimDriver::let_peer_die(Socket& socket) {
  Socket* peer = find(socket.peer);
  if (!peer || socket.broken) return;
  socket.peer = 0;
  socket.transit.clear();
  socket.transit_bytes = 0;
  socket.ended = true;
  peer->peer = 0;
  break_off(*peer, true);
}

}  // namespace penstock
