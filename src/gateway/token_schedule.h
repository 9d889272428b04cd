// When a provider's access token is fetched: ahead of its end, and again after a failure with
// growing pauses. Pure: the caller owns the clock.
#pragma once

#include "penstock/time.h"

namespace penstock {

class TokenSchedule {
 public:
  static constexpr Duration pause_min = Duration::seconds(1);
  static constexpr Duration pause_max = Duration::seconds(60);
  // Tokens are replaced before their time at most this often, however often they are refused.
  static constexpr Duration doubt_pause = Duration::seconds(60);

  // `first`: when the first fetch is due.
  explicit TokenSchedule(Instant first) : due_(first) {}

  // When the next fetch is to begin.
  Instant due() const { return due_; }
  // A token was granted to the request that began at `asked`, which is where its lifetime counts
  // from: the endpoint's own beginning is later. The next fetch is due when four fifths of the
  // lifetime are over, and at the soonest `pause_min` after this one. Returns the token's end.
  Instant granted(Instant asked, Duration lifetime);
  // The token that was granted last is refused by the provider: the next fetch is due at once, but
  // not within `doubt_pause` of another one that was made early, and not in a pause after a
  // failure.
  void doubted(Instant now);
  // A fetch failed at `now`. Returns the pause until the next one: `pause_min`, then twice the last
  // pause, up to `pause_max`.
  Duration failed(Instant now);

 private:
  Instant due_;
  Instant early_{};  // no doubt makes a fetch due before
  Duration pause_ = pause_min;
  bool doubted_ = false;  // the next token is one that was fetched early
};

}  // namespace penstock
