// Names to addresses, without waiting: a lookup is started, wakes its owner's signal when it is
// done, and may be given up at any time. The shard's resolver and the simulator's implement it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "penstock/address.h"
#include "penstock/assert.h"
#include "penstock/driver.h"
#include "penstock/error.h"

namespace penstock {

// Addresses of one name, in the order to try them: as RFC 6724 sorts them, with the families taking
// turns (RFC 8305 §4). Ports are set. At least one.
struct Resolved {
  std::array<Address, 8> addresses;
  std::uint8_t count = 0;
};

class Resolver;

// One question, owned by who asks. It may die at any time: a pending one is cancelled. The resolver
// must outlive its pending lookups.
class Lookup {
 public:
  // `signal` is woken when the lookup is done, also when that is at once.
  explicit Lookup(Signal& signal) : signal_(signal) {}
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;
  ~Lookup();

  bool pending() const { return resolver_ != nullptr; }
  bool done() const { return done_; }
  // After `done`. dns_failed: there is no such name, it has no address, or the servers failed.
  // timed_out: no server answered in time. refused: too many lookups under way.
  const Result<Resolved>& result() const {
    PENSTOCK_ASSERT(done_);
    return result_;
  }

  // -- For resolvers.

  // Marks the beginning: the question is now `resolver`'s.
  void begin(Resolver& resolver) {
    PENSTOCK_ASSERT(!pending());
    resolver_ = &resolver;
    done_ = false;
  }
  void finish(const Result<Resolved>& result) {
    PENSTOCK_ASSERT(pending());
    result_ = result;
    resolver_ = nullptr;
    done_ = true;
    signal_.wake();
  }
  // The end without an answer; the owner is not woken.
  void abandon() { resolver_ = nullptr; }

  // The resolver's list of lookups that wait for the same name, and what it needs to leave it.
  Lookup* next = nullptr;
  void* slot = nullptr;
  std::uint16_t port = 0;

 private:
  Signal& signal_;
  Resolver* resolver_ = nullptr;
  Result<Resolved> result_;
  bool done_ = false;
};

class Resolver {
 public:
  virtual ~Resolver() = default;
  // Looks up `host`, a name or an IP literal; the text is not kept. What needs no question is done
  // when this returns. A lookup may be used again after it is done or cancelled.
  virtual void start(Lookup& lookup, std::string_view host, std::uint16_t port) = 0;
  // Gives a pending lookup up; nothing happens to others that ask for the same name.
  virtual void cancel(Lookup& lookup) = 0;
};

inline Lookup::~Lookup() {
  if (resolver_) resolver_->cancel(*this);
}

}  // namespace penstock
