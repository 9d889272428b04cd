#include "gateway/handshake_queue.h"

#include <algorithm>

namespace penstock {

void HandshakeQueue::Place::leave() {
  if (!list_) return;
  (previous_ ? previous_->next_ : list_->first) = next_;
  (next_ ? next_->previous_ : list_->last) = previous_;
  list_ = nullptr;
  previous_ = next_ = nullptr;
}

bool HandshakeQueue::ask(Place& place, Instant now) {
  if (place.waits()) return false;
  const bool first = !lists_[going_on].first && (place.begun_ || !lists_[beginning].first);
  if (first && !early(now)) {
    place.begun_ = true;
    return true;
  }
  Place::List& list = lists_[place.begun_ ? going_on : beginning];
  place.list_ = &list;
  place.previous_ = list.last;
  (list.last ? list.last->next_ : list.first) = &place;
  list.last = &place;
  return false;
}

HandshakeQueue::Place* HandshakeQueue::due(Instant now) {
  if (early(now)) return nullptr;
  for (const Place::List& list : lists_) {
    Place* const place = list.first;
    if (!place) continue;
    place->leave();
    place->begun_ = true;
    return place;
  }
  return nullptr;
}

Instant HandshakeQueue::next() const {
  const bool waiting = lists_[going_on].first || lists_[beginning].first;
  return waiting ? free_ : Instant::never();
}

void HandshakeQueue::spent(Instant begun, Instant ended) {
  const Duration took = ended - begun;
  settled_ = std::max(settled_, begun) + took + took;
  free_ = settled_ + Duration{-window.ns};
}

}  // namespace penstock
