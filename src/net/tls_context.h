// What TLS connections are made from: certificates, trusted roots and rules, read once and then
// immutable. New files mean a new context; connections keep the one they began with.
//
// Threads: `TlsTrust`, `TlsTicketKeys` and `TlsServerContext` are shared by all shards. A
// `TlsClientContext` holds a session cache and belongs to one shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "net/tls_handles.h"
#include "net/tls_session_cache.h"
#include "net/tls_ticket_keys.h"
#include "penstock/address.h"

namespace penstock {

// A text in PEM form: the content of a file, or the text itself when `path` is empty.
struct Pem {
  std::string path;
  std::string text;
  bool given() const { return !path.empty() || !text.empty(); }
};

// Setting up happens when configuration is loaded, for people: the error is a sentence that says
// what is wrong with which file, and what to do.
template <class T>
using TlsSetup = std::expected<std::shared_ptr<T>, std::string>;

enum class TlsVersion : std::uint8_t { tls12, tls13 };

// Trusted roots.
class TlsTrust {
 public:
  // `ca` not given: the system's roots (SSL_CERT_FILE and SSL_CERT_DIR are respected). Reading
  // them takes milliseconds and about a megabyte; one object per setting serves all shards.
  static TlsSetup<const TlsTrust> load(const Pem& ca = {});
  x509_store_st* store() const { return store_.get(); }

 private:
  explicit TlsTrust(TrustStorePtr store) : store_(std::move(store)) {}
  TrustStorePtr store_;
};

struct TlsServerOptions {
  Pem certificate;  // the server's own first, then intermediates, each issued by the next
  Pem private_key;  // not encrypted
  Pem client_ca;    // given: clients must present a certificate that these roots signed
  TlsVersion min_version = TlsVersion::tls12;
  // Sessions can give out what their records are sealed with, for the kernel to go on.
  bool hand_over = false;
};

// Accepting connections: TLS 1.2 and 1.3, AEAD with ECDHE only, no renegotiation, no compression,
// no early data; ALPN `http/1.1`, or none at all (RFC 7301: other offers end in an alert).
class TlsServerContext {
 public:
  // Checks that the key is the certificate's, that no certificate is expired or not yet valid, and
  // that the chain is in order. Tickets are sealed with `keys`; a ticket that was given under
  // another certificate or other client roots is not accepted.
  static TlsSetup<const TlsServerContext> make(const TlsServerOptions& options,
                                               std::shared_ptr<TlsTicketKeys> keys);
  TlsServerContext(const TlsServerContext&) = delete;
  TlsServerContext& operator=(const TlsServerContext&) = delete;

  ssl_ctx_st* get() const { return context_.get(); }
  TlsTicketKeys& ticket_keys() const { return *ticket_keys_; }
  bool verifies_clients() const { return verifies_clients_; }
  // When the first certificate of the chain expires, in Unix seconds.
  std::int64_t expires_s() const { return expires_s_; }

 private:
  explicit TlsServerContext(std::shared_ptr<TlsTicketKeys> keys) : ticket_keys_(std::move(keys)) {}
  std::shared_ptr<TlsTicketKeys> ticket_keys_;
  SslContextPtr context_;
  std::int64_t expires_s_ = 0;
  bool verifies_clients_ = false;
};

struct TlsClientOptions {
  std::shared_ptr<const TlsTrust> trust;
  // Accepts any certificate, but connects to loopback addresses only (session checks it).
  bool unsafe_skip_verify = false;
  TlsVersion min_version = TlsVersion::tls12;
  // Hosts whose sessions are kept for resumption.
  std::size_t resumable_hosts_max = 256;
  bool hand_over = false;  // as a server's
};

// Connecting to upstreams: the same protocol rules, and verification as it must be.
class TlsClientContext {
 public:
  static TlsSetup<TlsClientContext> make(const TlsClientOptions& options);
  TlsClientContext(const TlsClientContext&) = delete;
  TlsClientContext& operator=(const TlsClientContext&) = delete;

  ssl_ctx_st* get() const { return context_.get(); }
  bool skips_verify() const { return skips_verify_; }
  TlsSessionCache& sessions() { return sessions_; }

 private:
  TlsClientContext(SslContextPtr context, const TlsClientOptions& options)
      : context_(std::move(context)),
        sessions_(options.resumable_hosts_max),
        skips_verify_(options.unsafe_skip_verify) {}
  SslContextPtr context_;
  TlsSessionCache sessions_;
  bool skips_verify_;
};

}  // namespace penstock
