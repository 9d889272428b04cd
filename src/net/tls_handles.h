// Owners of OpenSSL objects, so that only the .cpp files of TLS see OpenSSL's headers.
#pragma once

#include <memory>

extern "C" {
struct ssl_st;
struct ssl_ctx_st;
struct ssl_session_st;
struct x509_store_st;
}

namespace penstock {

struct TlsFree {
  void operator()(ssl_st* ssl) const noexcept;
  void operator()(ssl_ctx_st* context) const noexcept;
  void operator()(ssl_session_st* session) const noexcept;
  void operator()(x509_store_st* store) const noexcept;
};
using SslPtr = std::unique_ptr<ssl_st, TlsFree>;
using SslContextPtr = std::unique_ptr<ssl_ctx_st, TlsFree>;
using SslSessionPtr = std::unique_ptr<ssl_session_st, TlsFree>;
using TrustStorePtr = std::unique_ptr<x509_store_st, TlsFree>;

}  // namespace penstock
