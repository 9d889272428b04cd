// Handshakes and data between two sessions, at every cut.
#include "net/tls_session.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "tls_pair.h"

namespace penstock::test {
namespace {

std::string pattern(std::size_t bytes, unsigned seed) {
  std::string text(bytes, '\0');
  std::mt19937 random(seed);
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

TEST_CASE("handshake and data pass whole, bytewise and at random cuts") {
  const TlsWorld world;
  for (const Cut& cut : {whole(), at_most(1), at_most(7), at_random(1), at_random(2)}) {
    TlsPair pair = world.pair();
    pair.run(cut);
    REQUIRE(pair.established());
    CHECK(std::string(pair.client.session->version()) == "TLSv1.3");
    TlsPair::say(pair.client, "request");
    TlsPair::say(pair.server, "answer");
    pair.run(cut);
    CHECK(pair.server.plain.view() == "request");
    CHECK(pair.client.plain.view() == "answer");
    CHECK(std::string(pair.client.session->failure()).empty());
  }
}

TEST_CASE("the first flight and the answer may be cut anywhere") {
  const TlsWorld world;
  std::size_t flight = 0;
  {
    const TlsPair pair = world.pair();
    flight = pair.client.cipher.size();
  }
  REQUIRE(flight > 100);
  for (std::size_t cut = 1; cut < flight; cut += 3) {
    TlsPair pair = world.pair();
    bool first = true;
    pair.run([&](std::size_t available) {
      return std::exchange(first, false) ? cut : std::max(available / 2, std::size_t{1});
    });
    REQUIRE(pair.established());
  }
}

TEST_CASE("a client sends data in the flight that ends its handshake") {
  const TlsWorld world;
  TlsPair pair = world.pair();
  CHECK(*pair.client.session->send(std::array<Bytes, 1>{"early"}, SIZE_MAX, pair.client.cipher) ==
        0);
  TlsPair::deliver(pair.client, pair.server, whole());
  TlsPair::deliver(pair.server, pair.client, whole());
  REQUIRE(pair.client.session->established());
  TlsPair::say(pair.client, "request");
  TlsPair::deliver(pair.client, pair.server, whole());
  CHECK(pair.server.session->established());
  CHECK(pair.server.plain.view() == "request");
}

TEST_CASE("a mebibyte passes in both directions at random cuts") {
  const TlsWorld world;
  TlsPair pair = world.pair();
  pair.run();
  const std::string up = pattern(1 << 20, 1);
  const std::string down = pattern(1 << 20, 2);
  const Cut cut = [random = std::mt19937(3)](std::size_t available) mutable {
    return std::min(available, std::uniform_int_distribution<std::size_t>(1, 20'000)(random));
  };
  constexpr std::size_t cipher_max = 32 << 10;
  std::size_t sent_up = 0;
  std::size_t sent_down = 0;
  std::string got_up;
  std::string got_down;
  while (got_up.size() < up.size() || got_down.size() < down.size()) {
    for (auto [end, text, sent] :
         {std::tuple{&pair.client, &up, &sent_up}, std::tuple{&pair.server, &down, &sent_down}}) {
      const Bytes rest = Bytes(*text).substr(*sent);
      const auto taken = end->session->send({&rest, 1}, cipher_max, end->cipher);
      REQUIRE(taken.has_value());
      *sent += *taken;
      CHECK(end->cipher.size() <= cipher_max);
    }
    TlsPair::deliver(pair.client, pair.server, cut);
    TlsPair::deliver(pair.server, pair.client, cut);
    got_up += pair.server.plain.view();
    pair.server.plain.consume(pair.server.plain.size());
    got_down += pair.client.plain.view();
    pair.client.plain.consume(pair.client.plain.size());
    REQUIRE(pair.client.outcome.has_value());
    REQUIRE(pair.server.outcome.has_value());
  }
  CHECK(got_up == up);
  CHECK(got_down == down);
}

TEST_CASE("small pieces share a record, large ones are cut at 16 KiB") {
  const TlsWorld world;
  TlsPair pair = world.pair();
  pair.run();
  const std::array<Bytes, 5> pieces{"POST / HTTP/1.1\r\n", "", "a: b\r\n", "\r\n", "{}"};
  CHECK(*pair.client.session->send(pieces, SIZE_MAX, pair.client.cipher) == 27);
  CHECK(pair.client.cipher.size() == 27 + 22);  // one record of TLS 1.3
  pair.run();
  CHECK(pair.server.plain.view() == "POST / HTTP/1.1\r\na: b\r\n\r\n{}");
  pair.server.plain.consume(27);

  const std::string large = pattern(20'000, 4);
  const std::array<Bytes, 3> mixed{"head", Bytes(large), "tail"};
  CHECK(*pair.client.session->send(mixed, SIZE_MAX, pair.client.cipher) == 20'008);
  CHECK(pair.client.cipher.size() == 20'008 + 2 * 22);
  pair.run(at_most(1000));
  CHECK(pair.server.plain.view() == "head" + large + "tail");
}

TEST_CASE("sending keeps to its limit and goes on when there is room") {
  const TlsWorld world;
  TlsPair pair = world.pair();
  pair.run();
  const std::string text = pattern(10'000, 5);
  Bytes rest = text;
  while (!rest.empty()) {
    const auto taken = pair.client.session->send({&rest, 1}, 4096, pair.client.cipher);
    REQUIRE(taken.has_value());
    CHECK(*taken > 0);
    CHECK(pair.client.cipher.size() <= 4096);
    CHECK(*pair.client.session->send({&rest, 0}, 4096, pair.client.cipher) == 0);
    rest.remove_prefix(*taken);
    // The rest of the room is too small for a record that is worth it.
    if (!rest.empty()) CHECK(*pair.client.session->send({&rest, 1}, 4096, pair.client.cipher) == 0);
    pair.run();
  }
  CHECK(pair.server.plain.view() == text);
}

TEST_CASE("close_notify tells a complete end from a cut one") {
  const TlsWorld world;
  TlsPair pair = world.pair();
  pair.run();
  TlsPair::say(pair.server, "last words");
  pair.run();
  CHECK_FALSE(pair.client.session->peer_closed());  // an end of the connection here is a cut
  pair.server.session->close(pair.server.cipher);
  const std::size_t notify = pair.server.cipher.size();
  pair.server.session->close(pair.server.cipher);
  CHECK(pair.server.cipher.size() == notify);  // once only
  pair.run(at_most(1));
  CHECK(pair.client.session->peer_closed());
  CHECK(pair.client.plain.view() == "last words");
  // The other direction is still open.
  TlsPair::say(pair.client, "bye");
  pair.run();
  CHECK(pair.server.plain.view() == "bye");
  const Bytes more = "more";
  const auto refused = pair.server.session->send({&more, 1}, SIZE_MAX, pair.server.cipher);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Code::closed);
}

TEST_CASE("a changed byte is fatal, and stays so") {
  const TlsWorld world;
  TlsPair pair = world.pair();
  pair.run();
  TlsPair::say(pair.client, "request");
  std::string bytes(pair.client.cipher.view());
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  const auto outcome = pair.server.session->receive(bytes, pair.server.plain, pair.server.cipher);
  REQUIRE_FALSE(outcome.has_value());
  CHECK(outcome.error() == Error{.code = Code::tls_failed, .side = Side::client});
  CHECK(std::string(pair.server.session->failure()) == "bad_record");
  CHECK(pair.server.plain.empty());
  CHECK_FALSE(pair.server.cipher.empty());  // the alert
  CHECK_FALSE(pair.server.session->receive("x", pair.server.plain, pair.server.cipher).has_value());
  CHECK_FALSE(pair.server.session->peer_closed());
}

TEST_CASE("a pool that refuses ends the session, not the process") {
  const TlsWorld world;
  TlsPair pair = world.pair();
  pair.run();
  const std::string large = pattern(100'000, 6);
  TlsPair::say(pair.client, large);
  const std::string bytes(pair.client.cipher.view());
  BlockPool small(16 << 10);
  Buffer plain(small);
  const auto outcome = pair.server.session->receive(bytes, plain, pair.server.cipher);
  REQUIRE_FALSE(outcome.has_value());
  CHECK(outcome.error().code == Code::refused);
  CHECK(std::string(pair.server.session->failure()) == "out_of_memory");

  Buffer cipher(small);
  const Bytes piece = large;
  const auto sent = pair.client.session->send({&piece, 1}, SIZE_MAX, cipher);
  REQUIRE_FALSE(sent.has_value());
  CHECK(sent.error().code == Code::refused);
}

TEST_CASE("sessions are resumed, tickets are used once, and identity stays verified") {
  const TlsWorld world;
  {
    TlsPair first = world.pair();
    first.run();
    REQUIRE(first.established());
    CHECK_FALSE(first.client.session->resumed());
  }
  CHECK(world.client->sessions().keys() == 1);
  for (int i = 0; i < 5; ++i) {
    TlsPair again = world.pair();
    again.run();
    REQUIRE(again.established());
    CHECK(again.client.session->resumed());
    CHECK(again.server.session->resumed());
    TlsPair::say(again.client, "x");
    again.run();
    CHECK(again.server.plain.view() == "x");
  }
  SUBCASE("another port, another name: another session") {
    TlsPair port = world.pair({.host = "a.test", .port = 8443});
    port.run();
    CHECK_FALSE(port.client.session->resumed());
    TlsPair name = world.pair({.host = "127.0.0.1", .port = 443});
    name.run();
    CHECK(name.established());
    CHECK_FALSE(name.client.session->resumed());
  }
  SUBCASE("a name that the first handshake did not verify is verified now") {
    TlsPair other = world.pair({.host = "b.test", .port = 443});
    other.run();
    CHECK_FALSE(other.established());
    CHECK(std::string(other.client.session->failure()) == "certificate_host_mismatch");
    CHECK(other.server.plain.empty());
  }
  SUBCASE("the same host under another server name is verified too") {
    TlsPair known = world.pair({.host = "10.0.0.1", .port = 443, .server_name = "a.test"});
    known.run();
    REQUIRE(known.established());
    TlsPair other = world.pair({.host = "10.0.0.1", .port = 443, .server_name = "b.test"});
    other.run();
    CHECK_FALSE(other.established());
  }
  SUBCASE("more connections at once than tickets: full handshakes") {
    std::vector<std::unique_ptr<TlsPair>> open;
    int resumed = 0;
    for (int i = 0; i < 8; ++i) {
      open.push_back(std::make_unique<TlsPair>(world.client, world.server,
                                               TlsPeer{.host = "a.test", .port = 443}));
    }
    for (auto& pair : open) {
      pair->run();
      CHECK(pair->established());
      resumed += pair->client.session->resumed() ? 1 : 0;
    }
    CHECK(resumed >= 1);
    CHECK(resumed <= static_cast<int>(TlsSessionCache::per_key_max));
  }
}

}  // namespace
}  // namespace penstock::test
