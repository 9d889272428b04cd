// Who of the clients in a TLS handshake may take the next step: handshakes are the dearest thing
// that an unknown peer can ask for, and requests and streams keep half of their shard beside them.
// Pure: it is told what the steps took and when it is; nothing here knows a socket or a clock.
#pragma once

#include <array>

#include "penstock/time.h"

namespace penstock {

// One per shard. In any span of time the steps take at most half of it, half a `window` that may be
// used in advance, and the last step.
class HandshakeQueue {
 public:
  static constexpr Duration window = Duration::milliseconds(20);

  // A handshake, and its place in the queue while it waits. Lives as long as the handshake, not
  // longer than the queue.
  class Place {
   public:
    Place() = default;
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { leave(); }

    bool waits() const { return list_ != nullptr; }
    // It has had a step.
    bool begun() const { return begun_; }
    // Out of the queue, if it is there.
    void leave();

   private:
    friend class HandshakeQueue;
    struct List {
      Place* first = nullptr;
      Place* last = nullptr;
    };
    List* list_ = nullptr;
    Place* previous_ = nullptr;
    Place* next_ = nullptr;
    bool begun_ = false;
  };

  // True: the place's step may be taken now. False: it waits, and `due` names it in its turn.
  bool ask(Place& place, Instant now);
  // The place whose step is to be taken now; it waits no more. Those that have begun come first: a
  // handshake that was let in shall end. Null: nobody waits, or it is too early.
  Place* due(Instant now);
  // When `due` is worth asking; never while nobody waits.
  Instant next() const;
  // A step was taken from `begun` to `ended`.
  void spent(Instant begun, Instant ended);

 private:
  enum Rank : unsigned char { going_on, beginning };
  bool early(Instant now) const { return now < free_; }

  std::array<Place::List, 2> lists_;  // by rank
  Instant settled_{};                 // when what was spent will be half of the time
  Instant free_{};                    // a window before it: from then on a step may be taken
};

}  // namespace penstock
