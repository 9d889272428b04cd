// What seals the records of one direction of a TLS 1.3 connection, for a kernel that does it in our
// place.
#pragma once

#include <array>
#include <cstdint>

#include "penstock/secret.h"

namespace penstock {

enum class RecordCipher : std::uint8_t { aes_128_gcm, aes_256_gcm, chacha20_poly1305 };
constexpr std::size_t record_cipher_count = 3;

// ContentType of RFC 8446 §5.1, as far as somebody sends it after the handshake.
enum class RecordType : std::uint8_t { alert = 21, data = 23 };

// Filled by who derives them, wiped when they die; never copied.
struct RecordKeys {
  RecordKeys() = default;
  RecordKeys(const RecordKeys&) = delete;
  RecordKeys& operator=(const RecordKeys&) = delete;
  ~RecordKeys() { wipe(reinterpret_cast<char*>(this), sizeof *this); }

  std::size_t key_bytes() const { return cipher == RecordCipher::aes_128_gcm ? 16 : 32; }

  std::array<unsigned char, 32> key{};  // the first `key_bytes`
  std::array<unsigned char, 12> iv{};
  std::uint64_t sequence = 0;  // of the next record
  RecordCipher cipher = RecordCipher::aes_128_gcm;
};

}  // namespace penstock
