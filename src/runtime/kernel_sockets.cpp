#include "runtime/kernel_sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>

#include "penstock/text.h"

namespace penstock {

Result<int> open_stream_socket(int family) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(Code::refused);
  if (family == AF_INET || family == AF_INET6) {
    // Tokens must leave at once; a kernel that cannot is only slower.
    const int on = 1;
    static_cast<void>(::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
  }
  return fd;
}

void close_stream_socket(int fd, CloseHow how) {
  if (how == CloseHow::reset) {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    static_cast<void>(::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
  }
  // Not repeated on EINTR: Linux has released the descriptor by then (close(2)).
  static_cast<void>(::close(fd));
}

void shutdown_stream_send(int fd) {
  static_cast<void>(::shutdown(fd, SHUT_WR));
}

namespace {

// Up to here a copy costs less than handing the kernel a list of pieces.
constexpr std::size_t joined_max = 4096;
constexpr int send_flags = MSG_DONTWAIT | MSG_NOSIGNAL;

// The calls of the hot path are no points of cancellation, which in the C library each cost thirty
// instructions, and no thread here is ever cancelled (pthreads(7)).
long send_bytes(int fd, Bytes bytes) {
  long sent;
  do {
    sent = ::syscall(SYS_sendto, fd, bytes.data(), bytes.size(), send_flags, nullptr, 0);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : sent;
}

long send_list(int fd, std::span<const Bytes> pieces) {
  std::array<iovec, Gather::pieces_max> slices;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    slices[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
  }
  msghdr message{};
  message.msg_iov = slices.data();
  message.msg_iovlen = pieces.size();
  long sent;
  do {
    sent = ::sendmsg(fd, &message, send_flags);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : sent;
}

}  // namespace

long send_pieces(int fd, std::span<const Bytes> pieces) {
  PENSTOCK_ASSERT(pieces.size() <= Gather::pieces_max);
  if (pieces.size() == 1) return send_bytes(fd, pieces[0]);
  std::size_t bytes = 0;
  for (const Bytes piece : pieces) bytes += piece.size();
  if (bytes > joined_max) return send_list(fd, pieces);
  std::array<char, joined_max> joined;
  char* at = joined.data();
  for (const Bytes piece : pieces) at = put(at, piece);
  return send_bytes(fd, {joined.data(), bytes});
}

long receive_bytes(int fd, char* room, std::size_t bytes) {
  long got;
  do {
    got = ::syscall(SYS_recvfrom, fd, room, bytes, MSG_DONTWAIT, nullptr, nullptr);
  } while (got < 0 && errno == EINTR);
  return got < 0 ? -errno : got;
}

Instant monotonic_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return {std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec};
}

}  // namespace penstock
