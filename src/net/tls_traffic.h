// What a session knows of the key its records are sealed with, so that the kernel can go on sealing
// (RFC 8446 §7.1, §7.3).
#pragma once

#include <cstdint>
#include <string_view>

#include "net/tls_handles.h"
#include "penstock/bytes.h"
#include "penstock/record_keys.h"
#include "penstock/secret.h"

namespace penstock {

// The traffic secret of the direction we send in, kept from the moment OpenSSL derives it, and how
// many records were sealed with it since.
class TlsTraffic {
 public:
  // A line of OpenSSL's key log; takes the one that starts with `label`.
  void on_key_line(std::string_view line, std::string_view label);
  // OpenSSL wrote a record.
  void on_record() { ++sequence_; }
  // Another key is on its way: what is known here will not hold.
  void forget() { secret_ = Secret(); }
  // What the next record is sealed with, once: the secret is forgotten. False: it is not known, or
  // the cipher is none that kernels have.
  bool take(ssl_st* ssl, RecordKeys& keys);

 private:
  Secret secret_;
  std::uint64_t sequence_ = 0;
};

// Makes OpenSSL tell the sessions of `context` what they need for that.
void watch_traffic(ssl_ctx_st* context);

// HKDF-Expand-Label of "key" and "iv" from a traffic secret. False: OpenSSL could not.
bool derive_record_keys(Bytes secret, const char* digest, RecordKeys& keys);

}  // namespace penstock
