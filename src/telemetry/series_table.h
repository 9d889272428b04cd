// The series of one shard whose labels are not known beforehand: a hash table of fixed size from
// four small numbers to a counter or a histogram. A series is made when it is first counted; past
// the cap it is refused, and counted as refused. No strings, no locks, no allocation.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "penstock/assert.h"
#include "telemetry/histogram.h"
#include "telemetry/metric.h"

namespace penstock {

// Which metric a series belongs to.
enum class Family : std::uint8_t { none, requests, tokens, attempts, time_to_first_byte };

// A family and its label values as numbers, in 64 bits. Zero is no series.
struct SeriesKey {
  Family family = Family::none;
  std::uint16_t a = 0;
  std::uint16_t b = 0;
  std::uint16_t c = 0;
  std::uint8_t d = 0;

  constexpr std::uint64_t packed() const {
    return std::uint64_t{static_cast<std::uint8_t>(family)} << 56 | std::uint64_t{a} << 40 |
           std::uint64_t{b} << 24 | std::uint64_t{c} << 8 | d;
  }
  static constexpr SeriesKey unpacked(std::uint64_t key) {
    return {static_cast<Family>(key >> 56), static_cast<std::uint16_t>(key >> 40),
            static_cast<std::uint16_t>(key >> 24), static_cast<std::uint16_t>(key >> 8),
            static_cast<std::uint8_t>(key)};
  }
};

// One writer. Readers walk the slots: a slot whose key they see has a value that is ready.
class SeriesTable {
 public:
  static constexpr std::size_t histograms_max = 256;
  // What a histogram costs of the cap: about its lines in the exported text.
  static constexpr std::size_t histogram_cost = 21;

  // At most `series_max` series in all; may be lowered for tests.
  explicit SeriesTable(std::size_t series_max = 9'500);
  SeriesTable(const SeriesTable&) = delete;
  SeriesTable& operator=(const SeriesTable&) = delete;

  // The counter of a series. When refused: one that nobody reads. The address stays valid.
  Counter& counter(SeriesKey key) noexcept {
    Slot* slot = find(key.packed());
    return slot ? slot->value : unread_counter_;
  }
  Histogram& histogram(SeriesKey key) noexcept;
  // Samples whose series was refused.
  std::uint64_t refused() const noexcept { return refused_.value(); }

  // For readers: `visit(key, value, histogram or null)` for every series.
  template <class F>
  void each(F&& visit) const {
    for (std::size_t i = 0; i < slots_max; ++i) {
      const std::uint64_t key = slots_[i].key.load(std::memory_order_acquire);
      if (key == 0) continue;
      const std::uint64_t value = slots_[i].value.value();
      const SeriesKey k = SeriesKey::unpacked(key);
      visit(k, value, holds_histogram(k.family) ? at(value) : nullptr);
    }
  }

 private:
  static constexpr std::size_t slots_shift = 14;
  static constexpr std::size_t slots_max = std::size_t{1} << slots_shift;
  struct Slot {
    std::atomic<std::uint64_t> key{0};
    Counter value;  // of a histogram: its position in the pool
  };
  static constexpr bool holds_histogram(Family family) {
    return family == Family::time_to_first_byte;
  }
  // The slot of a series, made if need be; null when refused.
  Slot* find(std::uint64_t key) noexcept;
  Slot* make(Slot& slot, std::uint64_t key) noexcept;
  Histogram* at(std::uint64_t position) const noexcept {
    PENSTOCK_ASSERT(position < histograms_max);
    return reinterpret_cast<Histogram*>(pool_.get()) + position;
  }

  std::unique_ptr<Slot[]> slots_;
  // Raw room for `histograms_max`; each is constructed when its series is made, so that pages
  // never used are never touched.
  std::unique_ptr<std::byte[]> pool_;
  std::size_t histograms_ = 0;
  std::size_t series_left_;
  Counter refused_;
  Counter unread_counter_;
  Histogram unread_histogram_;
};

}  // namespace penstock
