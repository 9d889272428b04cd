// Contexts: what is refused when they are made, client certificates, ALPN, tickets, reload.
#include "net/tls_context.h"

#include <doctest/doctest.h>
#include <openssl/pem.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "raw_peer.h"
#include "tls_pair.h"

namespace penstock::test {
namespace {

Pem text(const std::string& pem) {
  return {.path = {}, .text = pem};
}

std::string refusal(const Pem& certificate, const Pem& key, const Pem& client_ca = {}) {
  const auto made = TlsServerContext::make(
      {.certificate = certificate, .private_key = key, .client_ca = client_ca},
      std::make_shared<TlsTicketKeys>());
  return made ? "" : made.error();
}
bool says(const std::string& message, const char* word) {
  INFO(message);
  return message.find(word) != std::string::npos;
}

TEST_CASE("certificates and keys that cannot work are refused, and the message says why") {
  const TlsWorld world;
  const Pem key = text(world.leaf.key_pem);
  const Pem good = text(world.leaf.certificate_pem);
  CHECK(refusal(good, key).empty());
  CHECK(says(refusal({.path = "/does/not/exist.crt", .text = {}}, key), "/does/not/exist.crt"));
  CHECK(says(refusal({.path = "/tmp", .text = {}}, key), "cannot be read"));
  CHECK(says(refusal({}, key), "no certificate"));
  CHECK(says(refusal(text("garbage"), key), "no certificate"));
  CHECK(says(refusal(text(world.leaf.certificate_pem + "-----BEGIN CERTIFICATE-----\nx\n"), key),
             "broken"));
  CHECK(says(refusal(good, {}), "no usable private key"));
  CHECK(says(refusal(good, text(world.root.key_pem)), "does not belong"));
  const Identity expired = make_identity({.from_s = -7200, .until_s = -1}, &world.root);
  CHECK(says(refusal(text(expired.certificate_pem), text(expired.key_pem)), "expired"));
  const Identity early = make_identity({.from_s = 3600}, &world.root);
  CHECK(says(refusal(text(early.certificate_pem), text(early.key_pem)), "not valid yet"));
  CHECK(says(refusal(text(world.leaf.certificate_pem + expired.certificate_pem), key), "in order"));
  CHECK(says(refusal(good, key, text("garbage")), "client CA"));
  CHECK(refusal(text(world.leaf.certificate_pem + world.root.certificate_pem), key).empty());

  // An encrypted key must not ask for its passphrase on the terminal.
  BIO* bio = BIO_new(BIO_s_mem());
  unsigned char passphrase[] = "secret";
  PEM_write_bio_PrivateKey(bio, world.leaf.key.get(), EVP_aes_128_cbc(), passphrase, 6, nullptr,
                           nullptr);
  char* data = nullptr;
  const long bytes = BIO_get_mem_data(bio, &data);
  const std::string encrypted(data, static_cast<std::size_t>(bytes));
  BIO_free(bio);
  CHECK(says(refusal(good, text(encrypted)), "passphrase"));
}

TEST_CASE("files are read, and expiry is known") {
  const TlsWorld world;
  std::string path = std::filesystem::temp_directory_path() / "penstock_tls_XXXXXX";
  const int fd = mkstemp(path.data());
  REQUIRE(fd >= 0);
  close(fd);
  std::ofstream(path) << world.leaf.certificate_pem << world.leaf.key_pem;
  const auto made = TlsServerContext::make({.certificate = {.path = path, .text = {}},
                                            .private_key = {.path = path, .text = {}},
                                            .client_ca = {}},
                                           world.keys);
  std::remove(path.c_str());
  REQUIRE(made.has_value());
  const auto left_s = (*made)->expires_s() - std::time(nullptr);
  CHECK(left_s > 86'000);
  CHECK(left_s <= 86'400);
}

TEST_CASE("trust needs roots") {
  CHECK_FALSE(TlsTrust::load(text("garbage")).has_value());
  const auto missing = TlsTrust::load({.path = "/does/not/exist.pem", .text = {}});
  REQUIRE_FALSE(missing.has_value());
  CHECK(says(missing.error(), "/does/not/exist.pem"));
  CHECK_FALSE(TlsClientContext::make({.trust = nullptr}).has_value());
}

TEST_CASE("client certificates are required when there are roots for them") {
  const TlsWorld world;
  const Identity client_root = make_ca("client root");
  const auto server = TlsServerContext::make({.certificate = text(world.leaf.certificate_pem),
                                              .private_key = text(world.leaf.key_pem),
                                              .client_ca = text(client_root.certificate_pem)},
                                             world.keys);
  REQUIRE(server.has_value());
  CHECK((*server)->verifies_clients());
  struct Case {
    const char* what;
    const Identity* issuer;
    const char* usage;
    const char* failure;
  };
  for (const Case& c :
       {Case{"a good one", &client_root, "clientAuth", ""},
        Case{"another root", &world.root, "clientAuth", "certificate_unknown_ca"},
        Case{"for servers", &client_root, "serverAuth", "certificate_wrong_purpose"},
        Case{"none", nullptr, "", "client_certificate_missing"}}) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      INFO(std::string(c.what));
      BlockPool pool;
      TlsEnd end(pool);
      end.session = *TlsSession::server(*server);
      Identity own;
      if (c.issuer)
        own = make_identity({.common_name = "client", .extended_usage = c.usage}, c.issuer);
      RawPeer peer(RawPeer::Role::client, version, version, c.issuer ? &own : nullptr);
      peer.run(end);
      CHECK(std::string(end.session->failure()) == c.failure);
      CHECK(end.session->established() == (*c.failure == '\0'));
    }
  }
}

TEST_CASE("application protocols") {
  const TlsWorld world;
  struct Case {
    std::string offer;
    bool passes;
    std::string chosen;
  };
  for (const Case& c : {Case{"", true, ""}, Case{"\x08http/1.1", true, "http/1.1"},
                        Case{"\x02h2\x08http/1.1", true, "http/1.1"}, Case{"\x02h2", false, ""},
                        Case{"\x08http/1.0\x02h2", false, ""}}) {
    CAPTURE(c.offer);
    BlockPool pool;
    TlsEnd end(pool);
    end.session = *TlsSession::server(world.server);
    RawPeer peer(RawPeer::Role::client, TLS1_2_VERSION, TLS1_3_VERSION);
    if (!c.offer.empty()) {
      SSL_CTX_set_alpn_protos(peer.context(),
                              reinterpret_cast<const unsigned char*>(c.offer.data()),
                              static_cast<unsigned>(c.offer.size()));
    }
    peer.run(end);
    CHECK(end.session->established() == c.passes);
    if (!c.passes) {
      CHECK(std::string(end.session->failure()) == "no_application_protocol");
      CHECK(peer.error == SSL_AD_REASON_OFFSET + SSL_AD_NO_APPLICATION_PROTOCOL);
      continue;
    }
    const unsigned char* chosen = nullptr;
    unsigned bytes = 0;
    SSL_get0_alpn_selected(peer.ssl(), &chosen, &bytes);
    CHECK(std::string(reinterpret_cast<const char*>(chosen), bytes) == c.chosen);
  }
}

TEST_CASE("a reload serves the new certificate and keeps old connections") {
  const TlsWorld world;
  TlsPair before = world.pair();
  before.run();
  const Identity renewed =
      make_identity({.alternative_names = "DNS:a.test,DNS:renewed.test"}, &world.root);
  const auto reloaded = world.server_for(renewed);
  TlsPair after(world.client, reloaded, {.host = "renewed.test", .port = 443});
  after.run();
  CHECK(after.established());
  TlsPair::say(before.client, "still here");
  before.run();
  CHECK(before.server.plain.view() == "still here");
  // A ticket of the old certificate means a full handshake now, not a failure.
  TlsPair resumed(world.client, reloaded, {.host = "a.test", .port = 443});
  resumed.run();
  CHECK(resumed.established());
  CHECK_FALSE(resumed.server.session->resumed());
}

TEST_CASE("tickets of one shard's context open in another's") {
  const TlsWorld world;
  TlsPair first = world.pair();
  first.run();
  TlsPair second(world.client, world.server_for(world.leaf), {.host = "a.test", .port = 443});
  second.run();
  CHECK(second.server.session->resumed());
}

TEST_CASE("TLS 1.2 sessions are resumed again and again") {
  const TlsWorld world;
  SSL_CTX_set_max_proto_version(world.server->get(), TLS1_2_VERSION);
  for (int i = 0; i < 4; ++i) {
    TlsPair pair = world.pair();
    pair.run(at_random(static_cast<unsigned>(i)));
    REQUIRE(pair.established());
    CHECK(std::string(pair.client.session->version()) == "TLSv1.2");
    CHECK(pair.client.session->resumed() == (i > 0));
    TlsPair::say(pair.client, "request");
    TlsPair::say(pair.server, "answer");
    pair.run();
    CHECK(pair.server.plain.view() == "request");
    CHECK(pair.client.plain.view() == "answer");
  }
}

TEST_CASE("ticket keys change every twelve hours and open for twelve more") {
  TlsTicketKeys keys;
  const Instant start{1'000'000'000};
  const auto hours = [start](int n) { return start + Duration::seconds(n * 3600); };
  const auto first = keys.sealing(hours(0));
  REQUIRE(first.has_value());
  CHECK(keys.sealing(hours(11))->name == first->name);
  const auto second = keys.sealing(hours(12));
  CHECK(second->name != first->name);
  CHECK(second->cipher != first->cipher);
  const auto old = keys.opening(first->name.data(), hours(13));
  REQUIRE(old.has_value());
  CHECK(old->renew);
  CHECK_FALSE(keys.opening(second->name.data(), hours(13))->renew);
  CHECK_FALSE(keys.opening(first->name.data(), hours(24)).has_value());
  const unsigned char unknown[16] = {};
  CHECK_FALSE(keys.opening(unknown, hours(13)).has_value());
}

TEST_CASE("the session cache is bounded") {
  TlsSessionCache cache(2);
  const auto session = [] {
    SSL_SESSION* made = SSL_SESSION_new();
    return SslSessionPtr(made);
  };
  for (const char* key : {"a", "b", "c"}) cache.put(key, session());
  CHECK(cache.keys() == 2);
  CHECK(cache.take("b") == nullptr);  // nothing resumable inside; the key goes with it
  CHECK(cache.keys() == 1);
  TlsSessionCache off(0);
  off.put("a", session());
  CHECK(off.keys() == 0);
}

TEST_CASE("shards share a server context") {
  const TlsWorld world;
  const auto shard = [&world](int* established) {
    const auto client = world.make_client();
    for (int i = 0; i < 10; ++i) {
      TlsPair pair(client, world.server, {.host = "a.test", .port = 443});
      pair.run();
      *established += pair.established() ? 1 : 0;
    }
  };
  int first = 0;
  int second = 0;
  std::thread other(shard, &first);
  shard(&second);
  other.join();
  CHECK(first == 10);
  CHECK(second == 10);
}

}  // namespace
}  // namespace penstock::test
