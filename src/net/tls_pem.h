// Reads certificates, keys and roots from PEM into OpenSSL's contexts, and says in words what is
// wrong with them. Used by tls_context.cpp only.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "net/tls_context.h"

namespace penstock::tls_pem {

struct Identity {
  std::string text;            // the certificates' PEM
  std::int64_t expires_s = 0;  // of the first certificate to expire, Unix seconds
};
// Loads certificate chain and private key and checks that they fit.
std::expected<Identity, std::string> use_identity(ssl_ctx_st* context, const Pem& certificate,
                                                  const Pem& private_key);
// Makes the context ask clients for a certificate of these roots; returns the roots' PEM.
std::expected<std::string, std::string> require_client_roots(ssl_ctx_st* context, const Pem& roots);

std::expected<TrustStorePtr, std::string> load_roots(const Pem& ca);
std::expected<TrustStorePtr, std::string> load_system_roots();

// The reason of the last OpenSSL error; empties the queue.
std::string last_error();

}  // namespace penstock::tls_pem
