// Whether it pays to look for work before falling asleep. It does while nearly every wait is
// shorter than sleeping and waking take; a shard whose waits are longer burns nothing, since a few
// long ones close the gate and it takes many short ones to open it.
#pragma once

#include <algorithm>

namespace penstock {

class SpinGate {
 public:
  bool open() const { return score_ >= open_at; }
  // brief: a wait that ended would have ended within a spin.
  void note(bool brief) {
    score_ = brief ? std::min(score_ + 1, most) : std::max(score_ - long_costs, 0);
  }

 private:
  static constexpr int most = 32;
  static constexpr int open_at = 16;
  static constexpr int long_costs = 6;  // less than one long wait in seven keeps it open

  int score_ = 0;
};

}  // namespace penstock
