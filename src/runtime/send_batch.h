// Where the sends of a turn wait for the system call that gives them to the kernel.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <span>

#include "penstock/driver.h"
#include "runtime/mapping.h"

namespace penstock {

class SendBatch {
 public:
  // False: no memory.
  bool set_up();

  // Lays the pieces down as `op.pieces`: copied and joined, but for large ones within `lent`, which
  // are only pointed to. False: that is too much to copy, or there is no room left.
  bool lay(SendOp& op, std::span<const Bytes> pieces, Bytes lent);
  // The pieces of an op that was laid down last, for sendmsg(2).
  msghdr* message(std::span<const Bytes> pieces);
  // Nothing that was laid down is needed any more.
  void clear() {
    used_ = 0;
    points_to_lent_ = false;
  }
  bool points_to_lent() const { return points_to_lent_; }

  // Above, a copy costs more than the system call that it saves.
  static constexpr std::size_t copied_max = 16 * 1024;

 private:
  template <class T>
  T* room_for(std::size_t count);

  Mapping room_;
  std::size_t used_ = 0;
  bool points_to_lent_ = false;
};

}  // namespace penstock
