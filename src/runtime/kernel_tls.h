// TLS records sealed by the kernel (kernel TLS, Documentation/networking/tls.rst), sending only.
// Both kernel drivers use it. Receiving stays ours: the kernel delivers alerts and key updates as
// control messages, which a receive of the ring does not carry.
#pragma once

#include <array>
#include <span>

#include "penstock/bytes.h"
#include "penstock/driver.h"
#include "penstock/record_keys.h"

namespace penstock {

// Which ciphers this kernel seals with, by number of `RecordCipher`.
struct KernelTlsOffer {
  std::array<bool, record_cipher_count> ciphers{};
  bool any() const { return ciphers[0] || ciphers[1] || ciphers[2]; }
  bool has(RecordCipher cipher) const { return ciphers[static_cast<std::size_t>(cipher)]; }
};

// Asks the kernel, with connections of this process to itself: what it knows, whether its module is
// loaded, and whether it may be used here. The answer to the first call is kept. Any thread.
const KernelTlsOffer& kernel_tls_offer();

// Lets the kernel seal what is sent on `fd`, a connected TCP socket, from here on. False: it does
// not, and the socket is as it was. Counts either.
bool seal_in_kernel(int fd, const RecordKeys& keys, DriverCounters& counters);

// As `send_pieces`, for a socket whose records the kernel seals: it takes only what will be in the
// TCP queue completely. A record that the kernel has taken and TCP has not would be lost if the
// socket were closed or shut down next. An alert is taken whole or not at all.
long send_sealed_pieces(int fd, RecordType type, std::span<const Bytes> pieces);

}  // namespace penstock
