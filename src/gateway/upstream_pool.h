// Idle connections of one shard to one provider, ready for the next request.
#pragma once

#include <cstdint>
#include <vector>

#include "penstock/stream.h"

namespace penstock {

// Last in, first out: the warmest connection is used, the others age out. An idle connection keeps
// its receive armed, so a close by the provider is seen when it happens and costs nobody a request.
class UpstreamPool {
 public:
  // Limits of what is kept: how many, and for how long a connection may be idle.
  struct Limits {
    std::size_t idle_max = 64;
    Duration idle_for;
  };

  explicit UpstreamPool(Limits limits) : limits_(limits) {}

  // A live idle connection, or null.
  StreamPtr take(Instant now);
  // Keeps a connection whose answer was complete and that may be used again; the oldest makes way.
  // `watcher` is woken when an idle connection ends. False: it was not kept.
  bool give(StreamPtr stream, Instant now, Signal& watcher);
  // Drops what ended or is too old; when to look again (`never`: nothing is idle).
  Instant sweep(Instant now);
  void clear() { idle_.clear(); }
  std::size_t idle() const { return idle_.size(); }
  void set_limits(Limits limits) { limits_ = limits; }

 private:
  struct Idle {
    StreamPtr stream;
    Instant since;
  };
  // Bytes without a request are as bad as an end.
  static bool usable(const Stream& stream) {
    return !stream.gone() && !stream.spent() && stream.readable().empty();
  }

  Limits limits_;
  std::vector<Idle> idle_;  // oldest first
};

}  // namespace penstock
