// Which cache_control marks of a request go upstream. Anthropic takes four at most, and none for an
// hour behind one for five minutes; the order is that of the prompt: tools, system, messages.
#pragma once

#include <cstdint>

#include "penstock/hub.h"
#include "penstock/json_writer.h"

namespace penstock::dialect::anthropic {

// Every place that could be marked is first counted and then taken, in the same order.
class CacheMarks {
 public:
  static constexpr std::uint32_t marks_max = 4;

  void count(hub::CacheTtl ttl) { counted_ += ttl != hub::CacheTtl::none ? 1 : 0; }
  std::uint32_t counted() const { return counted_; }
  // The mark that goes upstream. Of more than four the last ones stay: they cover the most.
  hub::CacheTtl take(hub::CacheTtl ttl);

 private:
  std::uint32_t counted_ = 0;
  std::uint32_t taken_ = 0;
  bool short_seen_ = false;  // a mark of five minutes was taken
};

// Writes the member cache_control; nothing for `none`.
void write_cache_control(hub::CacheTtl ttl, json::Writer& out);

}  // namespace penstock::dialect::anthropic
