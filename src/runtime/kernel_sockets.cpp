#include "runtime/kernel_sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>

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

long send_pieces(int fd, std::span<const Bytes> pieces) {
  PENSTOCK_ASSERT(pieces.size() <= Gather::pieces_max);
  constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  long sent;
  if (pieces.size() == 1) {
    do {
      sent = ::send(fd, pieces[0].data(), pieces[0].size(), flags);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : sent;
  }
  std::array<iovec, Gather::pieces_max> slices;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    slices[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
  }
  msghdr message{};
  message.msg_iov = slices.data();
  message.msg_iovlen = pieces.size();
  do {
    sent = ::sendmsg(fd, &message, flags);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : sent;
}

Instant monotonic_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return {std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec};
}

}  // namespace penstock
