// The driver's contract, run over both kernel drivers: what holds here is all that callers rely on.
#include <sys/resource.h>

#include <algorithm>
#include <cstring>

#include "loopback.h"

using namespace penstock;
using namespace penstock::test;

PENSTOCK_DRIVER_TEST("echo over loopback") {
  const auto driver = Under::make();
  if (!driver) return;
  Listener listener;
  Accepter accepter;
  accepter.fd = listener.fd;
  driver->submit(accepter);
  const auto client = driver->open_socket(AF_INET);
  REQUIRE(client);
  Connecter connecter;
  connecter.fd = *client;
  set_address(connecter, listener.port);
  driver->submit(connecter);
  CHECK(connecter.results.empty());
  REQUIRE(run_until(*driver, [&] { return connecter.results.size() == 1; }));
  CHECK(connecter.results[0] == 0);
  REQUIRE(run_until(*driver, [&] { return accepter.fds.size() == 1; }));
  const int server = accepter.fds[0];

  Receiver at_server, at_client;
  at_server.fd = server;
  at_client.fd = *client;
  driver->submit(at_server);
  driver->submit(at_client);
  const Bytes pieces[] = {"hello", " ", "there"};
  CHECK(driver->send(*client, pieces) == 11);
  REQUIRE(run_until(*driver, [&] { return at_server.bytes == "hello there"; }));
  CHECK(send_text(*driver, server, at_server.bytes) == 11);
  REQUIRE(run_until(*driver, [&] { return at_client.bytes == "hello there"; }));

  driver->shutdown_send(server);
  REQUIRE(run_until(*driver, [&] { return !at_client.pending(); }));
  CHECK(at_client.ends == std::vector<int>{0});
  stop(*driver, at_server);
  stop(*driver, accepter);
  driver->close_socket(server, CloseHow::orderly);
  driver->close_socket(*client, CloseHow::orderly);
  CHECK(driver->counters().sends == 2);
  CHECK(driver->counters().completions >= 5);
  CHECK(driver->counters().turns > 0);
}

PENSTOCK_DRIVER_TEST("one accept takes 200 connections") {
  const auto driver = Under::make();
  if (!driver) return;
  Listener listener;
  Accepter accepter;
  accepter.fd = listener.fd;
  driver->submit(accepter);
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 200; ++i) peers.push_back(std::make_unique<Peer>(listener.port));
  REQUIRE(run_until(*driver, [&] { return accepter.fds.size() == 200; }));
  CHECK(accepter.pending());
  stop(*driver, accepter);
  CHECK(accepter.ends == std::vector<int>{-ECANCELED});
  for (const int fd : accepter.fds) driver->close_socket(fd, CloseHow::reset);
}

namespace {

// Sends and checks a long text on one socket; reads slowly by giving up its receive now and then.
class Party {
 public:
  Party(Driver& driver, int fd, std::size_t total) : driver_(driver), fd_(fd), total_(total) {
    writable_.party = this;
    receive_.party = this;
    writable_.fd = receive_.fd = fd;
    text_.resize(total);
    for (std::size_t i = 0; i < total; ++i) text_[i] = byte_at(i);
    driver_.submit(receive_);
  }
  void send() {
    while (sent_ < total_ && !writable_.pending()) {
      const auto piece = Bytes(text_).substr(sent_, 300'000);
      const long taken = send_text(driver_, fd_, piece);
      if (taken == -EAGAIN) return driver_.submit(writable_);
      REQUIRE(taken > 0);
      sent_ += static_cast<std::size_t>(taken);
    }
  }
  void turn() {
    send();
    if (!receive_.pending() && ++paused_turns_ > 3 && got_ < total_) {
      paused_turns_ = 0;
      until_pause_ = 256 * 1024;
      driver_.submit(receive_);
    }
  }
  bool done() const { return sent_ == total_ && got_ == total_; }
  bool intact() const { return intact_; }
  void stop() {
    if (receive_.pending()) driver_.cancel(receive_);
  }
  bool idle() const { return !receive_.pending() && !writable_.pending(); }

 private:
  struct Receive : ReceiveOp {
    Receive()
        : ReceiveOp([](Op& op, int result) {
            auto& self = static_cast<Receive&>(op);
            self.party->received(self, result);
          }) {}
    Party* party = nullptr;
  };
  struct Writable : WritableOp {
    Writable() : WritableOp([](Op& op, int) { static_cast<Writable&>(op).party->send(); }) {}
    Party* party = nullptr;
  };
  void received(Receive& op, int result) {
    if (result < 0) {
      CHECK(result == -ECANCELED);
      return;
    }
    for (const char c : op.lent) intact_ = intact_ && c == byte_at(got_++);
    until_pause_ -= result;
    if (until_pause_ < 0 && op.pending()) driver_.cancel(op);
  }

  Driver& driver_;
  int fd_;
  std::size_t total_;
  std::string text_;
  std::size_t sent_ = 0;
  std::size_t got_ = 0;
  int until_pause_ = 256 * 1024;
  int paused_turns_ = 0;
  bool intact_ = true;
  Receive receive_;
  Writable writable_;
};

}  // namespace

PENSTOCK_DRIVER_TEST("8 MiB both ways between slow readers") {
  const auto driver = Under::make();
  if (!driver) return;
  constexpr std::size_t total = 8 * 1024 * 1024;
  Listener listener;
  Accepter accepter;
  accepter.fd = listener.fd;
  driver->submit(accepter);
  const auto client = driver->open_socket(AF_INET);
  REQUIRE(client);
  Connecter connecter;
  connecter.fd = *client;
  set_address(connecter, listener.port);
  driver->submit(connecter);
  REQUIRE(run_until(*driver, [&] { return accepter.fds.size() == 1 && !connecter.pending(); }));
  stop(*driver, accepter);
  {
    Party left(*driver, *client, total), right(*driver, accepter.fds[0], total);
    const bool done = run_until(*driver, [&] {
      left.turn();
      right.turn();
      return left.done() && right.done();
    });
    REQUIRE(done);
    CHECK(left.intact());
    CHECK(right.intact());
    CHECK(driver->counters().sends_blocked > 0);
    left.stop();
    right.stop();
    REQUIRE(run_until(*driver, [&] { return left.idle() && right.idle(); }));
  }
  driver->close_socket(*client, CloseHow::orderly);
  driver->close_socket(accepter.fds[0], CloseHow::orderly);
}

PENSTOCK_DRIVER_TEST("a reset by the peer ends the receive and the writable") {
  const auto driver = Under::make();
  if (!driver) return;
  Pair pair(*driver);
  const std::string much(1 << 20, 'x');
  while (send_text(*driver, pair.fd, much) > 0) {
  }
  Receiver receiver;
  Writer writer;
  receiver.fd = writer.fd = pair.fd;
  driver->submit(receiver);
  driver->submit(writer);
  run_turns(*driver, 3);
  CHECK(receiver.pending());
  CHECK(writer.pending());
  pair.peer.reset();
  REQUIRE(run_until(*driver, [&] { return !receiver.pending() && !writer.pending(); }));
  CHECK(receiver.ends == std::vector<int>{-ECONNRESET});
  CHECK(writer.results.size() == 1);
  const long sent = send_text(*driver, pair.fd, "more");
  CHECK((sent == -EPIPE || sent == -ECONNRESET));
}

PENSTOCK_DRIVER_TEST("our reset is seen by the peer as such") {
  const auto driver = Under::make();
  if (!driver) return;
  Pair pair(*driver);
  const auto second = driver->open_socket(AF_INET);
  REQUIRE(second);
  driver->close_socket(pair.fd, CloseHow::reset);
  pair.fd = *second;  // closed by the pair
  char byte;
  CHECK(::recv(pair.peer.fd, &byte, 1, 0) == -1);
  CHECK(errno == ECONNRESET);
}

PENSTOCK_DRIVER_TEST("half-close: the other direction goes on, and the end can be read again") {
  const auto driver = Under::make();
  if (!driver) return;
  Pair pair(*driver);
  Receiver receiver;
  receiver.fd = pair.fd;
  driver->submit(receiver);
  pair.peer.write("last words");
  REQUIRE(::shutdown(pair.peer.fd, SHUT_WR) == 0);
  REQUIRE(run_until(*driver, [&] { return !receiver.pending(); }));
  CHECK(receiver.bytes == "last words");
  CHECK(receiver.ends == std::vector<int>{0});
  CHECK(send_text(*driver, pair.fd, "answer") == 6);
  CHECK(pair.peer.read(6) == "answer");
  driver->submit(receiver);
  REQUIRE(run_until(*driver, [&] { return !receiver.pending(); }));
  CHECK(receiver.ends == std::vector<int>{0, 0});
}

PENSTOCK_DRIVER_TEST("a hang-up is told although bytes wait before it, and takes none of them") {
  struct Watch : Receiver {
    Watch() { kind = Kind::hangup; }
  };
  const auto driver = Under::make();
  if (!driver) return;
  for (const bool reset : {false, true}) {
    CAPTURE(reset);
    Pair pair(*driver);
    Watch watch;
    watch.fd = pair.fd;
    driver->submit(watch);
    pair.peer.write("last words");
    driver->turn(Deadline::after(driver->clock(), Duration::milliseconds(20)));
    run_turns(*driver, 3);
    CHECK(watch.pending());
    CHECK(watch.calls == 0);
    if (reset) {
      pair.peer.reset();
    } else {
      REQUIRE(::shutdown(pair.peer.fd, SHUT_WR) == 0);
    }
    REQUIRE(run_until(*driver, [&] { return !watch.pending(); }));
    CHECK(watch.ends == std::vector<int>{0});
    driver->submit(watch);  // told again to who asks later
    REQUIRE(run_until(*driver, [&] { return !watch.pending(); }));
    CHECK(watch.ends == std::vector<int>{0, 0});
    if (reset) continue;
    watch.kind = Op::Kind::receive;
    driver->submit(watch);
    REQUIRE(run_until(*driver, [&] { return !watch.pending(); }));
    CHECK(watch.bytes == "last words");
  }
  Pair pair(*driver);
  Watch watch;
  watch.fd = pair.fd;
  driver->submit(watch);
  run_turns(*driver, 2);
  stop(*driver, watch);
  CHECK(watch.ends == std::vector<int>{-ECANCELED});
}

PENSTOCK_DRIVER_TEST("cancel completes later, once, and the operation can be started again") {
  const auto driver = Under::make();
  if (!driver) return;
  Pair pair(*driver);
  Receiver receiver;
  receiver.fd = pair.fd;
  driver->submit(receiver);
  run_turns(*driver, 2);
  driver->cancel(receiver);
  CHECK(receiver.pending());
  CHECK(receiver.calls == 0);
  driver->cancel(receiver);  // a second time: nothing more
  REQUIRE(run_until(*driver, [&] { return !receiver.pending(); }));
  run_turns(*driver, 3);
  CHECK(receiver.ends == std::vector<int>{-ECANCELED});
  driver->cancel(receiver);  // idle: nothing
  run_turns(*driver, 3);
  CHECK(receiver.calls == 1);

  pair.peer.write("while nobody listened");
  driver->submit(receiver);
  REQUIRE(run_until(*driver, [&] { return receiver.bytes == "while nobody listened"; }));
  // Cancelled before the driver had a turn with it.
  stop(*driver, receiver);
  driver->submit(receiver);
  driver->cancel(receiver);
  REQUIRE(run_until(*driver, [&] { return !receiver.pending(); }));
  CHECK(receiver.ended == 3);

  Writer writer;
  writer.fd = pair.fd;
  driver->submit(writer);
  CHECK(writer.results.empty());
  driver->cancel(writer);
  CHECK(writer.results.empty());
  REQUIRE(run_until(*driver, [&] { return !writer.pending(); }));
  CHECK(writer.results.size() == 1);
}

PENSTOCK_DRIVER_TEST("cancel of an accept, then accept again") {
  const auto driver = Under::make();
  if (!driver) return;
  Listener listener;
  Accepter accepter;
  accepter.fd = listener.fd;
  driver->submit(accepter);
  run_turns(*driver, 2);
  stop(*driver, accepter);
  CHECK(accepter.ends == std::vector<int>{-ECANCELED});
  Peer peer(listener.port);
  run_turns(*driver, 3);
  CHECK(accepter.fds.empty());
  driver->submit(accepter);
  REQUIRE(run_until(*driver, [&] { return accepter.fds.size() == 1; }));
  stop(*driver, accepter);
  driver->close_socket(accepter.fds[0], CloseHow::orderly);
}

PENSTOCK_DRIVER_TEST("cancel of a connect that nobody answers") {
  const auto driver = Under::make();
  if (!driver) return;
  Listener full(0);  // its queue takes one; the SYNs of the others are dropped
  struct Attempt {
    Connecter connecter;
    int fd = -1;
  };
  std::array<Attempt, 4> attempts;
  for (Attempt& attempt : attempts) {
    const auto fd = driver->open_socket(AF_INET);
    REQUIRE(fd);
    attempt.fd = attempt.connecter.fd = *fd;
    set_address(attempt.connecter, full.port);
    driver->submit(attempt.connecter);
  }
  for (int i = 0; i < 5; ++i) {
    driver->turn(Deadline::after(driver->clock(), Duration::milliseconds(10)));
  }
  const auto pending = std::count_if(attempts.begin(), attempts.end(),
                                     [](const Attempt& a) { return a.connecter.pending(); });
  CHECK(pending >= 1);
  for (Attempt& attempt : attempts) {
    driver->cancel(attempt.connecter);
    REQUIRE(run_until(*driver, [&] { return !attempt.connecter.pending(); }));
    REQUIRE(attempt.connecter.results.size() == 1);
    CHECK((attempt.connecter.results[0] == 0 || attempt.connecter.results[0] == -ECANCELED));
    driver->close_socket(attempt.fd, CloseHow::reset);
  }
}

PENSTOCK_DRIVER_TEST("a refused connect says so") {
  const auto driver = Under::make();
  if (!driver) return;
  int port = 0;
  {
    const Listener gone;
    port = gone.port;
  }
  const auto fd = driver->open_socket(AF_INET);
  REQUIRE(fd);
  Connecter connecter;
  connecter.fd = *fd;
  set_address(connecter, port);
  driver->submit(connecter);
  CHECK(connecter.pending());
  REQUIRE(run_until(*driver, [&] { return !connecter.pending(); }));
  CHECK(connecter.results == std::vector<int>{-ECONNREFUSED});
  driver->close_socket(*fd, CloseHow::orderly);
}

PENSTOCK_DRIVER_TEST("receives without a buffer go on when buffers are back") {
  const auto driver = Under::make(Buffers::few);
  if (!driver) return;
  constexpr std::size_t each = 20'000;
  std::vector<std::unique_ptr<Pair>> pairs;
  std::vector<std::unique_ptr<Receiver>> receivers;
  for (std::size_t i = 0; i < 8; ++i) {
    pairs.push_back(std::make_unique<Pair>(*driver));
    pairs[i]->peer.write(std::string(each, static_cast<char>('a' + i)));
    receivers.push_back(std::make_unique<Receiver>());
    receivers[i]->fd = pairs[i]->fd;
    driver->submit(*receivers[i]);
  }
  const auto all = [&](std::size_t bytes) {
    return std::ranges::all_of(receivers, [&](const auto& r) { return r->bytes.size() >= bytes; });
  };
  REQUIRE(run_until(*driver, [&] { return all(each); }));
  for (std::size_t i = 0; i < 8; ++i) {
    CHECK(receivers[i]->bytes == std::string(each, static_cast<char>('a' + i)));
    CHECK(receivers[i]->ends.empty());
  }
  CHECK(driver->counters().starved > 0);
  // A starved one can be cancelled like any other.
  for (std::size_t i = 0; i < 8; ++i) pairs[i]->peer.write(std::string(each, 'z'));
  driver->turn(Deadline::after(driver->clock(), Duration::milliseconds(100)));
  for (const auto& receiver : receivers) driver->cancel(*receiver);
  REQUIRE(run_until(*driver, [&] {
    return std::ranges::all_of(receivers, [](const auto& r) { return !r->pending(); });
  }));
}

namespace {

struct Keeper : ReceiveOp, TurnEnd {
  explicit Keeper(Driver& d) : ReceiveOp(&on_bytes), driver(d) {
    TurnEnd::settle = [](TurnEnd& node) {
      auto& self = static_cast<Keeper&>(node);
      for (const Bytes piece : self.pieces) self.text.append(piece);
      self.pieces.clear();
    };
  }
  static void on_bytes(Op& op, int result) {
    auto& self = static_cast<Keeper&>(op);
    if (result <= 0) return;
    self.pieces.push_back(self.lent);
    self.driver.at_turn_end(self);
  }
  Driver& driver;
  std::vector<Bytes> pieces;
  std::string text;
};

}  // namespace

PENSTOCK_DRIVER_TEST("lent bytes stay until the end of the turn") {
  const auto driver = Under::make();
  if (!driver) return;
  std::vector<std::unique_ptr<Pair>> pairs;
  std::vector<std::unique_ptr<Keeper>> keepers;
  std::string expected;
  for (std::size_t i = 0; i < 30'000; ++i) expected.push_back(byte_at(i));
  for (std::size_t i = 0; i < 6; ++i) {
    pairs.push_back(std::make_unique<Pair>(*driver));
    keepers.push_back(std::make_unique<Keeper>(*driver));
    keepers[i]->fd = pairs[i]->fd;
    driver->submit(*keepers[i]);
    pairs[i]->peer.write(Bytes(expected).substr(i));
  }
  REQUIRE(run_until(*driver, [&] {
    for (std::size_t i = 0; i < 6; ++i) {
      if (keepers[i]->text.size() < expected.size() - i) return false;
    }
    return true;
  }));
  for (std::size_t i = 0; i < 6; ++i) {
    CHECK(keepers[i]->text == Bytes(expected).substr(i));
    stop(*driver, *keepers[i]);
  }
}

PENSTOCK_DRIVER_TEST("a writable completes when the peer reads again") {
  const auto driver = Under::make();
  if (!driver) return;
  Pair pair(*driver);
  const std::string much(1 << 18, 'x');
  std::size_t sent = 0;
  for (;;) {
    const long taken = send_text(*driver, pair.fd, much);
    if (taken == -EAGAIN) break;
    REQUIRE(taken > 0);
    sent += static_cast<std::size_t>(taken);
  }
  Writer writer;
  writer.fd = pair.fd;
  driver->submit(writer);
  run_turns(*driver, 3);
  CHECK(writer.pending());
  CHECK(pair.peer.read(sent) == std::string(sent, 'x'));
  REQUIRE(run_until(*driver, [&] { return !writer.pending(); }));
  CHECK(writer.results == std::vector<int>{0});
  CHECK(send_text(*driver, pair.fd, much) > 0);
  // A socket that has room completes with the next dispatch.
  driver->submit(writer);
  CHECK(writer.results.size() == 1);
  REQUIRE(run_until(*driver, [&] { return !writer.pending(); }));
}

PENSTOCK_DRIVER_TEST("out of descriptors: the accept ends with the error and can go on later") {
  const auto driver = Under::make();
  if (!driver) return;
  Listener listener;
  Accepter accepter;
  accepter.fd = listener.fd;
  Peer peer(listener.port);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit none = before;
  none.rlim_cur = 3;  // every number from 3 on is refused
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  driver->submit(accepter);  // io_uring takes the limit of now
  const bool ended = run_until(*driver, [&] { return !accepter.pending(); });
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  REQUIRE(ended);
  CHECK(accepter.ends == std::vector<int>{-EMFILE});
  driver->submit(accepter);
  REQUIRE(run_until(*driver, [&] { return accepter.fds.size() == 1; }));
  stop(*driver, accepter);
  driver->close_socket(accepter.fds[0], CloseHow::orderly);
}

PENSTOCK_DRIVER_TEST("a number that is closed and taken again starts anew") {
  const auto driver = Under::make();
  if (!driver) return;
  Listener listener;
  Accepter accepter;
  accepter.fd = listener.fd;
  driver->submit(accepter);
  for (int round = 0; round < 50; ++round) {
    Peer peer(listener.port);
    REQUIRE(run_until(*driver, [&] { return accepter.fds.size() == 1; }));
    Receiver receiver;
    receiver.fd = accepter.fds[0];
    driver->submit(receiver);
    peer.write("round");
    REQUIRE(run_until(*driver, [&] { return receiver.bytes == "round"; }));
    if (round % 2 == 0) peer.reset();
    stop(*driver, receiver);
    driver->close_socket(receiver.fd, round % 3 == 0 ? CloseHow::reset : CloseHow::orderly);
    accepter.fds.clear();
  }
  stop(*driver, accepter);
}
