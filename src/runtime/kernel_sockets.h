// Calls on kernel stream sockets that never wait. Both kernel drivers (io_uring, epoll) use them,
// so that a send or a close is the same whichever of them runs.
#pragma once

#include <span>

#include "penstock/bytes.h"
#include "penstock/driver.h"
#include "penstock/error.h"
#include "penstock/time.h"

namespace penstock {

// A non-blocking, close-on-exec stream socket, with TCP_NODELAY where the family is IP. The caller
// closes it. refused: the process or the system is out of descriptors or of memory; or the family
// is not supported.
Result<int> open_stream_socket(int family);

// Closes `fd`. `reset` sets SO_LINGER to 0 before, which makes the kernel send RST and drop what it
// has not sent yet (socket(7)).
void close_stream_socket(int fd, CloseHow how);

// Half-close: the peer reads the end of the stream after what was sent. A broken socket is left as
// it is; its receive tells.
void shutdown_stream_send(int fd);

// One send(2) or sendmsg(2) of all pieces, at most `Gather::pieces_max`. Bytes taken (may be
// fewer), -EAGAIN when the socket is full, or another -errno. Never waits and never raises SIGPIPE.
long send_pieces(int fd, std::span<const Bytes> pieces);

// One recv(2) of what is there, at most `bytes`. Bytes taken, 0 at the end of the stream, -EAGAIN
// when there are none, or another -errno. Never waits.
long receive_bytes(int fd, char* room, std::size_t bytes);

// CLOCK_MONOTONIC now.
Instant monotonic_now();

}  // namespace penstock
