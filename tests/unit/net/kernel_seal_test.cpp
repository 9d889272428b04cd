// A stream whose records somebody else seals: what it hands over, and what it says itself. The
// kernel's part is played by a driver without sockets.
#include <doctest/doctest.h>

#include <cerrno>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "penstock/stream.h"
#include "raw_peer.h"
#include "record_seal.h"
#include "tls_pair.h"

namespace penstock::test {
namespace {

class SealDriver final : public Driver {
 public:
  SealDriver() : Driver(Instant{1}, SIZE_MAX) {}

  // What the next `seal_sends` answers, and what the socket takes until `drain`.
  bool offers = true;
  std::size_t room = SIZE_MAX;

  std::string wire;  // what left and was not fetched
  std::optional<RecordSeal> seal;
  std::vector<int> calls;  // seal_sends, by descriptor
  bool finished = false;
  std::optional<CloseHow> closed;

  std::string fetch() { return std::exchange(wire, {}); }
  void arrive(Bytes bytes) {
    REQUIRE(receive_);
    receive_->lent = bytes;
    receive_->complete(*receive_, static_cast<int>(bytes.size()));
    end_turn();
  }
  // The peer has read: the socket takes `bytes` more.
  void drain(std::size_t bytes) {
    room = bytes;
    Op* op = std::exchange(writable_, nullptr);
    if (!op) return;
    op->state = Op::State::idle;
    op->complete(*op, 0);
    end_turn();
  }
  void end_turn() { turn(Deadline{Instant{1}}); }

  Result<int> open_socket(int) override { return fail(Code::refused); }
  void close_socket(int, CloseHow how) override { closed = how; }
  void shutdown_send(int) override { finished = true; }
  long send(int, std::span<const Bytes> pieces) override {
    CHECK_FALSE(seal.has_value());
    const std::string bytes = take(pieces);
    wire += bytes;
    return bytes.empty() ? -EAGAIN : static_cast<long>(bytes.size());
  }
  bool seal_sends(int fd, const RecordKeys& keys) override {
    calls.push_back(fd);
    if (offers) seal.emplace(keys);
    return offers;
  }
  long send_sealed(int, RecordType type, std::span<const Bytes> pieces) override {
    REQUIRE(seal.has_value());
    CHECK_FALSE(finished);
    if (type == RecordType::alert && room < pieces.front().size()) return -EAGAIN;
    const std::string text = take(pieces);
    if (text.empty()) return -EAGAIN;
    for (Bytes rest = text; !rest.empty(); rest.remove_prefix(std::min(rest.size(), most))) {
      wire += seal->seal(type, rest.substr(0, most));
    }
    return static_cast<long>(text.size());
  }
  void submit(Op& op) override {
    op.state = Op::State::pending;
    if (op.kind == Op::Kind::writable) {
      writable_ = &op;
    } else {
      receive_ = static_cast<ReceiveOp*>(&op);
    }
  }
  void cancel(Op& op) override {
    if (op.pending()) op.state = Op::State::cancelling;
  }
  Instant clock() const override { return {1}; }
  void poke() override {}
  const char* name() const override { return "seal"; }

 protected:
  void wait_and_dispatch(Instant) override {
    // Both are taken first: the last completion frees their owner.
    Op* ops[] = {receive_, writable_};
    for (Op* op : ops) {
      if (!op || op->state != Op::State::cancelling) continue;
      if (op == receive_) receive_ = nullptr;
      if (op == writable_) writable_ = nullptr;
      op->state = Op::State::idle;
      op->complete(*op, -ECANCELED);
    }
  }
  void recycle() override {}

 private:
  static constexpr std::size_t most = 16'384;
  std::string take(std::span<const Bytes> pieces) {
    std::string text;
    for (const Bytes piece : pieces) text += piece.substr(0, room - std::min(room, text.size()));
    room -= text.size();
    return text;
  }
  ReceiveOp* receive_ = nullptr;
  Op* writable_ = nullptr;
};

// A server's stream and a client that is OpenSSL itself.
struct Served {
  explicit Served(bool hand_over = true, bool offers = true) : world(hand_over) {
    driver.offers = offers;
    stream = Stream::adopt(driver, 7, *TlsSession::server(world.server));
    signal.emplace(driver);
    stream->set_signal(&*signal);
    run();
    REQUIRE(stream->established());
    REQUIRE(peer.finished());
  }
  ~Served() {
    stream.reset();
    driver.end_turn();
    CHECK(driver.held() == 0);
  }
  // Lets both talk until nobody has anything to say.
  void run() {
    for (bool progress = true; progress;) {
      const std::string bytes = driver.fetch();
      if (!bytes.empty())
        BIO_write(SSL_get_rbio(peer.ssl()), bytes.data(), static_cast<int>(bytes.size()));
      peer.step();
      const std::string answer = peer.fetch();
      if (!answer.empty()) driver.arrive(answer);
      progress = !bytes.empty() || !answer.empty();
    }
  }
  void say(Bytes text) {
    SSL_write(peer.ssl(), text.data(), static_cast<int>(text.size()));
    run();
  }
  bool peer_told_end() { return (SSL_get_shutdown(peer.ssl()) & SSL_RECEIVED_SHUTDOWN) != 0; }

  TlsWorld world;
  SealDriver driver;
  RawPeer peer{RawPeer::Role::client, TLS1_2_VERSION, TLS1_3_VERSION};
  StreamPtr stream;
  std::optional<Signal> signal;
};

std::string pattern(std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>('a' + (i * 7 + i / 251) % 26);
  return text;
}

}  // namespace

TEST_CASE("kernel seals: asked once, when the handshake has left") {
  Served served;
  CHECK(served.driver.calls == std::vector{7});
  CHECK(served.stream->send("answer"));
  served.run();
  CHECK(served.peer.received == "answer");
  served.say("request");
  CHECK(served.stream->readable() == "request");
  CHECK(served.driver.calls.size() == 1);
}

TEST_CASE("kernel seals: a refusal changes nothing") {
  for (const bool hand_over : {true, false}) {
    Served served(hand_over, false);
    CHECK(served.driver.calls.size() == (hand_over ? 1 : 0));
    CHECK(served.stream->send("answer"));
    served.stream->finish_sending();
    served.run();
    CHECK(served.peer.received == "answer");
    CHECK(served.peer_told_end());
    CHECK(served.driver.finished);
  }
}

TEST_CASE("kernel seals: what the socket does not take follows, then the end") {
  for (const std::size_t room : {std::size_t{0}, std::size_t{1}, std::size_t{5000}}) {
    CAPTURE(room);
    Served served;
    served.driver.room = room;
    const std::string text = pattern(100'000);
    CHECK(served.stream->send(text));
    CHECK(served.stream->unsent() == text.size() - room);
    served.stream->finish_sending();
    CHECK(served.stream->unsent() == text.size() - room + 2);  // and close_notify
    for (int round = 0; round < 60 && served.stream->unsent() > 2; ++round) {
      served.driver.drain(std::min<std::size_t>(3000, served.stream->unsent() - 2));
      served.run();
    }
    CHECK(served.stream->unsent() == 2);
    CHECK_FALSE(served.driver.finished);
    served.driver.drain(1);
    CHECK(served.stream->unsent() == 2);  // whole or not at all
    CHECK_FALSE(served.driver.finished);
    served.driver.drain(2);
    CHECK(served.stream->unsent() == 0);
    CHECK(served.driver.finished);
    served.run();
    CHECK(served.peer.received == text);
    CHECK(served.peer_told_end());
  }
}

TEST_CASE("kernel seals: write says what was taken") {
  Served served;
  served.driver.room = 1000;
  const std::string text = pattern(3000);
  Bytes rest = text;
  const auto taken = served.stream->write(std::span(&rest, 1));
  REQUIRE(taken);
  CHECK(*taken == 1000);
  CHECK(served.stream->unsent() == 0);
  served.driver.drain(SIZE_MAX);
  rest.remove_prefix(*taken);
  CHECK(*served.stream->write(std::span(&rest, 1)) == 2000);
  served.run();
  CHECK(served.peer.received == text);
}

TEST_CASE("kernel seals: letting go says close_notify") {
  Served served;
  CHECK(served.stream->send("last words"));
  served.stream.reset();
  served.run();
  CHECK(served.peer.received == "last words");
  CHECK(served.peer_told_end());
}

TEST_CASE("kernel seals: a peer that asks for a new key makes the stream spent") {
  Served served;
  CHECK_FALSE(served.stream->spent());
  REQUIRE(SSL_key_update(served.peer.ssl(), SSL_KEY_UPDATE_REQUESTED) == 1);
  served.say("more");
  CHECK(served.stream->readable() == "more");
  CHECK(served.stream->spent());
  CHECK_FALSE(served.stream->gone());
  CHECK(served.stream->send("the answer under way"));
  served.stream->finish_sending();
  served.run();
  CHECK(served.peer.received == "the answer under way");
  CHECK(served.peer_told_end());
}

TEST_CASE("kernel seals: bad records are answered with an alert") {
  Served served;
  served.driver.arrive(std::string("\x17\3\3\0\x20", 5) + std::string(32, 'x'));
  CHECK(served.stream->tls_failed());
  CHECK(served.stream->broken());
  served.run();
  CHECK(served.peer.error == SSL_AD_REASON_OFFSET + SSL_AD_BAD_RECORD_MAC);
}

TEST_CASE("kernel seals: the end of a stream that was never handed over is told the old way") {
  Served served;
  CHECK(served.stream->send("x"));
  // Finished while the handshake's last bytes wait: nothing is handed over any more.
  SealDriver driver;
  driver.room = 0;
  StreamPtr early = Stream::adopt(driver, 8, *TlsSession::server(served.world.server));
  RawPeer peer(RawPeer::Role::client, TLS1_3_VERSION, TLS1_3_VERSION);
  peer.step();
  driver.arrive(peer.fetch());
  driver.drain(100'000);
  const std::string flight = driver.fetch();
  BIO_write(SSL_get_rbio(peer.ssl()), flight.data(), static_cast<int>(flight.size()));
  peer.step();
  driver.room = 0;
  driver.arrive(peer.fetch());
  REQUIRE(early->established());
  CHECK(driver.calls.empty());  // the tickets have not left
  early->finish_sending();
  driver.drain(100'000);
  CHECK(driver.calls.empty());
  CHECK(driver.finished);
  early.reset();
  driver.end_turn();
}

}  // namespace penstock::test
