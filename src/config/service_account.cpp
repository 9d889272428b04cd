#include "config/service_account.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

#include "penstock/json_document.h"

namespace penstock::config {
namespace {

constexpr std::string_view token_uri_default = "https://oauth2.googleapis.com/token";
constexpr int rsa_bits_min = 2048;

std::unexpected<std::string> wrong(std::string what) {
  return std::unexpected(std::move(what));
}

// A text that will stand in a JSON string and in a log as it is.
bool is_plain(std::string_view text) {
  constexpr std::size_t bytes_max = 1024;
  if (text.empty() || text.size() > bytes_max) return false;
  for (const char c : text) {
    if (c <= ' ' || c > '~' || c == '"' || c == '\\') return false;
  }
  return true;
}

// Whether it is an RSA key that signatures are worth something with.
bool is_good_key(std::string_view pem) {
  using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
  using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  if (!bio) return false;
  // No pass phrase: asking a terminal for one would stop the program.
  const auto no_phrase = [](char*, int, int, void*) { return -1; };
  const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_phrase, nullptr), &EVP_PKEY_free);
  return key && EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_RSA &&
         EVP_PKEY_get_bits(key.get()) >= rsa_bits_min;
}

Parsed<Secret> read_private_key(json::View value) {
  if (!value.is_string()) {
    return wrong("has no private_key; download a key of the service account in JSON form");
  }
  std::string pem = json::unescaped(value.text());
  const bool good = is_good_key(pem);
  Secret key(pem);
  wipe(pem.data(), pem.size());
  if (!good) {
    return wrong("has a private_key that is not an RSA key in PEM form of at least 2048 bits");
  }
  return key;
}

}  // namespace

Parsed<ServiceAccount> parse_service_account(std::string_view text) {
  json::Document document;
  const auto root = document.read(text, json::Judge::request);
  if (!root || !root->is_object()) {
    return wrong("is not JSON; write file:/path of the key that Google made for the account");
  }
  if (const json::View type = (*root)["type"]; type && !type.is("service_account")) {
    return wrong("is not the key of a service account: its type is another");
  }
  ServiceAccount account;
  account.client_email = json::unescaped((*root)["client_email"].text());
  if (!is_plain(account.client_email)) {
    return wrong("has no client_email; download a key of the service account in JSON form");
  }
  account.key_id = json::unescaped((*root)["private_key_id"].text());
  if (!account.key_id.empty() && !is_plain(account.key_id)) {
    return wrong("has a private_key_id that is no plain text");
  }
  const json::View uri = (*root)["token_uri"];
  account.token_uri = uri ? json::unescaped(uri.text()) : std::string(token_uri_default);
  auto url = parse_base_url(account.token_uri);
  if (!url) return wrong("has a token_uri that " + url.error());
  account.token_url = std::move(*url);
  auto key = read_private_key((*root)["private_key"]);
  if (!key) return std::unexpected(std::move(key.error()));
  account.private_key = std::move(*key);
  return account;
}

}  // namespace penstock::config
