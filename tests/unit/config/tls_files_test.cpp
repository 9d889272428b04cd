#include "config/tls_files.h"

#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "files.h"
#include "penstock/config.h"

using namespace penstock;
using namespace penstock::config;

namespace {

constexpr std::int64_t now_s = 1'800'000'000;

// A key with a self-signed certificate that is valid from a day before to a day after `now_s`.
class Pair {
 public:
  Pair() : key_(EVP_EC_gen("P-256")), certificate_(X509_new()) {
    ASN1_TIME_set(X509_getm_notBefore(certificate_), now_s - 86'400);
    ASN1_TIME_set(X509_getm_notAfter(certificate_), now_s + 86'400);
    X509_set_pubkey(certificate_, key_);
    REQUIRE(X509_sign(certificate_, key_, EVP_sha256()) > 0);
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  ~Pair() {
    X509_free(certificate_);
    EVP_PKEY_free(key_);
  }
  std::string certificate() const {
    return text([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate_); });
  }
  std::string key() const {
    return text([&](BIO* bio) {
      return PEM_write_bio_PrivateKey(bio, key_, nullptr, nullptr, 0, nullptr, nullptr);
    });
  }
  std::string locked_key() const {
    return text([&](BIO* bio) {
      constexpr unsigned char password[] = "password";
      return PEM_write_bio_PrivateKey(bio, key_, EVP_aes_256_cbc(), password, 8, nullptr, nullptr);
    });
  }

 private:
  template <class Write>
  static std::string text(Write write) {
    BIO* bio = BIO_new(BIO_s_mem());
    REQUIRE(write(bio) == 1);
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio, &bytes);
    std::string result(bytes, static_cast<std::size_t>(size));
    BIO_free(bio);
    return result;
  }

  EVP_PKEY* key_;
  X509* certificate_;
};

}  // namespace

TEST_CASE("tls files: a good pair, at its time only") {
  const TemporaryFolder folder;
  const Pair pair;
  const ListenTls tls{folder.write("c", pair.certificate(), 0644), folder.write("k", pair.key()),
                      folder.write("ca", pair.certificate(), 0644)};
  const TlsFindings good = check_tls_files(tls, now_s);
  CHECK_FALSE(good.certificate);
  CHECK_FALSE(good.private_key);
  CHECK_FALSE(good.client_ca);
  const TlsFindings late = check_tls_files(tls, now_s + 2 * 86'400);
  REQUIRE(late.certificate);
  CHECK(late.certificate->find("expired") != std::string::npos);
  const TlsFindings early = check_tls_files(tls, now_s - 2 * 86'400);
  REQUIRE(early.certificate);
  CHECK(early.certificate->find("not valid yet") != std::string::npos);
}

TEST_CASE("tls files: what is refused") {
  const TemporaryFolder folder;
  const Pair pair;
  const Pair other;
  const std::string certificate = folder.write("c", pair.certificate());
  const std::string key = folder.write("k", pair.key());
  const auto key_finding = [&](const std::string& path) {
    const auto findings = check_tls_files({certificate, path, ""}, now_s);
    CHECK_FALSE(findings.certificate);
    return findings.private_key.value_or("");
  };
  CHECK(key_finding(folder.write("o", other.key())).find("not the key") != std::string::npos);
  CHECK(key_finding(folder.write("l", pair.locked_key())).find("without a password") !=
        std::string::npos);
  CHECK(key_finding(folder.write("w", pair.key(), 0644)).find("chmod") != std::string::npos);
  CHECK(key_finding(folder.write("g", pair.key(), 0640)).empty());
  CHECK(key_finding(certificate).find("no private key") != std::string::npos);
  CHECK(key_finding(folder.path()).find("cannot be read") != std::string::npos);
  CHECK(check_tls_files({key, key, ""}, now_s).certificate);
  CHECK(check_tls_files({folder.path() + "/none", key, ""}, now_s).certificate);
  CHECK(check_tls_files({certificate, key, key}, now_s).client_ca);
  CHECK(check_ca_file(folder.write("e", "")));
  CHECK_FALSE(check_ca_file(certificate));
}

TEST_CASE("tls files: mistakes name the setting") {
  const TemporaryFolder folder;
  const Pair pair;
  const auto text = [&](const std::string& key) {
    return "listen: {data: {tls: {certificate: " + folder.write("c", pair.certificate()) +
           ", private_key: " + key + ", client_ca: null}}}\n" + R"(
providers: {p: {kind: openai, keys: [k]}}
models: {m: {targets: [{provider: p, model: x}]}}
keys: [{name: ci, secret: sk-penstock-0123456789}]
)";
  };
  LoadOptions options;
  options.now_s = now_s;
  const auto good = load_text(text(folder.write("k", pair.key())), "f", options);
  REQUIRE(good);
  CHECK((*good)->data.tls);
  CHECK((*good)->data.tls->client_ca.empty());
  const auto bad = load_text(text("/none"), "f", options);
  REQUIRE_FALSE(bad);
  REQUIRE(bad.error().size() == 1);
  CHECK(bad.error()[0].path == "listen.data.tls.private_key");
}
