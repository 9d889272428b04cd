// Makes connections to upstreams: name → addresses → the first that answers → TLS.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "penstock/resolver.h"
#include "penstock/stream.h"
#include "penstock/task.h"

namespace penstock {

class TlsClientContext;

// Where to connect and how long each step may take. The view outlives the call.
struct Dial {
  std::string_view host;  // a name, or an IP literal without brackets
  std::uint16_t port = 0;
  std::shared_ptr<TlsClientContext> tls;  // null: plain TCP
  bool allow_private = false;  // else addresses inside the operator's network are not connected to
  Duration dns_timeout;
  Duration connect_timeout;
  Duration tls_timeout;
};

// Connects with RFC 8305 (happy eyeballs): addresses in order of preference, the next one 250 ms
// after the one before, or at once when that failed; the first connection wins and the others are
// given up. Returns early when `watched` is gone.
// Errors: upstream_connect_failed (no address, refused), upstream_tls_failed, upstream_timeout (a
// step's limit or `total` passed), client_closed (`watched`).
// `signal` is the caller's; its wakes may be spurious afterwards.
Task<Result<StreamPtr>> connect_stream(Driver& driver, Resolver& resolver, Signal& signal,
                                       const Dial& dial, Deadline total, const Stream& watched);

}  // namespace penstock
