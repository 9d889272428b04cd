#include "net/tls_pem.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <vector>

namespace penstock::tls_pem {
namespace {

// The largest root bundles are about 250 KiB.
constexpr std::size_t pem_bytes_max = 4 << 20;

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using BioPtr = std::unique_ptr<BIO, Free>;
using X509Ptr = std::unique_ptr<X509, Free>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free>;

std::unexpected<std::string> problem(std::string_view what, const Pem& pem, std::string_view rest) {
  std::string text(what);
  if (!pem.path.empty()) text.append(" ").append(pem.path);
  return std::unexpected(text.append(": ").append(rest));
}

std::expected<std::string, std::string> read(std::string_view what, const Pem& pem) {
  if (pem.path.empty()) return pem.text;
  const std::unique_ptr<std::FILE, Free> file(std::fopen(pem.path.c_str(), "rbe"));
  if (!file) {
    return problem(what, pem,
                   std::string("cannot be read (") + std::strerror(errno) +
                       "); check the path and its permissions");
  }
  std::setvbuf(file.get(), nullptr, _IONBF, 0);  // no copy of a key in a stdio buffer
  std::string text(pem_bytes_max + 1, '\0');
  const std::size_t bytes = std::fread(text.data(), 1, text.size(), file.get());
  if (std::ferror(file.get()) != 0) return problem(what, pem, "cannot be read; is it a file?");
  if (bytes > pem_bytes_max) return problem(what, pem, "is larger than 4 MiB; it is no PEM file");
  text.resize(bytes);
  return text;
}

BioPtr bio_of(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// An encrypted key would make OpenSSL ask for a passphrase on the terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

// All certificates of a text, in order. Fails on the first that is broken, or when there is none.
std::expected<std::vector<X509Ptr>, std::string> certificates(std::string_view what, const Pem& pem,
                                                              const std::string& text) {
  std::vector<X509Ptr> found;
  const BioPtr bio = bio_of(text);
  while (bio) {
    X509Ptr one(PEM_read_bio_X509(bio.get(), nullptr, &no_passphrase, nullptr));
    if (!one) break;
    found.push_back(std::move(one));
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (at_end && !found.empty()) {
    ERR_clear_error();
    return found;
  }
  const std::string reason = last_error();
  if (at_end) return problem(what, pem, "holds no certificate in PEM form");
  return problem(what, pem, "has a broken certificate (" + reason + ")");
}

std::int64_t unix_seconds(const ASN1_TIME* time) {
  std::tm broken_down{};
  if (ASN1_TIME_to_tm(time, &broken_down) != 1) return 0;
  return timegm(&broken_down);
}

std::string subject_of(X509* certificate) {
  char text[256];
  return X509_NAME_oneline(X509_get_subject_name(certificate), text, sizeof(text));
}

// Dates are valid now, and each certificate is issued by the next.
std::expected<std::int64_t, std::string> check_chain(const Pem& pem,
                                                     const std::vector<X509Ptr>& chain) {
  std::int64_t expires_s = INT64_MAX;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    X509* one = chain[i].get();
    if (X509_cmp_current_time(X509_get0_notAfter(one)) <= 0) {
      return problem("certificate", pem, subject_of(one) + " has expired; renew it");
    }
    if (X509_cmp_current_time(X509_get0_notBefore(one)) >= 0) {
      return problem("certificate", pem, subject_of(one) + " is not valid yet; check the clock");
    }
    if (i + 1 < chain.size() && X509_check_issued(chain[i + 1].get(), one) != X509_V_OK) {
      return problem("certificate", pem,
                     subject_of(one) +
                         " is not issued by the certificate after it; put the server's "
                         "certificate first, then its issuers in order");
    }
    expires_s = std::min(expires_s, unix_seconds(X509_get0_notAfter(one)));
  }
  return expires_s;
}

std::expected<KeyPtr, std::string> private_key(const Pem& pem) {
  auto text = read("private key", pem);
  if (!text) return std::unexpected(text.error());
  KeyPtr key;
  {
    const BioPtr bio = bio_of(*text);
    if (bio) key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_passphrase, nullptr));
  }
  OPENSSL_cleanse(text->data(), text->size());
  if (!key) {
    return problem("private key", pem,
                   "is no usable private key in PEM form (" + last_error() +
                       "); keys with a passphrase are not supported");
  }
  return key;
}

std::expected<TrustStorePtr, std::string> store_of(const std::vector<X509Ptr>& roots) {
  TrustStorePtr store(X509_STORE_new());
  if (!store) return std::unexpected("TLS: out of memory");
  for (const X509Ptr& root : roots) {
    if (X509_STORE_add_cert(store.get(), root.get()) != 1) {
      return std::unexpected("TLS: a root cannot be used (" + last_error() + ")");
    }
  }
  return store;
}

}  // namespace

std::string last_error() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = ERR_reason_error_string(code);
  ERR_clear_error();
  return reason ? reason : "no reason given";
}

std::expected<Identity, std::string> use_identity(SSL_CTX* context, const Pem& certificate,
                                                  const Pem& key_pem) {
  auto text = read("certificate", certificate);
  if (!text) return std::unexpected(text.error());
  auto chain = certificates("certificate", certificate, *text);
  if (!chain) return std::unexpected(chain.error());
  auto expires_s = check_chain(certificate, *chain);
  if (!expires_s) return std::unexpected(expires_s.error());
  auto key = private_key(key_pem);
  if (!key) return std::unexpected(key.error());

  if (SSL_CTX_use_certificate(context, chain->front().get()) != 1) {
    return problem("certificate", certificate,
                   "cannot be used (" + last_error() +
                       "); RSA keys need 2048 bits, signatures SHA-256 or better");
  }
  for (std::size_t i = 1; i < chain->size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, (*chain)[i].get()) != 1) {
      return problem("certificate", certificate,
                     "has a chain that cannot be used (" + last_error() + ")");
    }
  }
  if (X509_check_private_key(chain->front().get(), key->get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, key->get()) != 1) {
    ERR_clear_error();
    return problem("private key", key_pem, "does not belong to the certificate; give the pair");
  }
  return Identity{.text = std::move(*text), .expires_s = *expires_s};
}

std::expected<std::string, std::string> require_client_roots(SSL_CTX* context, const Pem& pem) {
  auto text = read("client CA", pem);
  if (!text) return std::unexpected(text.error());
  auto roots = certificates("client CA", pem, *text);
  if (!roots) return std::unexpected(roots.error());
  auto store = store_of(*roots);
  if (!store) return std::unexpected(store.error());
  SSL_CTX_set_cert_store(context, store->release());
  for (const X509Ptr& root : *roots) SSL_CTX_add_client_CA(context, root.get());
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return std::move(*text);
}

std::expected<TrustStorePtr, std::string> load_roots(const Pem& ca) {
  auto text = read("CA file", ca);
  if (!text) return std::unexpected(text.error());
  auto roots = certificates("CA file", ca, *text);
  if (!roots) return std::unexpected(roots.error());
  return store_of(*roots);
}

// OpenSSL's own default reads a hashed folder during the handshake, which would be disk reads on a
// shard; so a bundle is read whole when one of the usual ones is there.
std::expected<TrustStorePtr, std::string> load_system_roots() {
  TrustStorePtr store(X509_STORE_new());
  if (!store) return std::unexpected("TLS: out of memory");
  const char* chosen = std::getenv(X509_get_default_cert_file_env());
  const char* bundles[] = {chosen ? chosen : X509_get_default_cert_file(),
                           "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                           "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};
  const bool folder_chosen = std::getenv(X509_get_default_cert_dir_env()) != nullptr;
  for (const char* bundle : bundles) {
    if (X509_STORE_load_file(store.get(), bundle) == 1) {
      ERR_clear_error();
      if (folder_chosen) X509_STORE_set_default_paths(store.get());
      return store;
    }
    ERR_clear_error();
    if (chosen || folder_chosen) break;  // what the operator chose is not replaced by a guess
  }
  if (folder_chosen && X509_STORE_set_default_paths(store.get()) == 1) return store;
  ERR_clear_error();
  return std::unexpected(
      "TLS: the system's trusted roots were not found; install the package ca-certificates, or "
      "name a file of roots with `ca`");
}

}  // namespace penstock::tls_pem
