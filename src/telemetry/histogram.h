// Durations as counts in buckets. The buckets are linear inside each power of ten (36 steps of a
// quarter), so that every bound that Prometheus shows (1, 2.5, 5 × 10^k) is the edge of a bucket:
// the exported counts are exact, and any value is known to 25 % at worst, 8 % on average.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "penstock/time.h"
#include "telemetry/metric.h"

namespace penstock {

// Bucket 0 takes all up to 1 µs, then 36 for each power of ten up to 1000 s, the last takes the
// rest. A bucket holds (lower, upper]: the upper edge belongs to it, as `le` wants.
namespace buckets {

inline constexpr std::size_t steps = 36;
inline constexpr std::size_t decades = 9;
inline constexpr std::size_t count = 1 + steps * decades + 1;
inline constexpr std::array<std::uint64_t, 14> power_of_ten{1,
                                                            10,
                                                            100,
                                                            1'000,
                                                            10'000,
                                                            100'000,
                                                            1'000'000,
                                                            10'000'000,
                                                            100'000'000,
                                                            1'000'000'000,
                                                            10'000'000'000,
                                                            100'000'000'000,
                                                            1'000'000'000'000,
                                                            10'000'000'000'000};
inline constexpr std::size_t first_power = 3;  // 10^3 ns
inline constexpr std::int64_t lowest_ns = 1'000;
inline constexpr std::int64_t highest_ns = 1'000'000'000'000;

// The bucket of a duration. Negative ones count as zero.
constexpr std::size_t of(std::int64_t ns) noexcept {
  if (ns <= lowest_ns) return 0;
  if (ns > highest_ns) return count - 1;
  // Upper edges belong to their bucket, so look up the nanosecond before.
  const auto v = static_cast<std::uint64_t>(ns - 1);
  // 1233 / 4096 is log10(2): the number of digits from the number of bits, one too many at times.
  std::size_t power = (static_cast<std::size_t>(std::bit_width(v)) * 1233) >> 12;
  if (v < power_of_ten[power]) --power;
  const std::uint64_t quarter = v / (power_of_ten[power] / 4);  // 4 to 39
  return 1 + (power - first_power) * steps + static_cast<std::size_t>(quarter) - 4;
}

// The upper edge of a bucket in nanoseconds; of the last one, the largest number.
constexpr std::int64_t upper_ns(std::size_t bucket) noexcept {
  if (bucket == 0) return lowest_ns;
  if (bucket >= count - 1) return INT64_MAX;
  const std::size_t power = first_power + (bucket - 1) / steps;
  const std::size_t quarters = (bucket - 1) % steps + 5;
  return static_cast<std::int64_t>(power_of_ten[power] / 4 * quarters);
}

}  // namespace buckets

// One writer (the shard), any readers. 2.6 KB.
class Histogram {
 public:
  void record(Duration d) noexcept {
    counts_[buckets::of(d.ns)].add();
    if (d.ns > 0) sum_ns_.add(static_cast<std::uint64_t>(d.ns));
  }
  std::uint64_t count_in(std::size_t bucket) const noexcept { return counts_[bucket].value(); }
  std::uint64_t sum_ns() const noexcept { return sum_ns_.value(); }

 private:
  std::array<Counter, buckets::count> counts_;
  Counter sum_ns_;
};

// The sum of some histograms as read at one moment; for one thread.
class HistogramSum {
 public:
  void add(const Histogram& histogram) noexcept {
    for (std::size_t i = 0; i < buckets::count; ++i) {
      const std::uint64_t n = histogram.count_in(i);
      counts_[i] += n;
      count_ += n;
    }
    sum_ns_ += histogram.sum_ns();
  }
  std::uint64_t count() const noexcept { return count_; }
  std::uint64_t sum_ns() const noexcept { return sum_ns_; }
  // Values up to `ns`, exact when that is the edge of a bucket, else up to the edge below.
  std::uint64_t count_up_to(std::int64_t ns) const noexcept;
  // A duration that about `share` (0 to 1) of the values do not exceed: the middle of its bucket.
  // Zero when there are no values.
  Duration quantile(double share) const noexcept;

 private:
  std::array<std::uint64_t, buckets::count> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_ns_ = 0;
};

}  // namespace penstock
