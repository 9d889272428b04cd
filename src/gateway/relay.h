// What a relayed stream needs while it runs.
#pragma once

#include <cstddef>
#include <cstdint>

#include "penstock/bytes.h"
#include "penstock/sse.h"
#include "penstock/time.h"

namespace penstock {

// Taken from the shard's pool with the first event and given back at the end.
struct Relay {
  Relay(std::size_t event_bytes_max, bool hide_usage)
      : framer(event_bytes_max), watcher(hide_usage) {}

  // For the next stream that uses this object; the framer keeps its buffers.
  void restart(std::size_t event_bytes_max, bool hide_usage) {
    framer.restart(event_bytes_max);
    watcher = sse::ChatWatcher(hide_usage);
    head = {};
    gathered = 0;
    told = false;
    last_sent = heard = {};
  }

  sse::Framer framer;
  sse::ChatWatcher watcher;
  Bytes head;                // of the answer, in the shard's scratch, until it has left
  std::size_t gathered = 0;  // bytes of events in the shard's scratch that have not left
  bool told = false;         // the provider's own error went to the client
  Instant last_sent{};       // when something last left towards the client
  Instant heard{};           // when the upstream last sent anything
};

}  // namespace penstock
