// A peer that is OpenSSL itself, set up as the test wishes: to do what our own sessions never do.
#pragma once

#include <doctest/doctest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "net/tls_session.h"
#include "tls_pair.h"

namespace penstock::test {

class RawPeer {
 public:
  enum class Role : std::uint8_t { client, server };

  // Accepts any certificate; as a server it presents `identity`.
  RawPeer(Role role, int min_version, int max_version, const Identity* identity = nullptr) {
    context_.reset(SSL_CTX_new(role == Role::client ? TLS_client_method() : TLS_server_method()));
    SSL_CTX_set_security_level(context_.get(), 0);
    SSL_CTX_set_min_proto_version(context_.get(), min_version);
    SSL_CTX_set_max_proto_version(context_.get(), max_version);
    SSL_CTX_clear_options(context_.get(), SSL_OP_NO_RENEGOTIATION);
    if (identity) {
      REQUIRE(SSL_CTX_use_certificate(context_.get(), identity->certificate.get()) == 1);
      REQUIRE(SSL_CTX_use_PrivateKey(context_.get(), identity->key.get()) == 1);
    }
    role_ = role;
  }
  SSL_CTX* context() { return context_.get(); }
  // Call after the context is set up.
  SSL* ssl() {
    if (ssl_) return ssl_.get();
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    role_ == Role::client ? SSL_set_connect_state(ssl_.get()) : SSL_set_accept_state(ssl_.get());
    return ssl_.get();
  }

  // Lets both talk until nobody has anything to say; `received` collects plaintext that comes here.
  void run(TlsEnd& other) {
    for (bool progress = true; progress;) {
      progress = false;
      step();
      const std::string flight = other.outcome ? fetch() : std::string();
      if (!flight.empty()) {
        other.outcome = other.session->receive(flight, other.plain, other.cipher);
        progress = true;
      }
      if (!other.cipher.empty()) {
        BIO_write(SSL_get_rbio(ssl()), other.cipher.view().data(),
                  static_cast<int>(other.cipher.size()));
        other.cipher.consume(other.cipher.size());
        progress = true;
      }
    }
  }
  // Works off what has arrived.
  void step() {
    ERR_clear_error();
    if (!SSL_is_init_finished(ssl())) SSL_do_handshake(ssl());
    char text[4096];
    for (int n; (n = SSL_read(ssl(), text, sizeof(text))) > 0;) {
      received.append(text, static_cast<std::size_t>(n));
    }
    if (error == 0) error = ERR_GET_REASON(ERR_peek_error());
  }
  // What it wants to have sent.
  std::string fetch() {
    char* bytes = nullptr;
    const auto size = static_cast<std::size_t>(BIO_get_mem_data(SSL_get_wbio(ssl()), &bytes));
    std::string flight(bytes, size);
    (void)BIO_reset(SSL_get_wbio(ssl()));
    return flight;
  }
  bool finished() { return SSL_is_init_finished(ssl()) == 1; }

  std::string received;
  int error = 0;  // OpenSSL's reason for the first failure here

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<SSL, Free> ssl_;
  Role role_;
};

}  // namespace penstock::test
