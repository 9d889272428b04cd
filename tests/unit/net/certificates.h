// Certificates made on the spot, good and bad, for the tests of TLS.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace penstock::test {

struct OpensslFree {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

// A certificate with its key (P-256).
struct Identity {
  std::unique_ptr<X509, OpensslFree> certificate;
  std::unique_ptr<EVP_PKEY, OpensslFree> key;
  std::string certificate_pem;
  std::string key_pem;
};

struct CertificateSpec {
  std::string common_name = "penstock test";
  std::string alternative_names = {};         // as in openssl.cnf: "DNS:a.test,IP:127.0.0.1"
  std::string extended_usage = "serverAuth";  // empty: the extension is left out
  bool ca = false;
  long from_s = -3600;  // relative to now
  long until_s = 86'400;
};

// Signed by `issuer`, or by itself when there is none.
Identity make_identity(const CertificateSpec& spec, const Identity* issuer = nullptr);
Identity make_ca(const std::string& name = "test root");

}  // namespace penstock::test
