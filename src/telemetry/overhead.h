// The gateway's own time in one exchange: everything between the first byte read of the request and
// the last byte handed to the kernel in which it was not waiting for the client, the provider or a
// name server. Queueing behind other work of the shard counts as its own.
#pragma once

#include <algorithm>

#include "penstock/time.h"

namespace penstock {

// Pure: the caller passes the clock's readings in. They must not go back; one that does counts as
// no time.
class OverheadClock {
 public:
  // The first byte of a request was read. Also begins anew.
  void begin(Instant now) noexcept {
    *this = {};
    since_ = begin_ = now;
  }
  // From here the exchange waits for somebody else. A second begin or end changes nothing.
  void wait_begin(Instant now) noexcept {
    if (waiting_) return;
    count(now);
    waiting_ = true;
  }
  // What it waited for is there: the time of the turn that brought it. `left`: when the kernel got
  // what was sent last; behind the beginning of the wait if it had to wait for the turn's end, and
  // until then the wait was for the gateway.
  void wait_end(Instant now, Instant left = {}) noexcept {
    if (!waiting_) return;
    waiting_ = false;
    if (left <= now) count(std::max(left, since_));
    since_ = now;
  }
  // The answer begins: from here own time is the response's. Retries before it are the request's.
  void enter_response(Instant now) noexcept {
    count(now);
    in_response_ = true;
  }

  Duration request(Instant now) const noexcept {
    return {request_.ns + (in_response_ ? 0 : running(now).ns)};
  }
  Duration response(Instant now) const noexcept {
    return {response_.ns + (in_response_ ? running(now).ns : 0)};
  }
  // Both: `X-Gateway-Overhead-Us`, the access log's `overhead_us`.
  Duration own(Instant now) const noexcept { return {request(now).ns + response(now).ns}; }
  // With all waits.
  Duration total(Instant now) const noexcept {
    return {std::max<std::int64_t>((now - begin_).ns, 0)};
  }

 private:
  Duration running(Instant now) const noexcept {
    return {waiting_ ? 0 : std::max<std::int64_t>((now - since_).ns, 0)};
  }
  void count(Instant now) noexcept {
    (in_response_ ? response_ : request_).ns += running(now).ns;
    since_ = now;
  }

  Instant begin_{};
  Instant since_{};  // what was not counted yet begins here
  Duration request_{};
  Duration response_{};
  bool waiting_ = false;
  bool in_response_ = false;
};

}  // namespace penstock
