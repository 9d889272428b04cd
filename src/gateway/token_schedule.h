// When a provider's access token is fetched: ahead of its end, and again after a failure with
// growing pauses. Pure: the caller owns the clock.
#pragma once

#include "penstock/time.h"

namespace penstock {

class TokenSchedule {
 public:
  static constexpr Duration pause_min = Duration::seconds(1);
  static constexpr Duration pause_max = Duration::seconds(60);

  // `first`: when the first fetch is due.
  explicit TokenSchedule(Instant first) : due_(first) {}

  // When the next fetch is to begin.
  Instant due() const { return due_; }
  // A token was granted to the request that began at `asked`, which is where its lifetime counts
  // from: the endpoint's own beginning is later. The next fetch is due when four fifths of the
  // lifetime are over, and at the soonest `pause_min` after this one. Returns the token's end.
  Instant granted(Instant asked, Duration lifetime);
  // A fetch failed at `now`. Returns the pause until the next one: `pause_min`, then twice the last
  // pause, up to `pause_max`.
  Duration failed(Instant now);

 private:
  Instant due_;
  Duration pause_ = pause_min;
};

}  // namespace penstock
