// Whether it pays to look for work before falling asleep. It does while nearly every wait is
// shorter than sleeping and waking take, and a few connections are all there is: what one of them
// waits for is the next thing to happen. With many of them it is not, and the time is better left
// to others; a shard whose waits are longer burns nothing either.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

namespace penstock {

class SpinGate {
 public:
  bool open() const { return score_ >= open_at; }
  // A wait ended. brief: within the time of a spin. source: the operation that ended it.
  void note(bool brief, const void* source) {
    const bool known = std::ranges::find(sources_, source) != sources_.end();
    if (!known) {
      sources_[next_] = source;
      next_ = (next_ + 1) % sources_.size();
    }
    score_ = brief && known ? std::min(score_ + 1, most) : std::max(score_ - else_costs, 0);
  }

 private:
  static constexpr int most = 32;
  static constexpr int open_at = 16;
  static constexpr int else_costs = 6;   // one wait in seven that is none of these keeps it shut
  static constexpr std::size_t few = 8;  // operations: both sides of four requests

  int score_ = 0;
  std::size_t next_ = 0;
  std::array<const void*, few> sources_{};  // the last ones that differ
};

}  // namespace penstock
