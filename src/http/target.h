// Request targets and authorities (RFC 9112 §3.2, RFC 3986 §3.2).
#pragma once

#include "penstock/http.h"

namespace penstock::http {

// Bytes at the front of `text` that may stand in a target and begin no escape.
std::size_t plain_target_bytes(Bytes text) noexcept;

// The bytes of a target: visible, no `#` or `\`, escapes complete and not of NUL, CR or LF.
bool valid_target_bytes(Bytes target) noexcept;

// Sets path, query and `absolute` from `head.target`, whose bytes are valid. `head.method` is set.
Reason split_target(RequestHead& head) noexcept;

// `host[:port]` with a host that is not empty and a port of 1-65535. Brackets hold IPv6 only.
bool valid_authority(Bytes authority) noexcept;

}  // namespace penstock::http
