// Connected pairs of simulated sockets: a Stream under test and a peer that is plain driver calls.
#pragma once

#include <doctest/doctest.h>
#include <netinet/in.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/tls_session.h"
#include "penstock/net.h"
#include "runtime/sim_driver.h"

namespace penstock::test {

// The far end of a connection. It receives when told to, and closes when it dies.
class SimPeer {
 public:
  SimPeer(SimDriver& driver, int fd) : driver_(driver) {
    fd_ = receive_.fd = fd;
    receive_.peer = this;
  }
  SimPeer(const SimPeer&) = delete;
  SimPeer& operator=(const SimPeer&) = delete;
  ~SimPeer() { close(CloseHow::orderly); }

  void listen() {
    if (!receive_.pending() && !ended && !broken) driver_.submit(receive_);
  }
  // What the socket took.
  std::size_t send(Bytes bytes) {
    const long taken = driver_.send(fd_, std::span(&bytes, 1));
    return taken > 0 ? static_cast<std::size_t>(taken) : 0;
  }
  void finish() { driver_.shutdown_send(fd_); }
  void close(CloseHow how) {
    if (fd_ < 0) return;
    driver_.cancel(receive_);
    driver_.run_until([&] { return !receive_.pending(); }, Duration::seconds(9));
    driver_.close_socket(std::exchange(fd_, -1), how);
  }

  std::string in;
  bool ended = false;
  bool broken = false;

 private:
  struct Receive : ReceiveOp {
    Receive() : ReceiveOp(&on_receive) {}
    SimPeer* peer = nullptr;
  };
  static void on_receive(Op& op, int result) {
    auto& self = static_cast<Receive&>(op);
    if (result > 0) self.peer->in.append(self.lent);
    if (result == 0) self.peer->ended = true;
    if (result < 0 && result != -ECANCELED) self.peer->broken = true;
  }
  SimDriver& driver_;
  Receive receive_;
  int fd_;
};

// Listens on a port and makes pairs; checks at its end that nothing is left over.
class SimPairs {
 public:
  static constexpr std::uint16_t port = 9000;

  explicit SimPairs(std::uint64_t seed = 1, const SimFaults& faults = {},
                    std::size_t block_limit = SIZE_MAX)
      : driver(seed, faults, block_limit), signal(driver) {
    accept_.fd = driver.listen(port);
    driver.submit(accept_);
  }
  ~SimPairs() {
    peers.clear();
    driver.cancel(accept_);
    driver.run_until([&] { return !accept_.pending() && driver.held() == 0; },
                     Duration::seconds(300));
    for (const int fd : accept_.fds) driver.close_socket(fd, CloseHow::orderly);
    driver.close_socket(accept_.fd, CloseHow::orderly);
    driver.turn({Instant{0}});
    CHECK(driver.held() == 0);
    CHECK(driver.leftovers() == "");
  }

  // A stream whose far end is `peers.back()`, which does not receive yet.
  StreamPtr stream(std::unique_ptr<TlsSession> tls = nullptr, bool stepwise = false) {
    Connect connect;
    const auto fd = driver.open_socket(AF_INET);
    REQUIRE(fd);
    connect.fd = *fd;
    const auto address = parse_ip("127.0.0.1", port);
    connect.address = address->storage;
    connect.address_bytes = address->bytes;
    driver.submit(connect);
    REQUIRE(driver.run_until([&] { return !connect.pending() && !accept_.fds.empty(); },
                             Duration::seconds(9)));
    take_peer();
    StreamPtr made = Stream::adopt(driver, *fd, std::move(tls), stepwise);
    made->set_signal(&signal);
    return made;
  }
  // Moves what was accepted to `peers`; how many there are.
  std::size_t take_peer() {
    for (const int fd : accept_.fds) peers.push_back(std::make_unique<SimPeer>(driver, fd));
    accept_.fds.clear();
    return peers.size();
  }
  void pass(Duration time = Duration::milliseconds(50)) {
    driver.run_until([] { return false; }, time);
  }

  SimDriver driver;
  Signal signal;
  std::vector<std::unique_ptr<SimPeer>> peers;

 private:
  struct Accept : AcceptOp {
    Accept() : AcceptOp(&on_accept) {}
    static void on_accept(Op& op, int result) {
      if (result >= 0) static_cast<Accept&>(op).fds.push_back(result);
    }
    std::vector<int> fds;
  };
  struct Connect : ConnectOp {
    Connect() : ConnectOp([](Op&, int) {}) {}
  };
  Accept accept_;
};

}  // namespace penstock::test
