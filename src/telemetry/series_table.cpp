#include "telemetry/series_table.h"

#include <new>
#include <type_traits>

namespace penstock {

static_assert(std::is_trivially_destructible_v<Histogram>);
static_assert(alignof(Histogram) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);

SeriesTable::SeriesTable(std::size_t series_max)
    : slots_(std::make_unique<Slot[]>(slots_max)),
      pool_(std::make_unique_for_overwrite<std::byte[]>(histograms_max * sizeof(Histogram))),
      series_left_(series_max) {
  // Some slots are always empty, so that a search ends.
  PENSTOCK_ASSERT(series_max <= slots_max / 4 * 3);
}

Histogram& SeriesTable::histogram(SeriesKey key) noexcept {
  PENSTOCK_DEBUG_ASSERT(holds_histogram(key.family));
  const Slot* slot = find(key.packed());
  return slot ? *at(slot->value.value()) : unread_histogram_;
}

SeriesTable::Slot* SeriesTable::find(std::uint64_t key) noexcept {
  // Fibonacci hashing: the high bits of the product depend on all bits of the key.
  std::size_t i = (key * 0x9E3779B97F4A7C15u) >> (64 - slots_shift);
  for (;; i = (i + 1) % slots_max) {
    const std::uint64_t there = slots_[i].key.load(std::memory_order_relaxed);
    if (there == key) return &slots_[i];
    if (there == 0) return make(slots_[i], key);
  }
}

SeriesTable::Slot* SeriesTable::make(Slot& slot, std::uint64_t key) noexcept {
  const bool with_histogram = holds_histogram(SeriesKey::unpacked(key).family);
  const std::size_t cost = with_histogram ? histogram_cost : 1;
  if (cost > series_left_ || (with_histogram && histograms_ == histograms_max)) {
    refused_.add();
    return nullptr;
  }
  series_left_ -= cost;
  if (with_histogram) {
    new (pool_.get() + histograms_ * sizeof(Histogram)) Histogram;
    slot.value.add(histograms_++);
  }
  // Release: a reader that sees the key sees the histogram behind it.
  slot.key.store(key, std::memory_order_release);
  return &slot;
}

}  // namespace penstock
