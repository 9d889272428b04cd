// Access tokens for a Google service account: a JWT signed with its key is changed for one
// (RFC 7515 for the form, RFC 7518 §3.3 for RS256, RFC 7523 §2.1 for the request). Who sends the
// request and when is not decided here.
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "penstock/provider.h"

namespace penstock {
namespace {

constexpr std::int64_t jwt_lifetime_s = 3'600;  // the most that Google takes
constexpr Bytes scope = "https://www.googleapis.com/auth/cloud-platform";

// RFC 4648 §5, without padding.
std::string base64url(Bytes bytes) {
  constexpr Bytes digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  unsigned held = 0;
  unsigned bits = 0;
  for (const char c : bytes) {
    held = (held << 8 | static_cast<unsigned char>(c)) & 0xfff;
    for (bits += 8; bits >= 6; bits -= 6) text += digits[(held >> (bits - 6)) & 63];
  }
  if (bits > 0) text += digits[(held << (6 - bits)) & 63];
  return text;
}

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Key read_key(Bytes pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  const auto no_phrase = [](char*, int, int, void*) { return -1; };
  return {bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_phrase, nullptr) : nullptr,
          &EVP_PKEY_free};
}

// RSASSA-PKCS1-v1_5 with SHA-256; empty when the key cannot.
std::string signature_of(Bytes text, Bytes pem) {
  const Key key = read_key(pem);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  if (!key || !context || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) return {};
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t size = 0;
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) != 1) {
    return {};
  }
  std::vector<unsigned char> signature(size);
  if (EVP_DigestSign(context.get(), signature.data(), &size, bytes, text.size()) != 1) return {};
  return {reinterpret_cast<const char*>(signature.data()), size};
}

std::string header_of(const ServiceAccount& account) {
  std::string text = R"({"alg":"RS256","typ":"JWT")";
  if (!account.key_id.empty()) text += R"(,"kid":")" + account.key_id + '"';
  return text + '}';
}

// Names were checked when the account was loaded: nothing in them needs an escape.
std::string claims_of(const ServiceAccount& account, std::int64_t now_s) {
  return R"({"iss":")" + account.client_email + R"(","scope":")" + std::string(scope) +
         R"(","aud":")" + account.token_uri + R"(","iat":)" + std::to_string(now_s) + R"(,"exp":)" +
         std::to_string(now_s + jwt_lifetime_s) + '}';
}

// What may stand behind "Bearer " (RFC 6750 §2.1, and the dots of Google's own tokens).
bool is_token(Bytes text) {
  constexpr std::size_t bytes_max = 4096;
  return !text.empty() && text.size() <= bytes_max &&
         text.find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=") ==
             Bytes::npos;
}

}  // namespace

Result<std::string> write_token_request(const ServiceAccount& account, std::int64_t now_s) {
  const std::string signed_part =
      base64url(header_of(account)) + '.' + base64url(claims_of(account, now_s));
  const std::string signature = signature_of(signed_part, account.private_key.reveal());
  if (signature.empty()) return fail(Code::internal_error);
  return "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" +
         signed_part + '.' + base64url(signature);
}

Result<AccessToken> read_token_answer(std::uint16_t status, Bytes body) {
  if (status >= 400 && status < 500 && status != 408 && status != 429) {
    return fail(Code::upstream_auth_failed, Side::upstream);
  }
  json::Document document;
  const auto root = document.read(body, json::Judge::answer);
  if (status != 200 || !root) return fail(Code::upstream_bad_response, Side::upstream);
  const std::string token = json::unescaped((*root)["access_token"].text());
  const auto lifetime = (*root)["expires_in"].integer();
  constexpr std::int64_t lifetime_max_s = 86'400;
  if (!is_token(token) || !lifetime || *lifetime < 1) {
    return fail(Code::upstream_bad_response, Side::upstream);
  }
  return AccessToken{Secret(token), std::min(*lifetime, lifetime_max_s)};
}

}  // namespace penstock
