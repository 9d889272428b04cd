// How often a client address presents keys that are none. Asked after a failure only, so keys that
// are good cost nothing here, and work from an address whose other users guess.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "penstock/time.h"

namespace penstock {

// Of fixed size: a flood of addresses makes it forget those that failed least. Shared by all
// shards.
class FailedKeys {
 public:
  using Peer = std::array<std::uint8_t, 16>;  // PeerCounts::Key

  FailedKeys();

  // Takes note of one failure. False: the address had `limit` of them in the last minute already.
  // So many at once, then one for each `minute / limit` that passes.
  bool note(const Peer& peer, std::uint32_t limit, Instant now);

 private:
  static constexpr std::size_t ways = 4;
  static constexpr std::size_t sets = 1024;  // a power of two
  struct Entry {
    Peer peer{};
    // When all failures will be forgotten (generic cell rate algorithm, as RateCell).
    Instant clean_at{INT64_MIN};
  };

  std::mutex mutex_;
  std::vector<Entry> entries_;  // `ways` of them side by side are the places of an address
  std::uint64_t seed_ = 0;      // nobody can choose addresses that share their places
};

}  // namespace penstock
