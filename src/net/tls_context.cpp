#include "net/tls_context.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstring>
#include <ctime>
#include <utility>

#include "net/tls_pem.h"
#include "net/tls_session.h"
#include "net/tls_traffic.h"

namespace penstock {
namespace {

constexpr unsigned char alpn_http11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

// AEAD with ephemeral ECDH only (RFC 9325 §4.2).
constexpr const char* suites_tls12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* suites_tls13 =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

// The rules both sides share. They do not depend on the system's openssl.cnf, which SSL_CTX_new
// has read: whatever it may have loosened is set back.
bool apply_rules(SSL_CTX* context, TlsVersion min_version) {
  const int min = min_version == TlsVersion::tls13 ? TLS1_3_VERSION : TLS1_2_VERSION;
  SSL_CTX_set_security_level(context, 2);
  SSL_CTX_clear_options(context, SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION |
                                     SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context, 1);  // a record's header and body in one call of the BIO
  return SSL_CTX_set_min_proto_version(context, min) == 1 &&
         SSL_CTX_set_max_proto_version(context, 0) == 1 &&
         SSL_CTX_set_cipher_list(context, suites_tls12) == 1 &&
         SSL_CTX_set_ciphersuites(context, suites_tls13) == 1;
}

// Called only when the client offers protocols: one of them must be ours (RFC 7301 §3.2).
int choose_alpn(SSL*, const unsigned char** out, unsigned char* out_bytes,
                const unsigned char* offered, unsigned offered_bytes, void*) {
  for (unsigned at = 0; at < offered_bytes; at += 1U + offered[at]) {
    if (offered[at] != 8 || at + 9 > offered_bytes) continue;
    if (std::memcmp(offered + at, alpn_http11, 9) != 0) continue;
    *out = offered + at + 1;
    *out_bytes = 8;
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

// Handshakes are rare enough for a clock reading; OpenSSL's interface hands no time down.
Instant monotonic_now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return {t.tv_sec * 1'000'000'000 + t.tv_nsec};
}

bool use_ticket_key(const TlsTicketKey& key, const unsigned char* iv, EVP_CIPHER_CTX* cipher,
                    EVP_MAC_CTX* mac, bool seal) {
  char digest[] = "SHA256";
  auto* mac_key = const_cast<unsigned char*>(key.mac.data());  // the call only reads it
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, mac_key, key.mac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end()};
  return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv,
                           seal ? 1 : 0) == 1 &&
         EVP_MAC_CTX_set_params(mac, params) == 1;
}

// SSL_CTX_set_tlsext_ticket_key_evp_cb(3). Returns: sealing 1, or 0 for no ticket; opening 1, 2 for
// "and give a new one", or 0 for a full handshake.
int ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
               EVP_MAC_CTX* mac, int seal) {
  const auto& context =
      *static_cast<const TlsServerContext*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  const Instant now = monotonic_now();
  if (seal != 0) {
    auto key = context.ticket_keys().sealing(now);
    if (!key || RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return 0;
    std::memcpy(name, key->name.data(), key->name.size());
    const bool used = use_ticket_key(*key, iv, cipher, mac, true);
    OPENSSL_cleanse(&*key, sizeof(*key));
    return used ? 1 : 0;
  }
  auto opened = context.ticket_keys().opening(name, now);
  if (!opened) return 0;
  const bool used = use_ticket_key(opened->key, iv, cipher, mac, false);
  OPENSSL_cleanse(&opened->key, sizeof(opened->key));
  if (!used) return 0;
  // TLS 1.3 clients use a ticket once, so each resumption brings a new one.
  return opened->renew || SSL_version(ssl) == TLS1_3_VERSION ? 2 : 1;
}

// Tickets are bound to what the server was when it gave them: its certificate and client roots.
bool bind_tickets(SSL_CTX* context, std::string_view certificate, std::string_view client_ca) {
  std::string identity(certificate);
  identity.push_back('\0');
  identity.append(client_ca);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned digest_bytes = 0;
  return EVP_Digest(identity.data(), identity.size(), digest, &digest_bytes, EVP_sha256(),
                    nullptr) == 1 &&
         SSL_CTX_set_session_id_context(context, digest, digest_bytes) == 1;
}

int on_new_session(SSL* ssl, SSL_SESSION* session) {
  auto* owner = static_cast<TlsSession*>(SSL_get_app_data(ssl));
  owner->keep_for_resumption(session);
  return 0;  // the reference stays OpenSSL's
}

std::unexpected<std::string> library_refuses() {
  return std::unexpected(std::string("TLS: OpenSSL refuses the settings (") +
                         tls_pem::last_error() + "); check that OpenSSL 3 is installed completely");
}

}  // namespace

void TlsFree::operator()(ssl_st* ssl) const noexcept {
  SSL_free(ssl);
}
void TlsFree::operator()(ssl_ctx_st* context) const noexcept {
  SSL_CTX_free(context);
}
void TlsFree::operator()(ssl_session_st* session) const noexcept {
  SSL_SESSION_free(session);
}
void TlsFree::operator()(x509_store_st* store) const noexcept {
  X509_STORE_free(store);
}

TlsSetup<const TlsTrust> TlsTrust::load(const Pem& ca) {
  ERR_clear_error();
  auto store = ca.given() ? tls_pem::load_roots(ca) : tls_pem::load_system_roots();
  if (!store) return std::unexpected(store.error());
  return std::shared_ptr<const TlsTrust>(new TlsTrust(std::move(*store)));
}

TlsSetup<const TlsServerContext> TlsServerContext::make(const TlsServerOptions& options,
                                                        std::shared_ptr<TlsTicketKeys> keys) {
  ERR_clear_error();
  std::shared_ptr<TlsServerContext> made(new TlsServerContext(std::move(keys)));
  made->context_.reset(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* context = made->context_.get();
  if (!context || !apply_rules(context, options.min_version)) return library_refuses();

  auto identity = tls_pem::use_identity(context, options.certificate, options.private_key);
  if (!identity) return std::unexpected(identity.error());
  made->expires_s_ = identity->expires_s;

  std::string client_ca;
  if (options.client_ca.given()) {
    auto roots = tls_pem::require_client_roots(context, options.client_ca);
    if (!roots) return std::unexpected(roots.error());
    client_ca = std::move(*roots);
    made->verifies_clients_ = true;
  }
  if (options.hand_over) watch_traffic(context);
  SSL_CTX_set_app_data(context, made.get());
  SSL_CTX_set_alpn_select_cb(context, &choose_alpn, nullptr);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);  // tickets only, nothing is shared
  SSL_CTX_set_timeout(context, TlsTicketKeys::lifetime.ns / 1'000'000'000);
  if (SSL_CTX_set_tlsext_ticket_key_evp_cb(context, &ticket_key) != 1 ||
      !bind_tickets(context, identity->text, client_ca)) {
    return library_refuses();
  }
  return made;
}

TlsSetup<TlsClientContext> TlsClientContext::make(const TlsClientOptions& options) {
  ERR_clear_error();
  SslContextPtr made(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* context = made.get();
  if (!context || !apply_rules(context, options.min_version)) return library_refuses();
  if (options.unsafe_skip_verify) {
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
  } else {
    if (!options.trust) return std::unexpected("TLS: no trusted roots were given for upstreams");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set1_cert_store(context, options.trust->store());
    X509_VERIFY_PARAM_set_purpose(SSL_CTX_get0_param(context), X509_PURPOSE_SSL_SERVER);
  }
  if (options.hand_over) watch_traffic(context);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, &on_new_session);
  if (SSL_CTX_set_alpn_protos(context, alpn_http11, sizeof(alpn_http11)) != 0) {  // 0 is success
    return library_refuses();
  }
  return std::shared_ptr<TlsClientContext>(new TlsClientContext(std::move(made), options));
}

}  // namespace penstock
