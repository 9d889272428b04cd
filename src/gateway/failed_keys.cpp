#include "gateway/failed_keys.h"

#include <sys/random.h>

#include <algorithm>
#include <span>

#include "penstock/hash.h"

namespace penstock {
namespace {

constexpr std::int64_t minute_ns = Duration::seconds(60).ns;

}  // namespace

FailedKeys::FailedKeys() : entries_(ways * sets) {
  // Refused only before the system has gathered entropy; then the seed stays a known one.
  static_cast<void>(!::getrandom(&seed_, sizeof seed_, GRND_NONBLOCK));
}

bool FailedKeys::note(const Peer& peer, std::uint32_t limit, Instant now) {
  const Bytes bytes{reinterpret_cast<const char*>(peer.data()), peer.size()};
  const std::size_t set = hash128(bytes, seed_)[0] & (sets - 1);
  const std::scoped_lock lock(mutex_);
  const std::span<Entry> places = std::span(entries_).subspan(set * ways, ways);
  auto place = std::ranges::find(places, peer, &Entry::peer);
  if (place == places.end()) {
    place = std::ranges::min_element(places, {}, &Entry::clean_at);
    *place = {.peer = peer};
  }
  const std::int64_t from_ns = std::max(place->clean_at.ns, now.ns);
  const std::int64_t clean_ns = from_ns + minute_ns / limit;
  if (clean_ns - now.ns > minute_ns) return false;
  place->clean_at = {clean_ns};
  return true;
}

}  // namespace penstock
