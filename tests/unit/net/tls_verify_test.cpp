// Whom a client believes: good certificates pass, every kind of bad one ends the handshake before a
// byte of a request has left.
#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include <string>
#include <vector>

#include "tls_pair.h"

namespace penstock::test {
namespace {

struct Bad {
  const char* what;
  Identity identity;
  const char* host;
  const char* reason;
  std::unique_ptr<X509, OpensslFree> issuer = {};  // sent along
};

// A file with the server's certificate and its issuer's.
Identity with_chain(Identity leaf, const Identity& intermediate) {
  leaf.certificate_pem += intermediate.certificate_pem;
  return leaf;
}

// Our own server contexts refuse an expired certificate, so a context of a good one gets the bad
// one afterwards, which OpenSSL does not look at.
std::shared_ptr<const TlsServerContext> serving(const TlsWorld& world, const Bad& bad) {
  auto context = world.server_for(world.leaf);
  REQUIRE(SSL_CTX_use_cert_and_key(context->get(), bad.identity.certificate.get(),
                                   bad.identity.key.get(), nullptr, 1) == 1);
  if (bad.issuer) REQUIRE(SSL_CTX_add1_chain_cert(context->get(), bad.issuer.get()) == 1);
  return context;
}

std::vector<Bad> bad_certificates(const TlsWorld& world) {
  const Identity* root = &world.root;
  const Identity stranger = make_ca("another root");
  const Identity plain = make_identity({.common_name = "no ca", .alternative_names = ""}, root);
  const Identity client_ca = make_identity({.common_name = "for clients",
                                            .alternative_names = "",
                                            .extended_usage = "clientAuth",
                                            .ca = true},
                                           root);
  const auto make = [](CertificateSpec spec, const Identity* issuer) {
    return make_identity(spec, issuer);
  };
  std::vector<Bad> bad;
  const auto add = [&bad](const char* what, Identity identity, const char* host,
                          const char* reason) {
    bad.push_back({.what = what, .identity = std::move(identity), .host = host, .reason = reason});
  };
  const char* mismatch = "certificate_host_mismatch";
  add("another host", make({.alternative_names = "DNS:b.test"}, root), "a.test", mismatch);
  add("expired", make({.alternative_names = "DNS:a.test", .from_s = -7200, .until_s = -60}, root),
      "a.test", "certificate_expired");
  add("not yet valid", make({.alternative_names = "DNS:a.test", .from_s = 3600}, root), "a.test",
      "certificate_not_yet_valid");
  add("self-signed", make({.alternative_names = "DNS:a.test"}, nullptr), "a.test",
      "certificate_self_signed");
  add("unknown root", make({.alternative_names = "DNS:a.test"}, &stranger), "a.test",
      "certificate_unknown_ca");
  add("common name only", make({.common_name = "a.test", .alternative_names = ""}, root), "a.test",
      mismatch);
  add("common name beside other names",
      make({.common_name = "a.test", .alternative_names = "DNS:b.test"}, root), "a.test", mismatch);
  add("partial wildcard", make({.alternative_names = "DNS:a*.test.test"}, root), "ab.test.test",
      mismatch);
  add("wildcard over two labels", make({.alternative_names = "DNS:*.test.test"}, root),
      "a.b.test.test", mismatch);
  add("wildcard for the name itself", make({.alternative_names = "DNS:*.test.test"}, root),
      "test.test", mismatch);
  add("for clients only",
      make({.alternative_names = "DNS:a.test", .extended_usage = "clientAuth"}, root), "a.test",
      "certificate_wrong_purpose");
  add("signed by a certificate that is no CA", make({.alternative_names = "DNS:a.test"}, &plain),
      "a.test", "certificate_wrong_purpose");
  X509_up_ref(plain.certificate.get());
  bad.back().issuer.reset(plain.certificate.get());
  add("an address as a name", make({.alternative_names = "DNS:127.0.0.1"}, root), "127.0.0.1",
      mismatch);
  add("an address in the common name",
      make({.common_name = "127.0.0.1", .alternative_names = ""}, root), "127.0.0.1", mismatch);
  add("another address", make({.alternative_names = "IP:127.0.0.2"}, root), "127.0.0.1", mismatch);
  add("an address for a name", make({.alternative_names = "IP:127.0.0.1"}, root), "a.test",
      mismatch);
  add("intermediate missing", make({.alternative_names = "DNS:a.test"}, &client_ca), "a.test",
      "certificate_unknown_ca");
  return bad;
}

TEST_CASE("bad certificates: no byte of a request leaves") {
  const TlsWorld world;
  for (const Bad& bad : bad_certificates(world)) {
    INFO(std::string(bad.what));
    const auto server = serving(world, bad);
    TlsPair pair(world.client, server, {.host = bad.host, .port = 443});
    const Bytes request = "POST / HTTP/1.1\r\n\r\n";
    std::size_t taken = 0;
    bool progress = true;
    while (progress) {
      progress = TlsPair::deliver(pair.client, pair.server, whole());
      progress = TlsPair::deliver(pair.server, pair.client, whole()) || progress;
      const auto sent = pair.client.session->send({&request, 1}, SIZE_MAX, pair.client.cipher);
      taken += sent.value_or(0);
    }
    CHECK(taken == 0);
    CHECK(pair.server.plain.empty());
    CHECK_FALSE(pair.client.session->established());
    REQUIRE_FALSE(pair.client.outcome.has_value());
    CHECK(pair.client.outcome.error().code == Code::tls_failed);
    CHECK(pair.client.outcome.error().side == Side::upstream);
    CHECK(std::string(pair.client.session->failure()) == bad.reason);
    // The server hears why.
    CHECK_FALSE(pair.server.outcome.has_value());
    CHECK(std::string(pair.server.session->failure()).starts_with("peer_alert"));
  }
}

TEST_CASE("good certificates pass") {
  const TlsWorld world;
  const Identity* root = &world.root;
  const Identity intermediate = make_identity(
      {.common_name = "in between", .alternative_names = "", .extended_usage = "", .ca = true},
      root);
  struct Good {
    const char* what;
    Identity identity;
    const char* host;
  };
  Good cases[] = {
      {"name", make_identity({.alternative_names = "DNS:a.test"}, root), "a.test"},
      {"name in capitals", make_identity({.alternative_names = "DNS:a.test"}, root), "A.TEST"},
      {"final dot", make_identity({.alternative_names = "DNS:a.test"}, root), "a.test."},
      {"wildcard", make_identity({.alternative_names = "DNS:*.test.test"}, root), "x.test.test"},
      {"IPv4", make_identity({.alternative_names = "IP:127.0.0.1"}, root), "127.0.0.1"},
      {"IPv6", make_identity({.alternative_names = "IP:::1"}, root), "::1"},
      {"no usage named",
       make_identity({.alternative_names = "DNS:a.test", .extended_usage = ""}, root), "a.test"},
      {"through an intermediate",
       with_chain(make_identity({.alternative_names = "DNS:a.test"}, &intermediate), intermediate),
       "a.test"},
  };
  for (const Good& good : cases) {
    INFO(std::string(good.what));
    TlsPair pair(world.client, world.server_for(good.identity), {.host = good.host, .port = 443});
    pair.run();
    CHECK(pair.established());
    CHECK(std::string(pair.client.session->failure()).empty());
  }
}

TEST_CASE("a server name of its own replaces the host") {
  const TlsWorld world;
  TlsPair pair = world.pair({.host = "10.0.0.1", .port = 443, .server_name = "a.test"});
  pair.run();
  CHECK(pair.established());
}

TEST_CASE("what is no name cannot be connected to") {
  const TlsWorld world;
  const std::string long_name(300, 'a');
  for (const std::string& host : {std::string(), std::string("."), std::string(".a"),
                                  std::string("127.1"), std::string("a\0b.test", 8), long_name}) {
    const auto session = TlsSession::client(world.client, {.host = host, .port = 443});
    REQUIRE_FALSE(session.has_value());
    CHECK(session.error().code == Code::tls_failed);
  }
}

TEST_CASE("verification can be skipped for loopback addresses only") {
  const TlsWorld world;
  const auto lax = *TlsClientContext::make({.trust = nullptr, .unsafe_skip_verify = true});
  const Identity bad = make_identity({.alternative_names = "DNS:b.test"});
  const auto server = world.server_for(bad);
  const auto near = parse_ip("127.0.0.1", 443);
  const auto far = parse_ip("192.0.2.1", 443);
  const auto mapped = parse_ip("::ffff:127.0.0.1", 443);
  for (const Address* address : {&*near, &*mapped}) {
    TlsPair pair(lax, server,
                 {.host = "a.test", .port = 443, .server_name = {}, .address = address});
    pair.run();
    CHECK(pair.established());
  }
  for (const Address* address : {static_cast<const Address*>(nullptr), &*far}) {
    const auto session = TlsSession::client(
        lax, {.host = "a.test", .port = 443, .server_name = {}, .address = address});
    REQUIRE_FALSE(session.has_value());
    CHECK(session.error().code == Code::tls_failed);
  }
}

}  // namespace
}  // namespace penstock::test
