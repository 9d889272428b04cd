// What all shards share: a few counts and the admin plane's view of the shards. Everything here is
// either atomic or touched only when a connection comes or goes.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "gateway/failed_keys.h"
#include "gateway/pace.h"
#include "penstock/address.h"

namespace penstock {

// Connections by client address, for limits.max_connections_per_ip. Asked on accept and close only.
class PeerCounts {
 public:
  // The address as a key, without its port; IPv6 by its /64, since one client has many.
  using Key = std::array<std::uint8_t, 16>;
  static Key key_of(const Address& peer);

  // False, and nothing counted, when `limit` connections of this peer are there (0: no limit).
  bool add(const Key& peer, std::uint32_t limit);
  void remove(const Key& peer);

 private:
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept;
  };
  std::mutex mutex_;
  std::unordered_map<Key, std::uint32_t, Hash> counts_;
};

struct Process {
  std::atomic<std::uint32_t> connections{0};               // of clients
  std::atomic<std::uint32_t> connections_max{UINT32_MAX};  // what the descriptor limit allows
  std::atomic<std::uint32_t> inflight{0};                  // requests past authentication
  std::atomic<bool> ready{false};
  PeerCounts peers;
  Pace handshakes;
  FailedKeys failed_keys;
};

}  // namespace penstock
