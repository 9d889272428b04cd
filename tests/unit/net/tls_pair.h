// Two TLS sessions that talk to each other through buffers, cut as the test wishes.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "certificates.h"
#include "net/tls_context.h"
#include "net/tls_session.h"

namespace penstock::test {

// One end: a session and what it has produced.
struct TlsEnd {
  explicit TlsEnd(BlockPool& pool) : plain(pool), cipher(pool) {}
  std::unique_ptr<TlsSession> session;
  Buffer plain;
  Buffer cipher;  // not delivered yet
  Result<> outcome;
};

// How many of `available` bytes the next delivery carries.
using Cut = std::function<std::size_t(std::size_t available)>;
inline Cut whole() {
  return [](std::size_t available) { return available; };
}
inline Cut at_most(std::size_t bytes) {
  return [bytes](std::size_t available) { return std::min(bytes, available); };
}
inline Cut at_random(std::uint32_t seed) {
  return [random = std::mt19937(seed)](std::size_t available) mutable {
    return std::uniform_int_distribution<std::size_t>(1, available)(random);
  };
}

struct TlsPair {
  TlsPair(std::shared_ptr<TlsClientContext> client_context,
          std::shared_ptr<const TlsServerContext> server_context, const TlsPeer& peer)
      : client(pool), server(pool) {
    auto made_client = TlsSession::client(std::move(client_context), peer);
    auto made_server = TlsSession::server(std::move(server_context));
    REQUIRE(made_client.has_value());
    REQUIRE(made_server.has_value());
    client.session = std::move(*made_client);
    server.session = std::move(*made_server);
    REQUIRE(client.session->start(client.cipher).has_value());
    REQUIRE(server.session->start(server.cipher).has_value());
  }

  // Delivers what each end has until nobody has anything to say or somebody failed.
  void run(const Cut& cut = whole()) {
    bool progress = true;
    while (progress) {
      progress = deliver(client, server, cut);
      progress = deliver(server, client, cut) || progress;
    }
  }
  bool established() const {
    return client.session->established() && server.session->established();
  }

  static bool deliver(TlsEnd& from, TlsEnd& to, const Cut& cut) {
    if (from.cipher.empty() || !to.outcome) return false;
    const std::string bytes(from.cipher.view().substr(0, cut(from.cipher.size())));
    from.cipher.consume(bytes.size());
    to.outcome = to.session->receive(bytes, to.plain, to.cipher);
    return true;
  }
  static void say(TlsEnd& from, Bytes text) {
    const auto taken = from.session->send({&text, 1}, SIZE_MAX, from.cipher);
    REQUIRE(taken.has_value());
    REQUIRE(*taken == text.size());
  }

  BlockPool pool;
  TlsEnd client;
  TlsEnd server;
};

// A root, a server for a.test, and contexts for both sides.
struct TlsWorld {
  // hand_over: sessions can give their sending keys out.
  explicit TlsWorld(bool hand_over = false) : hand_over_(hand_over) {
    trust = *TlsTrust::load({.path = {}, .text = root.certificate_pem});
    server = server_for(leaf);
    client = make_client();
  }
  std::shared_ptr<const TlsServerContext> server_for(const Identity& identity,
                                                     TlsVersion min = TlsVersion::tls12) const {
    auto made =
        TlsServerContext::make({.certificate = {.path = {}, .text = identity.certificate_pem},
                                .private_key = {.path = {}, .text = identity.key_pem},
                                .client_ca = {},
                                .min_version = min,
                                .hand_over = hand_over_},
                               keys);
    if (!made) FAIL(made.error());
    return *made;
  }
  std::shared_ptr<TlsClientContext> make_client() const {
    return *TlsClientContext::make({.trust = trust, .hand_over = hand_over_});
  }
  TlsPair pair(const TlsPeer& peer = {.host = "a.test", .port = 443}) const {
    return {client, server, peer};
  }

  Identity root = make_ca();
  Identity leaf = make_identity({.alternative_names = "DNS:a.test,IP:127.0.0.1,IP:::1"}, &root);
  std::shared_ptr<TlsTicketKeys> keys = std::make_shared<TlsTicketKeys>();
  std::shared_ptr<const TlsTrust> trust;
  std::shared_ptr<const TlsServerContext> server;
  std::shared_ptr<TlsClientContext> client;

 private:
  bool hand_over_;
};

}  // namespace penstock::test
