#include "net/tls_ticket_keys.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <cstring>

namespace penstock {

TlsTicketKeys::~TlsTicketKeys() {
  if (current_) OPENSSL_cleanse(&current_->key, sizeof(TlsTicketKey));
  if (before_) OPENSSL_cleanse(&before_->key, sizeof(TlsTicketKey));
}

std::optional<TlsTicketKey> TlsTicketKeys::sealing(Instant now) {
  const std::scoped_lock lock(mutex_);
  if (!current_ || now >= current_->made + lifetime) {
    Slot fresh{.key = {}, .made = now};
    if (RAND_bytes(fresh.key.name.data(), 16) != 1 ||
        RAND_priv_bytes(fresh.key.cipher.data(), 32) != 1 ||
        RAND_priv_bytes(fresh.key.mac.data(), 32) != 1) {
      return std::nullopt;
    }
    before_ = current_;
    current_ = fresh;
    OPENSSL_cleanse(&fresh.key, sizeof(TlsTicketKey));
  }
  return current_->key;
}

std::optional<TlsTicketKeys::Opened> TlsTicketKeys::opening(const unsigned char name[16],
                                                            Instant now) {
  const std::scoped_lock lock(mutex_);
  for (const auto* slot : {&current_, &before_}) {
    if (!*slot || std::memcmp((*slot)->key.name.data(), name, 16) != 0) continue;
    const Duration age = now - (*slot)->made;
    if (age >= Duration{2 * lifetime.ns}) return std::nullopt;
    return Opened{.key = (*slot)->key, .renew = age >= lifetime};
  }
  return std::nullopt;
}

}  // namespace penstock
