#include "gateway/token_schedule.h"

#include <algorithm>

namespace penstock {

Instant TokenSchedule::granted(Instant asked, Duration lifetime) {
  pause_ = pause_min;
  const Duration early{lifetime.ns / 5};
  due_ = asked + std::max(Duration{lifetime.ns - early.ns}, pause_min);
  if (doubted_) early_ = asked + doubt_pause;
  doubted_ = false;
  return asked + lifetime;
}

void TokenSchedule::doubted(Instant now) {
  due_ = std::min(due_, std::max(now, early_));
  doubted_ = true;
}

Duration TokenSchedule::failed(Instant now) {
  const Duration pause = pause_;
  pause_ = std::min(Duration{2 * pause.ns}, pause_max);
  due_ = now + pause;
  early_ = std::max(early_, due_);
  return pause;
}

}  // namespace penstock
