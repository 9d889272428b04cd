#include "config/tls_files.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <ctime>
#include <memory>

namespace penstock::config {
namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

// OpenSSL asks here for the password of an encrypted file; without it, it would ask the terminal.
int no_password(char*, int, int, void*) {
  return -1;
}

// The file as a memory BIO, or null. Regular files only: a FIFO would block.
Bio open_pem(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return nullptr;
  return Bio(BIO_new_file(path.c_str(), "r"));
}

Certificate read_certificate(BIO* bio) {
  return Certificate(PEM_read_bio_X509(bio, nullptr, no_password, nullptr));
}

std::optional<std::string> judge_times(const X509* certificate, std::int64_t now_s) {
  auto now = static_cast<std::time_t>(now_s);
  if (X509_cmp_time(X509_get0_notAfter(certificate), &now) <= 0) {
    return "has expired; install a renewed certificate";
  }
  if (X509_cmp_time(X509_get0_notBefore(certificate), &now) > 0) {
    return "is not valid yet; check the clock or the certificate";
  }
  return std::nullopt;
}

std::optional<std::string> judge_key(const std::string& path, X509* certificate) {
  struct stat status{};
  const Bio bio = open_pem(path);
  if (!bio || stat(path.c_str(), &status) != 0) {
    return "cannot be read; check that the file exists and this user may read it";
  }
  if ((status.st_mode & 007) != 0) return "can be used by every user; run chmod 600 on it";
  const PrivateKey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  if (!key) return "holds no private key in PEM form without a password";
  if (certificate != nullptr && X509_check_private_key(certificate, key.get()) != 1) {
    return "is not the key of the certificate; give the pair that belongs together";
  }
  return std::nullopt;
}

}  // namespace

TlsFindings check_tls_files(const ListenTls& tls, std::int64_t now_s) {
  TlsFindings findings;
  Certificate certificate;
  const Bio bio = open_pem(tls.certificate);
  if (!bio) {
    findings.certificate = "cannot be read; check that the file exists and this user may read it";
  } else {
    certificate = read_certificate(bio.get());
    findings.certificate = certificate ? judge_times(certificate.get(), now_s)
                                       : std::optional<std::string>("holds no PEM certificate");
  }
  findings.private_key = judge_key(tls.private_key, certificate.get());
  if (!tls.client_ca.empty()) findings.client_ca = check_ca_file(tls.client_ca);
  ERR_clear_error();
  return findings;
}

std::optional<std::string> check_ca_file(const std::string& path) {
  const Bio bio = open_pem(path);
  std::optional<std::string> finding;
  if (!bio) {
    finding = "cannot be read; check that the file exists and this user may read it";
  } else if (!read_certificate(bio.get())) {
    finding = "holds no PEM certificate";
  }
  ERR_clear_error();
  return finding;
}

}  // namespace penstock::config
