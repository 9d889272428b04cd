// What the driver tests share: operations that record their completions, and plain blocking sockets
// on 127.0.0.1 as their peers.
#pragma once

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "penstock/driver.h"
#include "runtime/epoll_driver.h"
#include "runtime/kernel_sockets.h"
#include "runtime/uring_driver.h"

namespace penstock::test {

enum class Buffers { plenty, few };  // few: 8 KiB in all, so that receives starve

// The drivers under test, by one form. `make` is null where the kernel refuses.
struct Epoll {
  static std::unique_ptr<Driver> make(Buffers buffers = Buffers::plenty) {
    EpollOptions options;
    if (buffers == Buffers::few) options = {.receive_buffer_bytes = 4096, .receive_buffers = 2};
    auto driver = EpollDriver::create(options, SIZE_MAX);
    REQUIRE(driver);
    return std::move(*driver);
  }
};
struct Uring {
  static std::unique_ptr<Driver> make(Buffers buffers = Buffers::plenty) {
    UringOptions options;
    options.completions = 1024;
    if (buffers == Buffers::few) {
      options.buffers = 2;
      options.buffer_bytes = 4096;
    }
    const char* refusal = "";
    auto driver = UringDriver::create(options, SIZE_MAX, &refusal);
    if (!driver) {
      MESSAGE("skipped: the kernel refuses io_uring: ", refusal);
      return nullptr;
    }
    return std::move(*driver);
  }
};

// Turns until `done`, at most five seconds. False: it did not come.
template <class Done>
bool run_until(Driver& driver, Done done) {
  const Instant end = monotonic_now() + Duration::seconds(5);
  while (!done()) {
    if (monotonic_now() > end) return false;
    driver.turn(Deadline::after(driver.clock(), Duration::milliseconds(20)));
  }
  return true;
}
// Some turns that do not wait: enough for what the kernel has already done.
inline void run_turns(Driver& driver, int turns) {
  for (int i = 0; i < turns; ++i) driver.turn({Instant{0}});
}

inline sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}
inline void set_address(ConnectOp& op, int port) {
  const sockaddr_in address = loopback(port);
  std::memcpy(&op.address, &address, sizeof address);
  op.address_bytes = sizeof address;
}

// A listening socket on a port of the kernel's choice.
struct Listener {
  explicit Listener(int backlog = 512) : fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    sockaddr_in address = loopback(0);
    REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(fd, backlog) == 0);
    socklen_t bytes = sizeof address;
    REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &bytes) == 0);
    port = ntohs(address.sin_port);
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() { ::close(fd); }
  int fd;
  int port = 0;
};

// A blocking peer.
struct Peer {
  explicit Peer(int port) : fd(::socket(AF_INET, SOCK_STREAM, 0)) {
    const sockaddr_in address = loopback(port);
    REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer() {
    if (fd >= 0) ::close(fd);
  }
  void write(std::string_view bytes) const {
    REQUIRE(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(bytes.size()));
  }
  // A ring of this thread may interrupt the wait for all of them, as a signal would.
  std::string read(std::size_t bytes) const {
    std::string text(bytes, '\0');
    std::size_t filled = 0;
    while (filled < bytes) {
      const ssize_t got = ::recv(fd, text.data() + filled, bytes - filled, MSG_WAITALL);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) break;
      filled += static_cast<std::size_t>(got);
    }
    text.resize(filled);
    return text;
  }
  void reset() {
    close_stream_socket(fd, CloseHow::reset);
    fd = -1;
  }
  int fd;
};

struct Accepter : AcceptOp {
  Accepter() : AcceptOp(&on_accept) {}
  static void on_accept(Op& op, int result) {
    auto& self = static_cast<Accepter&>(op);
    if (result >= 0) {
      self.fds.push_back(result);
    } else {
      self.ends.push_back(result);
      CHECK(!op.pending());
    }
  }
  std::vector<int> fds;
  std::vector<int> ends;
};

struct Receiver : ReceiveOp {
  Receiver() : ReceiveOp(&on_bytes) {}
  static void on_bytes(Op& op, int result) {
    auto& self = static_cast<Receiver&>(op);
    ++self.calls;
    if (result > 0) {
      CHECK(self.lent.size() == static_cast<std::size_t>(result));
      self.bytes.append(self.lent);
    } else {
      CHECK(self.lent.empty());
      self.ends.push_back(result);
    }
    if (!op.pending()) ++self.ended;
  }
  std::string bytes;
  std::vector<int> ends;  // 0 or -errno
  int calls = 0;
  int ended = 0;
};

// A connect or writable: its one result.
template <class Base>
struct Once : Base {
  Once() : Base(&on_complete) {}
  static void on_complete(Op& op, int result) {
    CHECK(!op.pending());
    static_cast<Once&>(op).results.push_back(result);
  }
  std::vector<int> results;
};
using Connecter = Once<ConnectOp>;
using Writer = Once<WritableOp>;

// Ends an operation and waits until it has.
inline void stop(Driver& driver, Op& op) {
  driver.cancel(op);
  REQUIRE(run_until(driver, [&] { return !op.pending(); }));
}

// One accepted connection: `fd` belongs to the driver, `peer` is a plain socket.
struct Pair {
  explicit Pair(Driver& d) : driver(d), peer(listener.port) {
    Accepter accepter;
    accepter.fd = listener.fd;
    driver.submit(accepter);
    REQUIRE(run_until(driver, [&] { return accepter.fds.size() == 1; }));
    stop(driver, accepter);
    fd = accepter.fds[0];
  }
  ~Pair() { driver.close_socket(fd, CloseHow::orderly); }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  Driver& driver;
  Listener listener;
  Peer peer;
  int fd = -1;
};

inline long send_text(Driver& driver, int fd, Bytes text) {
  return driver.send(fd, std::span<const Bytes>(&text, 1));
}

// Bytes that tell their position, so that a lost, doubled or swapped piece is seen.
inline char byte_at(std::size_t position) {
  return static_cast<char>((position * 2654435761U) >> 13);
}

}  // namespace penstock::test

// Runs a test on both drivers.
#define PENSTOCK_DRIVER_TEST(name) \
  TEST_CASE_TEMPLATE(name, Under, penstock::test::Epoll, penstock::test::Uring)
