// The client's request body and what was read in it, for as long as an attempt may need it again.
#pragma once

#include <cstdint>

#include "penstock/blocks.h"
#include "penstock/json.h"
#include "penstock/stream.h"

namespace penstock {

// A small body that arrived with its head stays where it was received until somebody has to wait;
// only then, and only if it can still be needed, it is copied. All spans in `facts` are offsets, so
// they hold for either place.
struct Upload {
  explicit Upload(BlockPool& pool) : kept(pool) {}

  Bytes body() const { return in_place.empty() ? kept.view() : in_place; }
  // Called before every wait: `in_place` is lent for this turn only. Takes it off the client's
  // stream, as a copy when `needed`. refused: no memory.
  Result<> settle(Stream& client, bool needed) {
    if (in_place.empty()) return {};
    const Result<> copied = needed ? kept.append(in_place) : Result<>();
    client.consume(in_place.size());
    in_place = {};
    return copied;
  }
  // For the next request that uses this object.
  void reset() {
    kept.release();
    in_place = {};
    sent = total = 0;
  }

  Bytes in_place;
  Buffer kept;
  std::uint64_t sent = 0;   // bytes of the upstream's request body that have left, this attempt
  std::uint64_t total = 0;  // bytes of it in all
  json::Facts facts;
  json::SpliceScratch splice;
};

}  // namespace penstock
