// A TLS handshake whose steps the stream's owner takes: nothing happens before, nothing is lost.
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>

#include "penstock/stream.h"
#include "support/sim_pairs.h"
#include "tls_pair.h"

using namespace penstock;
using namespace penstock::test;

namespace {

// A server's stepwise stream, and a client behind its socket.
struct Handshake {
  explicit Handshake(std::uint64_t seed = 1, const SimFaults& faults = {}) : pairs(seed, faults) {
    auto session = TlsSession::server(world.server);
    REQUIRE(session);
    stream = pairs.stream(std::move(*session), true);
    stream->set_abrupt(true);
    auto made = TlsSession::client(world.client, {.host = "a.test", .port = 443});
    REQUIRE(made);
    client.session = std::move(*made);
    REQUIRE(client.session->start(client.cipher));
    pairs.peers[0]->listen();
  }
  SimPeer& peer() { return *pairs.peers[0]; }
  // Sends what the client has to say, as far as the socket takes it, in pieces of so many bytes.
  void send(std::size_t bytes = SIZE_MAX) {
    for (int tries = 0; tries < 3 && !client.cipher.empty();) {
      const std::size_t taken = peer().send(client.cipher.view().substr(0, bytes));
      client.cipher.consume(taken);
      pairs.pass();
      tries = taken > 0 ? 0 : tries + 1;
    }
    pairs.pass();
  }
  // Hands the client what has arrived.
  void receive() {
    pairs.pass();
    REQUIRE(client.session->receive(peer().in, client.plain, client.cipher));
    peer().in.clear();
  }

  TlsWorld world;
  SimPairs pairs;
  BlockPool pool;
  TlsEnd client{pool};
  StreamPtr stream;
};

}  // namespace

TEST_CASE("stepwise: nothing goes on before the owner says so") {
  Handshake h;
  h.send();
  CHECK_FALSE(h.stream->handshake_waits());  // still paused: nothing was read
  h.stream->unpause();
  h.pairs.pass();
  CHECK(h.stream->handshake_waits());
  CHECK_FALSE(h.stream->established());
  CHECK(h.peer().in.empty());
  h.stream->step_handshake();
  CHECK_FALSE(h.stream->handshake_waits());
  CHECK_FALSE(h.stream->established());
  h.receive();
  REQUIRE(h.client.session->established());
  // The first request comes with the end of the handshake.
  TlsPair::say(h.client, "GET");
  h.send();
  CHECK(h.stream->handshake_waits());
  CHECK_FALSE(h.stream->established());
  h.stream->step_handshake();
  CHECK(h.stream->established());
  CHECK_FALSE(h.stream->handshake_waits());
  CHECK(h.stream->readable() == "GET");
  // From now on all goes by itself, and more than one byte at a time.
  TlsPair::say(h.client, " /" + std::string(50'000, 'x'));
  h.send();
  CHECK(h.stream->readable().size() == 50'005);
  h.stream->consume(h.stream->readable().size());
  REQUIRE(h.stream->send("200"));
  h.receive();
  CHECK(h.client.plain.view() == "200");
}

TEST_CASE("stepwise: steps on pieces, under short reads and late completions") {
  for (std::uint64_t seed = 1; seed < 30; ++seed) {
    CAPTURE(seed);
    Handshake h(seed, {.short_receive = 300, .late = 300});
    h.stream->unpause();
    int steps = 0;
    for (int round = 0; round < 20'000 && !h.stream->established(); ++round) {
      h.send(1 + seed * 40);
      // The owner does not always come at once.
      if (h.stream->handshake_waits() && round % 3 == 0) {
        h.stream->step_handshake();
        ++steps;
      }
      if (!h.peer().in.empty()) h.receive();
    }
    CHECK(h.stream->established());
    CHECK(steps >= 2);
  }
}

TEST_CASE("stepwise: who waits is not read on, and its end is seen") {
  for (const bool reset : {false, true}) {
    CAPTURE(reset);
    Handshake h;
    h.stream->unpause();
    h.send();
    REQUIRE(h.stream->handshake_waits());
    // It pours: one receive may have been under way, the rest stays in the kernel.
    const std::string more(100'000, '\x16');
    for (int round = 0; round < 100; ++round) {
      h.peer().send(more);
      h.pairs.pass();
    }
    CHECK(h.stream->received_total() < 2 * 65'536);
    CHECK_FALSE(h.stream->gone());
    reset ? h.peer().close(CloseHow::reset) : h.peer().finish();
    h.pairs.pass();
    CHECK(h.stream->gone());
    CHECK_FALSE(h.stream->established());
  }
}

TEST_CASE("stepwise: what is no handshake fails at its step") {
  Handshake h;
  h.stream->unpause();
  h.peer().send("GET / HTTP/1.1\r\n");
  h.pairs.pass();
  CHECK(h.stream->handshake_waits());
  CHECK_FALSE(h.stream->gone());
  h.stream->step_handshake();
  CHECK(h.stream->tls_failed());
  CHECK(h.stream->gone());
  CHECK(Bytes(h.stream->tls_failure()) == "not_tls");
  CHECK_FALSE(h.stream->handshake_waits());
}
