// Log-linear histogram of nanoseconds: 128 equal steps in every power of two, so a value is
// reported with less than 0.4 % error. Fixed memory, no allocation while recording. Used by the
// load client for latencies; one writer, no locks.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace penstock::loadtest {

class Histogram {
 public:
  // Counts one value in nanoseconds. Negative values count as 0, values above 2^42 ns (73 minutes)
  // as 2^42 ns.
  void record(std::int64_t value_ns) {
    const std::uint64_t value = value_ns < 0 ? 0 : static_cast<std::uint64_t>(value_ns);
    const std::uint64_t kept = value < value_max ? value : value_max;
    ++steps_[index_of(kept)];
    ++count_;
    sum_ += static_cast<double>(kept);
    if (kept > max_) max_ = kept;
  }

  void clear() { *this = Histogram{}; }

  std::uint64_t count() const { return count_; }
  double mean_ns() const { return count_ == 0 ? 0.0 : sum_ / static_cast<double>(count_); }
  double max_ns() const { return static_cast<double>(max_); }

  // Value in nanoseconds below or at which `share` (0 to 1) of all values lie: the middle of the
  // step that holds it. 0 when nothing was recorded.
  double quantile_ns(double share) const {
    if (count_ == 0) return 0.0;
    const double wanted = share * static_cast<double>(count_);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      seen += steps_[i];
      if (steps_[i] != 0 && static_cast<double>(seen) >= wanted) return middle_of(i);
    }
    return max_ns();
  }

 private:
  static constexpr unsigned step_bits = 7;
  static constexpr std::uint64_t steps_per_power = 1ULL << step_bits;
  static constexpr unsigned power_max = 42;
  static constexpr std::uint64_t value_max = 1ULL << power_max;

  // Values below 128 have a step each; above, the top 8 bits of a value choose its step.
  static constexpr std::size_t index_of(std::uint64_t value) {
    if (value < steps_per_power) return static_cast<std::size_t>(value);
    const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - 1 - step_bits;
    return static_cast<std::size_t>((shift + 1) * steps_per_power +
                                    ((value >> shift) & (steps_per_power - 1)));
  }

  static constexpr double middle_of(std::size_t index) {
    if (index < steps_per_power) return static_cast<double>(index);
    const std::uint64_t shift = index / steps_per_power - 1;
    const std::uint64_t low = (steps_per_power + index % steps_per_power) << shift;
    return static_cast<double>(low) + static_cast<double>((1ULL << shift) - 1) / 2.0;
  }

  std::array<std::uint64_t, (power_max - step_bits + 2) * steps_per_power> steps_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
  double sum_ = 0.0;
};

}  // namespace penstock::loadtest
