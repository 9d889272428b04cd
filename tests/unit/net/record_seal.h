// Seals and opens single records of TLS 1.3 (RFC 8446 §5.2), as a kernel would: the judge of keys
// that a session gives out.
#pragma once

#include <doctest/doctest.h>
#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "penstock/bytes.h"
#include "penstock/record_keys.h"

namespace penstock::test {

class RecordSeal {
 public:
  explicit RecordSeal(const RecordKeys& keys)
      : key_(keys.key), iv_(keys.iv), sequence_(keys.sequence), cipher_(keys.cipher) {}

  std::string seal(RecordType type, Bytes text) {
    std::string inner(text);
    inner += static_cast<char>(type);
    std::string record = header(inner.size() + tag_bytes);
    const Context context = begin(1);
    int size = 0;
    REQUIRE(EVP_CipherUpdate(context.get(), nullptr, &size, octets(record), 5) == 1);
    std::string sealed(inner.size() + tag_bytes, '\0');
    auto* to = reinterpret_cast<unsigned char*>(sealed.data());
    REQUIRE(EVP_CipherUpdate(context.get(), to, &size, octets(inner),
                             static_cast<int>(inner.size())) == 1);
    REQUIRE(EVP_CipherFinal_ex(context.get(), to + size, &size) == 1);
    REQUIRE(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, tag_bytes,
                                to + inner.size()) == 1);
    return record + sealed;
  }
  // Content and type byte of the record that `bytes` begins with, and moves behind it. Empty: it
  // does not open.
  std::string open(Bytes& bytes) {
    REQUIRE(bytes.size() >= 5 + tag_bytes);
    const auto size = static_cast<std::size_t>(static_cast<unsigned char>(bytes[3])) << 8 |
                      static_cast<unsigned char>(bytes[4]);
    REQUIRE(bytes.size() >= 5 + size);
    const std::string record(bytes.substr(0, 5 + size));
    bytes.remove_prefix(5 + size);
    const Context context = begin(0);
    int done = 0;
    REQUIRE(EVP_CipherUpdate(context.get(), nullptr, &done, octets(record), 5) == 1);
    std::string text(size - tag_bytes, '\0');
    auto* to = reinterpret_cast<unsigned char*>(text.data());
    REQUIRE(EVP_CipherUpdate(context.get(), to, &done, octets(record) + 5,
                             static_cast<int>(text.size())) == 1);
    std::string tag = record.substr(5 + text.size());
    REQUIRE(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, tag_bytes, tag.data()) == 1);
    return EVP_CipherFinal_ex(context.get(), to + text.size(), &done) == 1 ? text : std::string();
  }

 private:
  static constexpr int tag_bytes = 16;
  struct Free {
    void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
  };
  using Context = std::unique_ptr<EVP_CIPHER_CTX, Free>;

  static const unsigned char* octets(const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
  }
  static std::string header(std::size_t size) {
    return {23, 3, 3, static_cast<char>(size >> 8), static_cast<char>(size & 0xff)};
  }
  // With the nonce of the next record.
  Context begin(int seal) {
    auto nonce = iv_;
    for (std::size_t i = 0; i < 8; ++i) {
      nonce[4 + i] ^= static_cast<unsigned char>(sequence_ >> (56 - 8 * i));
    }
    ++sequence_;
    const EVP_CIPHER* cipher = cipher_ == RecordCipher::aes_128_gcm   ? EVP_aes_128_gcm()
                               : cipher_ == RecordCipher::aes_256_gcm ? EVP_aes_256_gcm()
                                                                      : EVP_chacha20_poly1305();
    Context context(EVP_CIPHER_CTX_new());
    REQUIRE(EVP_CipherInit_ex(context.get(), cipher, nullptr, key_.data(), nonce.data(), seal) ==
            1);
    return context;
  }

  std::array<unsigned char, 32> key_;
  std::array<unsigned char, 12> iv_;
  std::uint64_t sequence_;
  RecordCipher cipher_;
};

}  // namespace penstock::test
