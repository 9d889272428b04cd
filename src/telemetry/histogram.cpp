#include "telemetry/histogram.h"

#include <algorithm>

namespace penstock {

std::uint64_t HistogramSum::count_up_to(std::int64_t ns) const noexcept {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < buckets::count && buckets::upper_ns(i) <= ns; ++i) sum += counts_[i];
  return sum;
}

Duration HistogramSum::quantile(double share) const noexcept {
  if (count_ == 0) return {};
  const double wanted = std::clamp(share, 0.0, 1.0) * static_cast<double>(count_);
  std::uint64_t sum = 0;
  std::size_t last = 0;
  for (std::size_t i = 0; i < buckets::count; ++i) {
    if (counts_[i] == 0) continue;
    sum += counts_[i];
    last = i;
    if (static_cast<double>(sum) >= wanted) break;
  }
  if (last == 0) return {buckets::lowest_ns / 2};
  const std::int64_t lower = buckets::upper_ns(last - 1);
  // The last bucket has no upper edge; its lower one is all that is known.
  if (last == buckets::count - 1) return {lower};
  return {lower + (buckets::upper_ns(last) - lower) / 2};
}

}  // namespace penstock
