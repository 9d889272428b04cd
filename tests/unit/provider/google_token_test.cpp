#include <doctest/doctest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>
#include <string>

#include "penstock/provider.h"
#include "support/json_tree.h"

using namespace penstock;

namespace {

// A fresh RSA key and its PEM text.
class RsaKey {
 public:
  RsaKey() : key_(EVP_RSA_gen(2048)) {
    BIO* bio = BIO_new(BIO_s_mem());
    REQUIRE(PEM_write_bio_PrivateKey(bio, key_, nullptr, nullptr, 0, nullptr, nullptr) == 1);
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio, &bytes);
    pem_.assign(bytes, static_cast<std::size_t>(size));
    BIO_free(bio);
  }
  RsaKey(const RsaKey&) = delete;
  RsaKey& operator=(const RsaKey&) = delete;
  ~RsaKey() { EVP_PKEY_free(key_); }

  const std::string& pem() const { return pem_; }
  bool signed_by_it(const std::string& text, const std::string& signature) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          &EVP_MD_CTX_free);
    EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_);
    return EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                            signature.size(), reinterpret_cast<const unsigned char*>(text.data()),
                            text.size()) == 1;
  }

 private:
  EVP_PKEY* key_;
  std::string pem_;
};

// Decodes base64url without padding, by OpenSSL's decoder.
std::string decoded(std::string text) {
  for (char& c : text) {
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  const std::size_t padding = (4 - text.size() % 4) % 4;
  text.append(padding, '=');
  std::string bytes(text.size(), '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  REQUIRE(size >= 0);
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

ServiceAccount account_of(const RsaKey& key) {
  ServiceAccount account;
  account.client_email = "gateway@my-project.iam.gserviceaccount.com";
  account.key_id = "0123abcd";
  account.token_uri = "https://oauth2.googleapis.com/token";
  account.private_key = Secret(key.pem());
  return account;
}

Code code_of(std::uint16_t status, Bytes body) {
  const auto answer = read_token_answer(status, body);
  REQUIRE_FALSE(answer);
  return answer.error().code;
}

}  // namespace

TEST_CASE("google_token/a_request_is_a_jwt_signed_with_the_accounts_key") {
  const RsaKey key;
  const auto request = write_token_request(account_of(key), 1'795'176'000);
  REQUIRE(request);
  const std::string begin =
      "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
  REQUIRE(request->starts_with(begin));
  const std::string jwt = request->substr(begin.size());
  CHECK(jwt.find_first_of("=+/&%") == std::string::npos);
  const std::size_t first = jwt.find('.');
  const std::size_t second = jwt.find('.', first + 1);
  REQUIRE(second != std::string::npos);
  CHECK(key.signed_by_it(jwt.substr(0, second), decoded(jwt.substr(second + 1))));
  const auto header = test::TreeReader::read(decoded(jwt.substr(0, first)));
  const auto claims = test::TreeReader::read(decoded(jwt.substr(first + 1, second - first - 1)));
  REQUIRE(header);
  REQUIRE(claims);
  CHECK(header->find("alg")->text == "RS256");
  CHECK(header->find("typ")->text == "JWT");
  CHECK(header->find("kid")->text == "0123abcd");
  CHECK(claims->find("iss")->text == "gateway@my-project.iam.gserviceaccount.com");
  CHECK(claims->find("scope")->text == "https://www.googleapis.com/auth/cloud-platform");
  CHECK(claims->find("aud")->text == "https://oauth2.googleapis.com/token");
  CHECK(claims->find("iat")->text == "1795176000");
  CHECK(claims->find("exp")->text == "1795179600");
  CHECK(claims->keys.size() == 5);
}

TEST_CASE("google_token/a_key_that_cannot_sign_is_an_error") {
  const RsaKey key;
  ServiceAccount account = account_of(key);
  account.private_key = Secret("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
  const auto request = write_token_request(account, 0);
  REQUIRE_FALSE(request);
  CHECK(request.error().code == Code::internal_error);
}

TEST_CASE("google_token/answers") {
  const auto good = read_token_answer(
      200, R"({"access_token":"ya29.a-b_c","expires_in":3599,"token_type":"Bearer"})");
  REQUIRE(good);
  CHECK(good->token.reveal() == "ya29.a-b_c");
  CHECK(good->lifetime_s == 3'599);
  CHECK(read_token_answer(200, R"({"access_token":"x","expires_in":99999999})")->lifetime_s ==
        86'400);
  CHECK(code_of(400, R"({"error":"invalid_grant"})") == Code::upstream_auth_failed);
  CHECK(code_of(401, "") == Code::upstream_auth_failed);
  CHECK(code_of(429, "{}") == Code::upstream_bad_response);
  CHECK(code_of(503, "<html>") == Code::upstream_bad_response);
  for (const Bytes bad :
       {"", "[]", "{}", R"({"access_token":"x"})", R"({"expires_in":5})",
        R"({"access_token":"","expires_in":5})", R"({"access_token":"a b","expires_in":5})",
        R"({"access_token":"a\r\nb","expires_in":5})", R"({"access_token":"x","expires_in":0})",
        R"({"access_token":"x","expires_in":"5"})"}) {
    CAPTURE(bad);
    CHECK(code_of(200, bad) == Code::upstream_bad_response);
  }
}
