#include "runtime/epoll_driver.h"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "runtime/kernel_sockets.h"
#include "runtime/kernel_tls.h"

namespace penstock {
namespace {

constexpr std::uint64_t poke_key = UINT64_MAX;
// A rest of a buffer smaller than this is skipped: short receives cost more than memory.
constexpr std::size_t receive_bytes_min = 4096;

std::uint64_t key_of(int fd, std::uint32_t life) {
  return std::uint64_t{life} << 32 | static_cast<std::uint32_t>(fd);
}

// Errors of one connection that was about to be accepted, not of the listener (accept(2)).
bool concerns_one_connection(int error) {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case ENETUNREACH:
      return true;
    default:
      return false;
  }
}

}  // namespace

Result<std::unique_ptr<EpollDriver>> EpollDriver::create(const EpollOptions& options,
                                                         std::size_t block_limit_bytes) {
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) return fail(Code::refused);
  const int event = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  epoll_event interest{.events = EPOLLIN, .data = {.u64 = poke_key}};
  if (event < 0 || ::epoll_ctl(epoll, EPOLL_CTL_ADD, event, &interest) != 0) {
    if (event >= 0) ::close(event);
    ::close(epoll);
    return fail(Code::refused);
  }
  return std::unique_ptr<EpollDriver>(new EpollDriver(options, block_limit_bytes, epoll, event));
}

EpollDriver::EpollDriver(const EpollOptions& options, std::size_t block_limit_bytes, int epoll,
                         int event)
    : Driver(monotonic_now(), block_limit_bytes),
      options_(options),
      epoll_(epoll),
      event_(event),
      buffers_(new char[options.receive_buffers * options.receive_buffer_bytes + block_padding]()) {
}

EpollDriver::~EpollDriver() {
  ::close(event_);
  ::close(epoll_);
}

Result<int> EpollDriver::open_socket(int family) {
  const auto fd = open_stream_socket(family);
  if (fd) start_life(*fd);
  return fd;
}

// The kernel takes a closed descriptor out of the epoll set (epoll(7), question 6).
void EpollDriver::close_socket(int fd, CloseHow how) {
  start_life(fd);
  close_stream_socket(fd, how);
}

// Forgets what was known of the number.
void EpollDriver::start_life(int fd) {
  Socket& socket = socket_of(fd);
  PENSTOCK_ASSERT(!socket.reader && !socket.writer);
  Socket fresh;
  fresh.life = socket.life + 1;
  fresh.queued = socket.queued;
  socket = fresh;
}

void EpollDriver::shutdown_send(int fd) {
  shutdown_stream_send(fd);
}

long EpollDriver::send(int fd, std::span<const Bytes> pieces) {
  return counted(fd, send_pieces(fd, pieces));
}

long EpollDriver::counted(int fd, long sent) {
  ++counters_.sends;
  if (sent == -EAGAIN) {
    ++counters_.sends_blocked;
    socket_of(fd).writable = false;
  }
  return sent;
}

bool EpollDriver::seal_sends(int fd, const RecordKeys& keys) {
  return seal_in_kernel(fd, keys, counters_);
}

long EpollDriver::send_sealed(int fd, RecordType type, std::span<const Bytes> pieces) {
  return counted(fd, send_sealed_pieces(fd, type, pieces));
}

Instant EpollDriver::clock() const {
  return monotonic_now();
}

void EpollDriver::poke() {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(event_, &one, sizeof one));  // full: a poke is there already
}

// -- Operations ----------------------------------------------------------------------------------

EpollDriver::Socket& EpollDriver::socket_of(int fd) {
  PENSTOCK_ASSERT(fd >= 0);
  const auto index = static_cast<std::size_t>(fd);
  if (index >= sockets_.size()) [[unlikely]]
    make_room(index);
  return sockets_[index];
}

void EpollDriver::make_room(std::size_t index) {
  sockets_.resize(std::max(index + 1, sockets_.size() * 2));
}

// Puts the descriptor into the epoll set; the first event tells what it is ready for. `again`: also
// if we believe it is there, because descriptors that others opened (listeners) are closed by
// others. 0 or -errno.
int EpollDriver::watch(int fd, bool again) {
  Socket& socket = socket_of(fd);
  if (socket.registered && !again) return 0;
  epoll_event interest{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                       .data = {.u64 = key_of(fd, socket.life)}};
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &interest) != 0 &&
      (errno != EEXIST || ::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &interest) != 0)) {
    return -errno;
  }
  socket.registered = true;
  return 0;
}

void EpollDriver::submit(Op& op) {
  PENSTOCK_ASSERT(!op.pending());
  op.state = Op::State::pending;
  switch (op.kind) {
    case Op::Kind::accept:
    case Op::Kind::receive:
    case Op::Kind::hangup:
      return start_reader(op);
    case Op::Kind::connect:
      return start_connect(static_cast<ConnectOp&>(op));
    case Op::Kind::writable:
      return start_writable(op);
    case Op::Kind::send:
      PENSTOCK_UNREACHABLE();  // this driver has no batch
  }
}

void EpollDriver::start_reader(Op& op) {
  Socket& socket = socket_of(op.fd);
  PENSTOCK_ASSERT(!socket.reader);
  if (const int error = watch(op.fd, op.kind == Op::Kind::accept)) {
    due_.push_back({&op, error});
    return;
  }
  socket.reader = &op;
  if (socket.readable) queue_reader(op.fd, socket);
}

void EpollDriver::start_connect(ConnectOp& op) {
  Socket& socket = socket_of(op.fd);
  PENSTOCK_ASSERT(!socket.writer);
  int result = 0;
  if (::connect(op.fd, reinterpret_cast<const sockaddr*>(&op.address), op.address_bytes) != 0) {
    result = -errno;
  }
  if (result == -EINPROGRESS || result == -EINTR) {
    result = watch(op.fd, false);
    if (result == 0) {
      socket.writer = &op;
      return;
    }
  }
  due_.push_back({&op, result});
}

void EpollDriver::start_writable(Op& op) {
  Socket& socket = socket_of(op.fd);
  PENSTOCK_ASSERT(!socket.writer);
  const int error = watch(op.fd, false);
  if (error != 0 || socket.writable) {
    due_.push_back({&op, error});
    return;
  }
  socket.writer = &op;
}

// An operation that waits for an event ends with the next dispatch; one that has its result already
// (in `due_`) keeps it.
void EpollDriver::cancel(Op& op) {
  if (op.state != Op::State::pending) return;
  op.state = Op::State::cancelling;
  Socket& socket = socket_of(op.fd);
  Op*& slot = reads(op) ? socket.reader : socket.writer;
  if (slot != &op) return;
  slot = nullptr;
  due_.push_back({&op, -ECANCELED});
}

bool EpollDriver::reads(const Op& op) {
  return op.kind != Op::Kind::connect && op.kind != Op::Kind::writable;
}

void EpollDriver::finish(Op& op, int result) {
  ++counters_.completions;
  op.state = Op::State::idle;
  if (op.kind == Op::Kind::receive) static_cast<ReceiveOp&>(op).lent = {};
  op.complete(op, result);  // may destroy the operation
}

// -- A turn --------------------------------------------------------------------------------------

void EpollDriver::wait_and_dispatch(Instant until) {
  const int count = wait(due_.empty() && ready_.empty() ? until : Instant{0});
  refresh_now();
  complete_due();
  for (int i = 0; i < count; ++i) note_event(events_[static_cast<std::size_t>(i)]);
  run_readers();
}

int EpollDriver::wait(Instant until) {
  int timeout_ms = -1;
  if (until == Instant::never()) {
    // Nothing but an event or a poke ends the wait.
  } else if (until.ns <= 0) {
    timeout_ms = 0;  // no look at the clock
  } else {
    constexpr std::int64_t ns_per_ms = 1'000'000;
    const std::int64_t left_ns = std::max<std::int64_t>(0, (until - clock()).ns);
    timeout_ms =
        static_cast<int>(std::min<std::int64_t>((left_ns + ns_per_ms - 1) / ns_per_ms, 3'600'000));
  }
  ++counters_.enters;
  // EINTR: a signal came; the caller's turn goes on without events.
  return static_cast<int>(::syscall(SYS_epoll_pwait, epoll_, events_.data(), events_.size(),
                                    timeout_ms, nullptr, 0));  // no point of cancellation
}

void EpollDriver::complete_due() {
  if (due_.empty()) return;
  due_now_.swap(due_);
  for (const Due& due : due_now_) finish(*due.op, due.result);
  due_now_.clear();
}

void EpollDriver::note_event(const epoll_event& event) {
  if (event.data.u64 == poke_key) {
    std::uint64_t pokes;
    static_cast<void>(!::read(event_, &pokes, sizeof pokes));
    return;
  }
  const auto fd = static_cast<int>(event.data.u64 & UINT32_MAX);
  Socket& socket = socket_of(fd);
  if (key_of(fd, socket.life) != event.data.u64) return;  // closed by an earlier callback
  const bool broken = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
  if (broken || (event.events & EPOLLRDHUP) != 0) socket.hung_up = true;
  if (socket.hung_up || (event.events & EPOLLIN) != 0) {
    socket.readable = true;
    if (socket.reader) queue_reader(fd, socket);
  }
  if (broken || (event.events & EPOLLOUT) != 0) {
    socket.writable = true;
    if (socket.writer) complete_writer(fd);
  }
}

void EpollDriver::complete_writer(int fd) {
  Op& op = *std::exchange(socket_of(fd).writer, nullptr);
  int error = 0;
  if (op.kind == Op::Kind::connect) {
    socklen_t bytes = sizeof error;
    if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes) != 0) error = errno;
  }
  finish(op, -error);
}

void EpollDriver::queue_reader(int fd, Socket& socket) {
  if (socket.queued) return;
  socket.queued = true;
  ready_.push_back(fd);
}

// Who is queued while this runs, waits for the next turn: no turn is unbounded.
void EpollDriver::run_readers() {
  const std::size_t count = ready_.size();
  std::size_t next = 0;
  for (; next < count; ++next) {
    const int fd = ready_[next];
    Socket& socket = socket_of(fd);
    Op* op = socket.reader;
    if (op && op->kind == Op::Kind::receive) {
      if (!receive_some(fd, static_cast<ReceiveOp&>(*op))) break;
      continue;
    }
    socket.queued = false;
    if (op && op->kind == Op::Kind::accept) {
      accept_some(fd, static_cast<AcceptOp&>(*op));
    } else if (op && socket.hung_up) {
      socket.reader = nullptr;
      finish(*op, 0);
    }
  }
  // Without a buffer: first in line when they are back.
  counters_.starved += count - next;
  ready_.erase(ready_.begin(), ready_.begin() + static_cast<std::ptrdiff_t>(next));
}

void EpollDriver::accept_some(int fd, AcceptOp& op) {
  for (int i = 0; i < accepts_max; ++i) {
    const int accepted = ::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted < 0 && concerns_one_connection(errno)) continue;
    if (accepted < 0 && errno == EAGAIN) {
      socket_of(fd).readable = false;
      return;
    }
    if (accepted < 0) {
      socket_of(fd).reader = nullptr;
      return finish(op, -errno);
    }
    start_life(accepted);
    ++counters_.completions;
    op.complete(op, accepted);
    if (socket_of(fd).reader != &op) return;  // the callback cancelled it
  }
  queue_reader(fd, socket_of(fd));
}

// Receives what is there into the rest of the buffers. False: no buffer was left to begin with; the
// socket stays queued.
bool EpollDriver::receive_some(int fd, ReceiveOp& op) {
  for (int i = 0; i < receives_max; ++i) {
    const std::size_t whole = options_.receive_buffer_bytes;
    std::size_t rest = whole - lent_bytes_ % whole;
    if (rest < std::min(receive_bytes_min, whole)) {
      lent_bytes_ += rest;
      rest = whole;
    }
    if (lent_bytes_ == whole * options_.receive_buffers) {
      if (i == 0) return false;
      break;
    }
    char* room = buffers_.get() + lent_bytes_;
    const long got = receive_bytes(fd, room, rest);
    Socket& socket = socket_of(fd);
    if (got == -EAGAIN) {
      socket.readable = socket.queued = false;
      return true;
    }
    if (got <= 0) {
      socket.queued = false;
      socket.reader = nullptr;
      finish(op, static_cast<int>(got));
      return true;
    }
    const auto bytes = static_cast<std::size_t>(got);
    lent_bytes_ += bytes;
    // A short receive took all there was; what comes later is a new edge (epoll(7), question 9).
    const bool drained = bytes < rest && !socket.hung_up;
    if (drained) socket.readable = socket.queued = false;
    ++counters_.completions;
    op.lent = {room, bytes};
    op.complete(op, static_cast<int>(got));
    if (drained) return true;
    if (socket_of(fd).reader != &op) break;  // the callback cancelled it
  }
  Socket& socket = socket_of(fd);
  socket.queued = false;
  if (socket.reader) queue_reader(fd, socket);
  return true;
}

void EpollDriver::recycle() {
  lent_bytes_ = 0;
}

}  // namespace penstock
