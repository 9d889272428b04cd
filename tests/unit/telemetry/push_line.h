// A line put into a log ring at once.
#pragma once

#include <cstring>

#include "telemetry/log_ring.h"

namespace penstock {

// False: there was no room for it.
inline bool push(LogRing& ring, Bytes line) {
  const std::span<char> room = ring.begin_line(line.size());
  if (room.empty()) return false;
  std::memcpy(room.data(), line.data(), line.size());
  ring.end_line(line.size());
  return true;
}

}  // namespace penstock
