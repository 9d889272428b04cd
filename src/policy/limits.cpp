// Rate and concurrency cells, and the admission of a request by both.
#include "penstock/policy.h"

namespace penstock {
namespace {

constexpr std::int64_t minute_ns = 60'000'000'000;

// The bucket in units of time: a request costs `interval`, a full bucket holds `period`.
struct Pace {
  std::int64_t interval_ns;
  std::int64_t period_ns;

  explicit Pace(std::uint32_t limit)
      // Rounded up, so that rounding never admits more than the limit.
      : interval_ns((minute_ns + limit - 1) / limit), period_ns(interval_ns * limit) {
    PENSTOCK_ASSERT(limit > 0);
  }
  // What is left when the bucket will be full in `missing_ns`. That may be more than a whole
  // bucket when the limit was lowered or a shard's clock is a turn behind.
  std::uint32_t remaining(std::int64_t missing_ns) const {
    const std::int64_t left = std::max<std::int64_t>(0, period_ns - missing_ns);
    return static_cast<std::uint32_t>(left / interval_ns);
  }
};

}  // namespace

RateCell::Verdict RateCell::admit(std::uint32_t limit, Instant now) {
  const Pace pace(limit);
  // Relaxed: the number stands for itself, no other memory is read on its word.
  std::int64_t full_at = full_at_ns_.load(std::memory_order_relaxed);
  while (true) {
    const std::int64_t from = std::max(full_at, now.ns);
    const std::int64_t next = from + pace.interval_ns;
    const std::int64_t missing = next - now.ns;
    if (missing > pace.period_ns) {
      return {false, {limit, 0, {from - now.ns}}, {missing - pace.period_ns}};
    }
    if (full_at_ns_.compare_exchange_weak(full_at, next, std::memory_order_relaxed)) {
      return {true, {limit, pace.remaining(missing), {missing}}, {}};
    }
  }
}

Allowance RateCell::look(std::uint32_t limit, Instant now) const {
  const Pace pace(limit);
  const std::int64_t full_at = full_at_ns_.load(std::memory_order_relaxed);
  const std::int64_t missing = std::max(full_at, now.ns) - now.ns;
  return {limit, pace.remaining(missing), {missing}};
}

bool ConcurrencyCell::try_take(std::uint32_t limit) {
  std::uint32_t used = used_.load(std::memory_order_relaxed);
  while (used < limit) {
    if (used_.compare_exchange_weak(used, used + 1, std::memory_order_relaxed)) return true;
  }
  return false;
}

void ConcurrencyCell::give_back() {
  const std::uint32_t before = used_.fetch_sub(1, std::memory_order_relaxed);
  PENSTOCK_ASSERT(before > 0);
}

std::optional<Slot> Slot::take(ConcurrencyCell& cell, std::uint32_t limit) {
  Slot slot;
  if (limit == 0) return slot;
  if (!cell.try_take(limit)) return std::nullopt;
  slot.cell_ = &cell;
  return slot;
}

namespace {

template <class Item, class Owners>
void adopt_cells(const std::vector<Item>& items, const Owners* before, Owners& owners,
                 std::vector<LimitCell*>& cells) {
  for (const Item& item : items) {
    std::shared_ptr<LimitCell>& cell = owners[item.name];
    if (before != nullptr) {
      if (const auto found = before->find(item.name); found != before->end()) cell = found->second;
    }
    if (!cell) cell = std::make_shared<LimitCell>();
    cells.push_back(cell.get());
  }
}

}  // namespace

LimitCells::LimitCells(const Snapshot& snapshot, const LimitCells* before) {
  adopt_cells(snapshot.keys, before == nullptr ? nullptr : &before->key_owners_, key_owners_,
              keys_);
  adopt_cells(snapshot.providers, before == nullptr ? nullptr : &before->provider_owners_,
              provider_owners_, providers_);
}

std::expected<Admission, Refusal> admit(const VirtualKey& key, LimitCell& cell, Instant now) {
  // The place first: a request that finds none must not use up a request of the minute.
  auto slot = Slot::take(cell.parallel, key.concurrency);
  if (!slot) {
    const Allowance left = key.rpm == 0 ? Allowance{} : cell.requests.look(key.rpm, now);
    return std::unexpected(Refusal{Error{Code::too_many_concurrent_requests, Side::client}, left,
                                   Duration::seconds(1)});
  }
  if (key.rpm == 0) return Admission{std::move(*slot), {}};
  const RateCell::Verdict verdict = cell.requests.admit(key.rpm, now);
  if (!verdict.admitted) {
    return std::unexpected(Refusal{Error{Code::rate_limit_exceeded, Side::client},
                                   verdict.allowance, verdict.retry_after});
  }
  return Admission{std::move(*slot), verdict.allowance};
}

}  // namespace penstock
