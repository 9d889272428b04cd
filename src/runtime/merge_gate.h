// Whether it pays to wait for more completions before any is worked on, so that what belongs
// together is sent together. It does on a saturated shard, and costs everybody else the wait. What
// tells is turns that did not wait and found much to do all the same; turns that waited prove
// nothing, since the wait itself gathers completions. So the gate shuts after some turns, and is
// opened anew or not.
#pragma once

namespace penstock {

class MergeGate {
 public:
  bool open() const { return turns_left_ > 0; }
  // A turn ended that brought so many completions.
  void note(unsigned completions) {
    if (completions < much) {
      busy_turns_ = turns_left_ = 0;
    } else if (turns_left_ > 0) {
      --turns_left_;
    } else if (++busy_turns_ == opens_after) {
      busy_turns_ = 0;
      turns_left_ = open_for;
    }
  }

  static constexpr unsigned much = 6;
  static constexpr unsigned opens_after = 16;  // turns in a row that brought much
  static constexpr unsigned open_for = 64;     // turns: 3 ms and more, with a wait of 50 us

 private:
  unsigned busy_turns_ = 0;
  unsigned turns_left_ = 0;
};

}  // namespace penstock
