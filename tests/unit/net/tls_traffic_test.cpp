// The keys that a session gives out for the kernel: are they what OpenSSL seals with, and is the
// number of the next record right?
#include "net/tls_traffic.h"

#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include <cstring>
#include <string>

#include "raw_peer.h"
#include "record_seal.h"
#include "tls_pair.h"

namespace penstock::test {
namespace {

std::string from_hex(Bytes text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

constexpr std::array suites{"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                            "TLS_CHACHA20_POLY1305_SHA256"};

// Lets both ends of `pair` go on with keys of their own: what one seals the other must open.
void check_both_ways(TlsPair& pair, std::uint64_t client_sequence, std::uint64_t server_sequence,
                     RecordCipher cipher) {
  for (const auto& [from, to, sequence] :
       {std::tuple{&pair.client, &pair.server, client_sequence},
        std::tuple{&pair.server, &pair.client, server_sequence}}) {
    RecordKeys keys;
    REQUIRE(from->session->take_sending_keys(keys));
    CHECK(keys.sequence == sequence);
    CHECK(keys.cipher == cipher);
    // What OpenSSL seals next opens with these keys ...
    RecordSeal opener(keys);
    TlsPair::say(*from, "sealed by OpenSSL");
    Bytes record = from->cipher.view();
    CHECK(opener.open(record) == "sealed by OpenSSL\x17");
    // ... and what they seal in its place is opened by OpenSSL.
    from->cipher.consume(from->cipher.size());
    RecordSeal sealer(keys);
    from->session->hand_over();
    for (const char* text : {"sealed here", ", and again"}) {
      const std::string sealed = sealer.seal(RecordType::data, text);
      REQUIRE(to->session->receive(sealed, to->plain, to->cipher).has_value());
    }
    CHECK(to->plain.view() == "sealed here, and again");
    const std::string alert = sealer.seal(RecordType::alert, Bytes("\1\0", 2));
    REQUIRE(to->session->receive(alert, to->plain, to->cipher).has_value());
    CHECK(to->session->peer_closed());
  }
}

}  // namespace

TEST_CASE("keys: the example of RFC 8448 §3") {
  const std::string secret =
      from_hex("a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643");
  RecordKeys keys;
  REQUIRE(derive_record_keys(secret, "SHA256", keys));
  const std::string key = from_hex("9f02283b6c9c07efc26bb9f2ac92e356");
  const std::string iv = from_hex("cf782b88dd83549aadf1e984");
  CHECK(std::memcmp(keys.key.data(), key.data(), key.size()) == 0);
  CHECK(std::memcmp(keys.iv.data(), iv.data(), iv.size()) == 0);
}

TEST_CASE("keys: every cipher and number of tickets, with and without resumption") {
  for (std::size_t suite = 0; suite < suites.size(); ++suite) {
    for (const std::size_t tickets : {2u, 0u, 1u}) {
      CAPTURE(suite);
      CAPTURE(tickets);
      const TlsWorld world(true);
      REQUIRE(SSL_CTX_set_ciphersuites(world.server->get(), suites[suite]) == 1);
      REQUIRE(SSL_CTX_set_num_tickets(world.server->get(), tickets) == 1);
      const auto cipher = static_cast<RecordCipher>(suite);
      TlsPair first = world.pair();
      first.run();
      REQUIRE(first.established());
      check_both_ways(first, 0, tickets, cipher);
      TlsPair second = world.pair();
      second.run(at_most(7));
      REQUIRE(second.established());
      CHECK(second.server.session->resumed() == (tickets > 0));
      check_both_ways(second, 0, tickets > 0 ? 1 : 0, cipher);
    }
  }
}

TEST_CASE("keys: records that were sealed before count") {
  const TlsWorld world(true);
  TlsPair pair = world.pair();
  pair.run();
  const std::string large(40'000, 'x');  // three records
  TlsPair::say(pair.client, "one");
  TlsPair::say(pair.client, large);
  TlsPair::say(pair.server, large);
  pair.run();
  for (TlsEnd* end : {&pair.client, &pair.server}) end->plain.consume(end->plain.size());
  check_both_ways(pair, 4, 2 + 3, RecordCipher::aes_128_gcm);
}

TEST_CASE("keys: whoever was not made for it has none") {
  const TlsWorld plain;
  TlsPair pair = plain.pair();
  pair.run();
  REQUIRE(pair.established());
  RecordKeys keys;
  CHECK_FALSE(pair.client.session->take_sending_keys(keys));
  CHECK_FALSE(pair.server.session->take_sending_keys(keys));

  const TlsWorld world(true);
  TlsPair asked = world.pair();
  CHECK_FALSE(asked.client.session->take_sending_keys(keys));  // too early
  asked.run();
  CHECK(asked.client.session->take_sending_keys(keys));
  CHECK_FALSE(asked.client.session->take_sending_keys(keys));
  asked.server.session->close(asked.server.cipher);
  CHECK_FALSE(asked.server.session->take_sending_keys(keys));

  BlockPool pool;
  TlsEnd server(pool);
  server.session = *TlsSession::server(world.server);
  RawPeer old(RawPeer::Role::client, TLS1_2_VERSION, TLS1_2_VERSION);
  old.run(server);
  REQUIRE(server.session->established());
  CHECK_FALSE(server.session->take_sending_keys(keys));
}

TEST_CASE("keys: not given out once a new key was asked for") {
  const TlsWorld world(true);
  BlockPool pool;
  TlsEnd server(pool);
  server.session = *TlsSession::server(world.server);
  RawPeer peer(RawPeer::Role::client, TLS1_3_VERSION, TLS1_3_VERSION);
  peer.run(server);
  REQUIRE(server.session->established());
  REQUIRE(SSL_key_update(peer.ssl(), SSL_KEY_UPDATE_REQUESTED) == 1);
  SSL_write(peer.ssl(), "new key", 7);
  peer.run(server);
  REQUIRE(server.plain.view() == "new key");
  RecordKeys keys;
  CHECK_FALSE(server.session->take_sending_keys(keys));
  CHECK_FALSE(server.session->spent());  // it seals itself, and OpenSSL answers
  TlsPair::say(server, "under the new key");
  peer.run(server);
  CHECK(peer.received == "under the new key");
}

TEST_CASE("handed over: nothing that OpenSSL writes leaves, alerts are told") {
  const TlsWorld world(true);
  BlockPool pool;
  TlsEnd server(pool);
  server.session = *TlsSession::server(world.server);
  RawPeer peer(RawPeer::Role::client, TLS1_3_VERSION, TLS1_3_VERSION);
  peer.run(server);
  RecordKeys keys;
  REQUIRE(server.session->take_sending_keys(keys));
  server.session->hand_over();
  server.cipher.consume(server.cipher.size());
  // The peer renews its key alone: that is no matter of ours.
  REQUIRE(SSL_key_update(peer.ssl(), SSL_KEY_UPDATE_NOT_REQUESTED) == 1);
  SSL_write(peer.ssl(), "a", 1);
  peer.run(server);
  CHECK(server.plain.view() == "a");
  CHECK_FALSE(server.session->spent());
  REQUIRE(SSL_key_update(peer.ssl(), SSL_KEY_UPDATE_REQUESTED) == 1);
  SSL_write(peer.ssl(), "b", 1);
  peer.run(server);
  CHECK(server.plain.view() == "ab");
  CHECK(server.session->spent());
  CHECK(server.cipher.empty());
  CHECK(server.session->notice().empty());

  SUBCASE("close_notify") {
    server.session->close(server.cipher);
    CHECK(server.session->notice() == Bytes("\1\0", 2));
    server.session->clear_notice();
    server.session->close(server.cipher);
    CHECK(server.session->notice().empty());
  }
  SUBCASE("a record that does not open") {
    const std::string bad = std::string("\x17\3\3\0\x20", 5) + std::string(32, 'x');
    CHECK_FALSE(server.session->receive(bad, server.plain, server.cipher).has_value());
    CHECK(std::string(server.session->failure()) == "bad_record");
    CHECK(server.session->notice() == Bytes("\2\x14", 2));  // fatal, bad_record_mac
  }
  CHECK(server.cipher.empty());
}

}  // namespace penstock::test
