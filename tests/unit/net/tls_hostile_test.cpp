// Peers that do what they should not.
#include <doctest/doctest.h>

#include <string>

#include "raw_peer.h"
#include "tls_pair.h"

namespace penstock::test {
namespace {

TlsEnd& server_end(TlsEnd& end, const TlsWorld& world) {
  end.session = *TlsSession::server(world.server);
  return end;
}
TlsEnd& client_end(TlsEnd& end, const TlsWorld& world) {
  end.session = *TlsSession::client(world.client, {.host = "a.test", .port = 443});
  REQUIRE(end.session->start(end.cipher).has_value());
  return end;
}

TEST_CASE("old versions are refused by both sides") {
  const TlsWorld world;
  BlockPool pool;
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    TlsEnd server(pool);
    RawPeer old_client(RawPeer::Role::client, version, version);
    old_client.run(server_end(server, world));
    CHECK_FALSE(server.session->established());
    CHECK(std::string(server.session->failure()) == "no_shared_version");
    CHECK(old_client.error == SSL_AD_REASON_OFFSET + SSL_AD_PROTOCOL_VERSION);

    TlsEnd client(pool);
    RawPeer old_server(RawPeer::Role::server, version, version, &world.leaf);
    old_server.run(client_end(client, world));
    CHECK_FALSE(client.session->established());
    CHECK_FALSE(client.outcome.has_value());
  }
}

TEST_CASE("a context for TLS 1.3 refuses 1.2") {
  const TlsWorld world;
  BlockPool pool;
  TlsEnd server(pool);
  server.session = *TlsSession::server(world.server_for(world.leaf, TlsVersion::tls13));
  RawPeer client(RawPeer::Role::client, TLS1_2_VERSION, TLS1_2_VERSION);
  client.run(server);
  CHECK_FALSE(server.session->established());
  CHECK(std::string(server.session->failure()) == "no_shared_version");
}

TEST_CASE("suites without forward secrecy or AEAD are refused") {
  const TlsWorld world;
  BlockPool pool;
  for (const char* suites :
       {"AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES128-SHA"}) {
    TlsEnd server(pool);
    RawPeer client(RawPeer::Role::client, TLS1_2_VERSION, TLS1_2_VERSION);
    REQUIRE(SSL_CTX_set_cipher_list(client.context(), suites) == 1);
    client.run(server_end(server, world));
    CHECK_FALSE(server.session->established());
    CHECK(std::string(server.session->failure()) == "no_shared_cipher");
  }
}

TEST_CASE("renegotiation is refused") {
  const TlsWorld world;
  BlockPool pool;
  SUBCASE("asked for by a client") {
    TlsEnd server(pool);
    RawPeer client(RawPeer::Role::client, TLS1_2_VERSION, TLS1_2_VERSION);
    client.run(server_end(server, world));
    REQUIRE(server.session->established());
    REQUIRE(SSL_renegotiate(client.ssl()) == 1);
    client.run(server);
    CHECK_FALSE(client.finished());  // its second handshake never ends
    CHECK(client.error != 0);
  }
  SUBCASE("asked for by a server") {
    TlsEnd client(pool);
    RawPeer server(RawPeer::Role::server, TLS1_2_VERSION, TLS1_2_VERSION, &world.leaf);
    server.run(client_end(client, world));
    REQUIRE(client.session->established());
    const auto finished = [&server] {
      char digest[64];
      return std::string(digest, SSL_get_finished(server.ssl(), digest, sizeof(digest)));
    };
    const std::string before = finished();
    REQUIRE(SSL_renegotiate(server.ssl()) == 1);
    SSL_do_handshake(server.ssl());
    server.run(client);
    CHECK(finished() == before);  // a second handshake would have ended with another digest
  }
}

TEST_CASE("plain HTTP and garbage get no answer") {
  const TlsWorld world;
  BlockPool pool;
  for (const Bytes text : {Bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), Bytes("\r\n"),
                           Bytes("\0\0\0\0", 4), Bytes("\x80\x2e\x01\x03\x01")}) {
    TlsEnd end(pool);
    const auto outcome = server_end(end, world).session->receive(text, end.plain, end.cipher);
    REQUIRE_FALSE(outcome.has_value());
    CHECK(outcome.error().code == Code::tls_failed);
    CHECK(outcome.error().side == Side::client);
    CHECK(std::string(end.session->failure()) == "not_tls");
    CHECK(end.cipher.empty());
    CHECK(end.plain.empty());
  }
  TlsEnd client(pool);
  const auto outcome =
      client_end(client, world)
          .session->receive("HTTP/1.1 400 Bad Request\r\n\r\n", client.plain, client.cipher);
  REQUIRE_FALSE(outcome.has_value());
  CHECK(std::string(client.session->failure()) == "not_tls");
}

TEST_CASE("random bytes behind a record header never crash or pass") {
  const TlsWorld world;
  BlockPool pool;
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    TlsEnd end(pool);
    server_end(end, world);
    std::string bytes("\x16\x03\x01", 3);
    const std::size_t size = 1 + random() % 400;
    for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(random()));
    (void)end.session->receive(bytes, end.plain, end.cipher);
    CHECK_FALSE(end.session->established());
    CHECK(end.plain.empty());
  }
}

TEST_CASE("a hello with flipped bits never becomes a connection with other words") {
  const TlsWorld world;
  std::mt19937 random(8);
  for (int round = 0; round < 200; ++round) {
    TlsPair pair = world.pair();
    std::string hello(pair.client.cipher.view());
    pair.client.cipher.consume(hello.size());
    const std::size_t at = 5 + random() % (hello.size() - 5);
    hello[at] = static_cast<char>(hello[at] ^ (1 << (random() % 8)));
    pair.server.outcome =
        pair.server.session->receive(hello, pair.server.plain, pair.server.cipher);
    pair.run();
    CHECK_FALSE(pair.established());  // the transcript is authenticated (RFC 8446 §4.4.1)
  }
}

TEST_CASE("key updates are answered") {
  const TlsWorld world;
  BlockPool pool;
  TlsEnd server(pool);
  RawPeer client(RawPeer::Role::client, TLS1_3_VERSION, TLS1_3_VERSION);
  client.run(server_end(server, world));
  REQUIRE(server.session->established());
  for (int i = 0; i < 3; ++i) {
    REQUIRE(SSL_key_update(client.ssl(), SSL_KEY_UPDATE_REQUESTED) == 1);
    REQUIRE(SSL_write(client.ssl(), "ping", 4) == 4);
    client.run(server);
    REQUIRE(server.outcome.has_value());
    CHECK(server.plain.view() == "ping");
    server.plain.consume(4);
    TlsPair::say(server, "pong");
    client.run(server);
    CHECK(client.received == "pong");
    client.received.clear();
  }
}

TEST_CASE("an end inside the handshake is a failure") {
  const TlsWorld world;
  BlockPool pool;
  TlsEnd server(pool);
  RawPeer client(RawPeer::Role::client, TLS1_2_VERSION, TLS1_2_VERSION);
  SSL_do_handshake(client.ssl());
  server_end(server, world);
  char* hello = nullptr;
  const long bytes = BIO_get_mem_data(SSL_get_wbio(client.ssl()), &hello);
  REQUIRE(
      server.session->receive({hello, static_cast<std::size_t>(bytes)}, server.plain, server.cipher)
          .has_value());
  const auto outcome = server.session->receive(Bytes("\x15\x03\x03\x00\x02\x01\x00", 7),
                                               server.plain, server.cipher);
  REQUIRE_FALSE(outcome.has_value());
  CHECK_FALSE(server.session->established());
}

TEST_CASE("a flood of empty records or warnings ends") {
  const TlsWorld world;
  TlsPair pair = world.pair();
  pair.run();
  // Unencrypted alerts after the handshake are not alerts but bad records.
  std::string alerts;
  for (int i = 0; i < 100; ++i) alerts += std::string("\x15\x03\x03\x00\x02\x01\x5a", 7);
  CHECK_FALSE(
      pair.server.session->receive(alerts, pair.server.plain, pair.server.cipher).has_value());
  CHECK(pair.server.plain.empty());
}

}  // namespace
}  // namespace penstock::test
