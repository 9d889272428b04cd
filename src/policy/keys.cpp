// Virtual keys: digests, the table and the permissions.
//
// The low-level SHA-256 functions are used because a state after the key block can be copied with
// them: EVP would allocate a context for each digest. OpenSSL 3 marks them as deprecated in favour
// of EVP, but they are the same code underneath.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <bit>
#include <cstring>

#include "penstock/policy.h"

namespace penstock {
namespace {

constexpr std::size_t block_bytes = 64;

// The state of SHA-256 after one block of `pepper` padded with zeros and combined with `pad`
// (RFC 2104 §2).
SHA256_CTX after_block(Bytes pepper, std::uint8_t pad) {
  std::array<unsigned char, block_bytes> block{};
  if (!pepper.empty()) std::memcpy(block.data(), pepper.data(), pepper.size());
  for (unsigned char& byte : block) byte = static_cast<unsigned char>(byte ^ pad);
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, block.data(), block.size());
  OPENSSL_cleanse(block.data(), block.size());
  return context;
}

std::uint64_t prefix_of(const KeyDigest& digest) {
  std::uint64_t prefix = 0;
  std::memcpy(&prefix, digest.data(), sizeof(prefix));
  return prefix;
}

}  // namespace

KeyDigester::KeyDigester(Bytes pepper) {
  static_assert(sizeof(State) == sizeof(SHA256_CTX));
  PENSTOCK_ASSERT(pepper.size() <= block_bytes);
  inner_ = std::bit_cast<State>(after_block(pepper, 0x36));
  outer_ = std::bit_cast<State>(after_block(pepper, 0x5c));
}

KeyDigester::~KeyDigester() {
  OPENSSL_cleanse(inner_.data(), sizeof(inner_));
  OPENSSL_cleanse(outer_.data(), sizeof(outer_));
}

KeyDigest KeyDigester::digest(Bytes key) const {
  KeyDigest digest;
  auto context = std::bit_cast<SHA256_CTX>(inner_);
  SHA256_Update(&context, key.data(), key.size());
  SHA256_Final(digest.data(), &context);
  context = std::bit_cast<SHA256_CTX>(outer_);
  SHA256_Update(&context, digest.data(), digest.size());
  SHA256_Final(digest.data(), &context);
  OPENSSL_cleanse(&context, sizeof(context));
  return digest;
}

KeyTable::KeyTable(const Snapshot& snapshot)
    : snapshot_(snapshot),
      digester_(snapshot.pepper.reveal()),
      slots_(std::bit_ceil(snapshot.keys.size() * 2 + 1)) {
  for (std::size_t key = 0; key < snapshot.keys.size(); ++key) {
    const std::uint64_t prefix = prefix_of(snapshot.keys[key].digest);
    std::size_t at = prefix & (slots_.size() - 1);
    while (slots_[at].key_plus_one != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = {prefix, static_cast<std::uint32_t>(key + 1)};
  }
}

Result<KeyIndex> KeyTable::identify(Bytes presented, std::int64_t wall_s) const {
  if (presented.empty() || presented.size() > presented_max) {
    return fail(Code::invalid_api_key, Side::client);
  }
  const KeyDigest digest = digester_.digest(presented);
  const std::uint64_t prefix = prefix_of(digest);
  std::uint32_t key_plus_one = 0;
  for (std::size_t at = prefix & (slots_.size() - 1); slots_[at].key_plus_one != 0;
       at = (at + 1) & (slots_.size() - 1)) {
    if (slots_[at].prefix == prefix) key_plus_one = slots_[at].key_plus_one;
  }
  static constexpr KeyDigest nobody{};
  const VirtualKey* key = key_plus_one == 0 ? nullptr : &snapshot_.keys[key_plus_one - 1];
  const KeyDigest& known = key == nullptr ? nobody : key->digest;
  const bool equal = CRYPTO_memcmp(known.data(), digest.data(), digest.size()) == 0;
  if (key == nullptr || !equal) return fail(Code::invalid_api_key, Side::client);
  return confirm(static_cast<KeyIndex>(key_plus_one - 1), wall_s);
}

Result<KeyIndex> KeyTable::confirm(KeyIndex index, std::int64_t wall_s) const {
  const VirtualKey& key = snapshot_.at(index);
  if (key.expires_s != 0 && wall_s >= key.expires_s + expiry_tolerance_s) {
    return fail(Code::invalid_api_key, Side::client);
  }
  if (key.disabled) return fail(Code::key_disabled, Side::client);
  return index;
}

Result<ModelIndex> find_permitted_model(const Snapshot& snapshot, KeyIndex key, Bytes name) {
  const auto model = snapshot.find_model(name);
  if (!model || !snapshot.at(key).may_use(*model)) {
    return fail(Code::model_not_found, Side::client);
  }
  return *model;
}

}  // namespace penstock
