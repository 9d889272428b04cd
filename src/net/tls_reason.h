// Why a TLS connection failed, as one of a fixed set of words for logs and metrics.
#pragma once

#include "net/tls_handles.h"

namespace penstock {

// Looks at the verification result of a handshake that failed, then at the oldest entry of
// OpenSSL's error queue. Static text.
const char* tls_reason(const ssl_st* ssl) noexcept;

}  // namespace penstock
