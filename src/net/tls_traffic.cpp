#include "net/tls_traffic.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/ssl.h>

#include <array>
#include <memory>
#include <optional>

#include "net/tls_session.h"

namespace penstock {
namespace {

constexpr std::size_t secret_bytes_max = 48;  // SHA-384
constexpr std::uint16_t aes_128_gcm_sha256 = 0x1301;
constexpr std::uint16_t aes_256_gcm_sha384 = 0x1302;
constexpr std::uint16_t chacha20_poly1305_sha256 = 0x1303;

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<RecordCipher> cipher_of(const SSL* ssl) {
  if (SSL_version(ssl) != TLS1_3_VERSION) return {};
  const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl);
  switch (cipher ? SSL_CIPHER_get_protocol_id(cipher) : 0) {
    case aes_128_gcm_sha256:
      return RecordCipher::aes_128_gcm;
    case aes_256_gcm_sha384:
      return RecordCipher::aes_256_gcm;
    case chacha20_poly1305_sha256:
      return RecordCipher::chacha20_poly1305;
    default:
      return {};
  }
}

// "tls13 " goes before the label, no context after it.
bool expand(EVP_KDF_CTX* kdf, const char* digest, Bytes secret, Bytes label, unsigned char* to,
            std::size_t bytes) {
  int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
  const auto octets = [](const char* name, Bytes value) {
    return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(value.data()), value.size());
  };
  const std::array<OSSL_PARAM, 6> parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, const_cast<char*>(digest), 0),
      OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
      octets(OSSL_KDF_PARAM_KEY, secret),
      octets(OSSL_KDF_PARAM_PREFIX, "tls13 "),
      octets(OSSL_KDF_PARAM_LABEL, label),
      OSSL_PARAM_construct_end()};
  EVP_KDF_CTX_reset(kdf);
  return EVP_KDF_derive(kdf, to, bytes, parameters.data()) == 1;
}

TlsSession& session_of(const SSL* ssl) {
  return *static_cast<TlsSession*>(SSL_get_app_data(ssl));
}

void on_key_line(const SSL* ssl, const char* line) {
  session_of(ssl).on_key_line(line);
}

void on_message(int written, int, int type, const void* bytes, std::size_t size, SSL* ssl, void*) {
  session_of(ssl).on_message(written == 1, type, {static_cast<const char*>(bytes), size});
}

}  // namespace

void watch_traffic(SSL_CTX* context) {
  SSL_CTX_set_keylog_callback(context, &on_key_line);
  SSL_CTX_set_msg_callback(context, &on_message);
}

bool derive_record_keys(Bytes secret, const char* digest, RecordKeys& keys) {
  struct Free {
    void operator()(EVP_KDF_CTX* kdf) const noexcept { EVP_KDF_CTX_free(kdf); }
  };
  static EVP_KDF* const method = EVP_KDF_fetch(nullptr, OSSL_KDF_NAME_TLS1_3_KDF, nullptr);
  if (!method) return false;
  const std::unique_ptr<EVP_KDF_CTX, Free> kdf(EVP_KDF_CTX_new(method));
  return kdf && expand(kdf.get(), digest, secret, "key", keys.key.data(), keys.key_bytes()) &&
         expand(kdf.get(), digest, secret, "iv", keys.iv.data(), keys.iv.size());
}

// "LABEL client_random secret", the latter two in hexadecimal.
void TlsTraffic::on_key_line(std::string_view line, std::string_view label) {
  if (!line.starts_with(label) || line.size() <= label.size() || line[label.size()] != ' ') return;
  const std::string_view text = line.substr(line.rfind(' ') + 1);
  std::array<char, secret_bytes_max> bytes;
  const std::size_t size = text.size() / 2;
  forget();
  sequence_ = 0;
  if (size > bytes.size() || text.size() % 2 != 0) return;
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<char>(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
  }
  secret_ = Secret({bytes.data(), size});
  wipe(bytes.data(), bytes.size());
}

bool TlsTraffic::take(SSL* ssl, RecordKeys& keys) {
  const Secret secret = std::move(secret_);
  const auto cipher = cipher_of(ssl);
  if (secret.empty() || !cipher) return false;
  keys.cipher = *cipher;
  keys.sequence = sequence_;
  const EVP_MD* digest = SSL_CIPHER_get_handshake_digest(SSL_get_current_cipher(ssl));
  const bool derived =
      digest && derive_record_keys(secret.reveal(), EVP_MD_get0_name(digest), keys);
  if (!derived) ERR_clear_error();
  return derived;
}

}  // namespace penstock
