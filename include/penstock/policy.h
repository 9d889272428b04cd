// Who may call, how often, and where a request goes. Pure: time and random numbers are arguments,
// nothing waits, nothing allocates on the request path. Built from a Snapshot, which must outlive
// what is built from it.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "penstock/bytes.h"
#include "penstock/error.h"
#include "penstock/snapshot.h"
#include "penstock/text.h"
#include "penstock/time.h"

namespace penstock {

// --- Keys ---------------------------------------------------------------------------------------

// HMAC-SHA-256 with a fixed pepper. The two padded-key blocks are hashed once, here, so that a
// digest of a key costs two or three compressions and no allocation. Immutable: all shards share
// it.
class KeyDigester {
 public:
  explicit KeyDigester(Bytes pepper);  // at most 64 bytes
  KeyDigester(const KeyDigester&) = delete;
  KeyDigester& operator=(const KeyDigester&) = delete;
  ~KeyDigester();  // wipes the states

  KeyDigest digest(Bytes key) const;

 private:
  using State = std::array<std::uint32_t, 28>;  // a SHA256_CTX after one block
  State inner_{};
  State outer_{};
};

// Finds virtual keys by what a client presents. Immutable: all shards share it.
class KeyTable {
 public:
  static constexpr std::size_t presented_max = 256;  // bytes; the configuration takes no longer one
  // A clock that is a little wrong must not lock anybody out.
  static constexpr std::int64_t expiry_tolerance_s = 60;

  explicit KeyTable(const Snapshot& snapshot);

  // `wall_s` is Unix time. invalid_api_key when nothing was presented or it is malformed, unknown
  // or expired: one answer for all. key_disabled for a known key that is switched off. The time
  // does not depend on how much of a key was right: what is compared are digests under a secret
  // pepper, over their full length, also when no key is found.
  Result<KeyIndex> identify(Bytes presented, std::int64_t wall_s) const;
  // Judges a key again that `identify` of this table gave for the same bytes: expired or switched
  // off since.
  Result<KeyIndex> confirm(KeyIndex key, std::int64_t wall_s) const;

 private:
  struct Slot {
    std::uint64_t prefix = 0;        // first 8 bytes of the digest
    std::uint32_t key_plus_one = 0;  // 0: free
  };

  const Snapshot& snapshot_;
  KeyDigester digester_;
  std::vector<Slot> slots_;  // open addressing, a power of two, at most half full
};

// The model of that name if the key may use it, or model_not_found: the answer does not tell
// whether the model exists for others.
Result<ModelIndex> find_permitted_model(const Snapshot& snapshot, KeyIndex key, Bytes name);

// Calls `visit(ModelIndex)` for each model the key may use, in the order of the configuration.
template <class Visit>
void for_each_permitted_model(const Snapshot& snapshot, KeyIndex key, Visit&& visit) {
  for (std::size_t i = 0; i < snapshot.models.size(); ++i) {
    const auto model = static_cast<ModelIndex>(i);
    if (snapshot.at(key).may_use(model)) visit(model);
  }
}

// --- Limits -------------------------------------------------------------------------------------

// What is left of a requests-a-minute limit.
struct Allowance {
  std::uint32_t limit = 0;  // a minute; 0: there is no limit
  std::uint32_t remaining = 0;
  Duration reset;  // until the whole limit is there again
};

// A bucket of `limit` requests that refills evenly over a minute, as a generic cell rate algorithm:
// the only state is the time at which the bucket will be full again. A key that was quiet may send
// `limit` requests at once; in any span of t seconds at most limit + limit × t / 60 are admitted.
// Shared by all shards without a lock, and exact: a compare-and-swap decides each request. The
// limit is an argument, so that a reload changes it without losing what was used.
class RateCell {
 public:
  struct Verdict {
    bool admitted = false;
    Allowance allowance;
    Duration retry_after;  // when refused: until one request would be admitted
  };

  // Takes one request out of the bucket, or says when there will be one. `limit` is at least 1.
  Verdict admit(std::uint32_t limit, Instant now);
  // The state without taking anything.
  Allowance look(std::uint32_t limit, Instant now) const;

 private:
  std::atomic<std::int64_t> full_at_ns_{std::numeric_limits<std::int64_t>::min()};
};

// A count of requests in progress.
class ConcurrencyCell {
 public:
  // Adds one unless `limit` are there already.
  bool try_take(std::uint32_t limit);
  void give_back();
  std::uint32_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint32_t> used_{0};
};

// One place in a ConcurrencyCell, given back when it dies. The cell must outlive it.
class Slot {
 public:
  Slot() = default;
  Slot(Slot&& other) noexcept : cell_(std::exchange(other.cell_, nullptr)) {}
  Slot& operator=(Slot&& other) noexcept {
    std::swap(cell_, other.cell_);
    return *this;
  }
  ~Slot() {
    if (cell_ != nullptr) cell_->give_back();
  }

  // Nothing when the limit is reached. A limit of 0 is no limit: an empty slot that counts nothing.
  static std::optional<Slot> take(ConcurrencyCell& cell, std::uint32_t limit);

 private:
  ConcurrencyCell* cell_ = nullptr;
};

// The limits' state of one key or provider, alone on its cache line.
struct alignas(64) LimitCell {
  RateCell requests;
  ConcurrencyCell parallel;
};
static_assert(sizeof(LimitCell) == 64);

// The cells of all keys and providers of a snapshot. A later generation takes the cells of the same
// names over from the one before, so that a reload neither forgets nor doubles what was used.
// Keep it as long as a request that began with it is in progress.
class LimitCells {
 public:
  explicit LimitCells(const Snapshot& snapshot, const LimitCells* before = nullptr);

  LimitCell& at(KeyIndex key) const { return *keys_[static_cast<std::size_t>(key)]; }
  LimitCell& at(ProviderIndex provider) const {
    return *providers_[static_cast<std::size_t>(provider)];
  }

 private:
  using Owners = std::unordered_map<std::string, std::shared_ptr<LimitCell>>;

  Owners key_owners_;
  Owners provider_owners_;
  std::vector<LimitCell*> keys_;
  std::vector<LimitCell*> providers_;
};

// A request past its key's limits. It settles itself: its place is given back when it dies.
struct Admission {
  Slot slot;
  Allowance requests;
};
struct Refusal {
  Error error{Code::rate_limit_exceeded, Side::client};
  Allowance requests;
  Duration retry_after;
};
// rate_limit_exceeded or too_many_concurrent_requests. A refused request uses nothing up.
std::expected<Admission, Refusal> admit(const VirtualKey& key, LimitCell& cell, Instant now);

// --- Routing ------------------------------------------------------------------------------------

// One bit for each TargetIndex, set when requests may go there. An empty span: all may.
using Health = std::span<const std::uint64_t>;

// The targets to try, in order, each once.
class Plan {
 public:
  void add(TargetIndex target) {
    PENSTOCK_ASSERT(count_ < attempts_max);
    targets_[count_++] = target;
  }
  std::span<const TargetIndex> targets() const { return {targets_.data(), count_}; }
  const TargetIndex* begin() const { return targets_.data(); }
  const TargetIndex* end() const { return targets_.data() + count_; }
  std::size_t size() const { return count_; }
  bool full() const { return count_ == attempts_max; }

 private:
  std::array<TargetIndex, attempts_max> targets_{};
  std::size_t count_ = 0;
};

// At least one and at most `max_attempts` healthy targets of the model; upstream_unavailable when
// none is healthy. weighted: `pick` is a random number that decides the first by weight, the others
// follow from the heaviest to the lightest. round_robin: `pick` is a counter of the model's
// requests, the targets follow in their order from there.
Result<Plan> plan(const Snapshot& snapshot, ModelIndex model, Health health, std::uint64_t pick);

// Some of a model's targets: bit i is the i-th of them.
using TargetMask = std::uint32_t;
static_assert(model_targets_max <= 32);
// All of them.
constexpr TargetMask mask_of(const Model& model) {
  return static_cast<TargetMask>((std::uint64_t{1} << model.target_count) - 1);
}

// Adds up to `most` of the model's targets that are `among` to a plan, ordered as by `plan`; those
// that do not fit are left out.
void add_targets(const Snapshot& snapshot, ModelIndex model, TargetMask among, std::uint64_t pick,
                 std::size_t most, Plan& out);

// --- Words for headers --------------------------------------------------------------------------

// A few characters on the stack.
class ShortText {
 public:
  Bytes view() const { return {text_.data(), size_}; }
  void add(char c) {
    PENSTOCK_ASSERT(size_ < text_.size());
    text_[size_++] = c;
  }
  void add(std::uint64_t number) {
    PENSTOCK_ASSERT(text_.size() - size_ >= decimal_digits_max);
    size_ = static_cast<std::size_t>(put(text_.data() + size_, number) - text_.data());
  }

 private:
  std::array<char, 64> text_;
  std::size_t size_ = 0;
};

// X-RateLimit-Reset-*: a duration as OpenAI writes it, rounded up to milliseconds: "0s", "17ms",
// "18.862s", "6m0s", "1h0m0s".
ShortText write_reset(Duration duration);

// Retry-After in whole seconds, at least 1, up to 20 % later by `random` so that callers that were
// refused together do not come back together.
std::uint32_t retry_after_s(Duration wait, std::uint32_t random);

}  // namespace penstock
