#include "net/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "penstock/address.h"

namespace penstock {
namespace {

constexpr int backlog = 4096;
constexpr Duration rest_shortest = Duration::milliseconds(50);
constexpr Duration rest_longest = Duration::milliseconds(500);

// Picks listener number `cpu mod count` of the reuseport group (socket(7),
// SO_ATTACH_REUSEPORT_CBPF).
void steer_by_cpu(int fd, unsigned count) {
  std::array<sock_filter, 3> code{{
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_CPU)},
      {BPF_ALU | BPF_MOD | BPF_K, 0, 0, count},
      {BPF_RET | BPF_A, 0, 0, 0},
  }};
  const sock_fprog program{code.size(), code.data()};
  // A kernel that refuses spreads connections by hash instead: slower, not wrong.
  setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program);
}

}  // namespace

Result<int> open_listener(std::string_view host, std::uint16_t port, unsigned steer_cpus) {
  const auto address = parse_ip(host, port);
  if (!address) {
    errno = EINVAL;
    return fail(Code::refused);
  }
  const int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(Code::refused);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // accepted sockets inherit it
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address->storage), address->bytes) != 0 ||
      listen(fd, backlog) != 0) {
    const int error = errno;
    ::close(fd);
    errno = error;
    return fail(Code::refused);
  }
  if (steer_cpus > 1) steer_by_cpu(fd, steer_cpus);
  return fd;
}

std::string bound_address(int fd) {
  Address address{};
  address.bytes = sizeof address.storage;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.bytes) != 0)
    return {};
  const AddressText text = to_text(address);
  std::string bound(text.view());
  if (address.family() == AF_INET6) bound = "[" + bound + "]";
  return bound + ":" + std::to_string(address.port());
}

Listener::Listener(Driver& driver, int fd, Accepted accepted, void* context)
    : driver_(driver),
      fd_(fd),
      spare_fd_(open("/dev/null", O_RDONLY | O_CLOEXEC)),
      accepted_(accepted),
      context_(context),
      accept_(this),
      pause_(rest_shortest) {
  accept_.fd = fd;
  rest_.owner = this;
  rest_.expire = &on_rested;
}

Listener::~Listener() {
  PENSTOCK_ASSERT(!accept_.pending());
  driver_.timers().cancel(rest_);
  if (spare_fd_ >= 0) ::close(spare_fd_);
  if (fd_ >= 0) driver_.close_socket(fd_, CloseHow::orderly);
}

void Listener::start() {
  driver_.submit(accept_);
}

void Listener::close() {
  closing_ = true;
  driver_.timers().cancel(rest_);
  driver_.cancel(accept_);
  end_if_idle();
}

void Listener::end_if_idle() {
  if (accept_.pending() || fd_ < 0) return;
  driver_.close_socket(fd_, CloseHow::orderly);
  fd_ = -1;
}

// Out of descriptors: gives up the spare one for a moment to take the oldest waiting connection and
// close it, so that its client is told.
void Listener::shed_one() {
  if (spare_fd_ < 0) return;
  ::close(spare_fd_);
  const int victim = accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (victim >= 0) ::close(victim);
  spare_fd_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void Listener::on_accept(Op& op, int result) {
  Listener& self = *static_cast<Accept&>(static_cast<AcceptOp&>(op)).owner;
  if (result >= 0) {
    self.pause_ = rest_shortest;
    if (self.closing_) {
      self.driver_.close_socket(result, CloseHow::reset);
    } else {
      self.accepted_(self.context_, result);
    }
  }
  if (self.closing_) {
    self.end_if_idle();
    return;
  }
  if (op.pending()) return;
  switch (-result) {
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case EBADR:  // the driver's ring is a new one
      self.driver_.submit(self.accept_);
      break;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
      self.shed_one();
      self.rest();
      break;
    default:
      // A multishot accept may end with a connection. An error that will not pass must not make a
      // circle of it.
      if (result >= 0) {
        self.driver_.submit(self.accept_);
      } else {
        self.rest();
      }
      break;
  }
}

void Listener::rest() {
  driver_.timers().arm(rest_, driver_.clock() + pause_);
  pause_ = std::min(rest_longest, Duration{pause_.ns * 2});
}

void Listener::on_rested(Timer& timer) {
  Listener& self = *static_cast<Rest&>(timer).owner;
  if (!self.closing_ && !self.accept_.pending()) self.driver_.submit(self.accept_);
}

}  // namespace penstock
