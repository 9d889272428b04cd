#include "telemetry/histogram.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

using namespace penstock;

TEST_CASE("histogram/every_bucket_ends_at_its_edge") {
  CHECK(buckets::of(INT64_MIN) == 0);
  CHECK(buckets::of(0) == 0);
  CHECK(buckets::of(INT64_MAX) == buckets::count - 1);
  for (std::size_t i = 0; i + 1 < buckets::count; ++i) {
    const std::int64_t edge = buckets::upper_ns(i);
    CAPTURE(edge);
    CHECK(buckets::of(edge) == i);
    CHECK(buckets::of(edge + 1) == i + 1);
    CHECK(buckets::upper_ns(i + 1) > edge);
  }
  CHECK(buckets::upper_ns(buckets::count - 2) == buckets::highest_ns);
}

TEST_CASE("histogram/counts_up_to_a_bound_are_exact") {
  std::mt19937_64 random(3);
  std::lognormal_distribution<double> spread(std::log(2e6), 3.0);
  std::vector<std::int64_t> values;
  Histogram histogram;
  std::uint64_t sum = 0;
  for (int i = 0; i < 20'000; ++i) {
    auto ns = static_cast<std::int64_t>(spread(random));
    if (i % 10 == 0) ns = ns / 1'000'000 * 1'000'000;  // values on the bounds
    values.push_back(ns);
    sum += static_cast<std::uint64_t>(ns);
    histogram.record({ns});
  }
  HistogramSum total;
  total.add(histogram);
  CHECK(total.count() == values.size());
  CHECK(total.sum_ns() == sum);
  std::ranges::sort(values);
  for (std::int64_t bound = 1'000; bound <= 1'000'000'000'000; bound *= 10) {
    for (const std::int64_t b : {bound, bound / 2 * 5, bound * 5}) {
      if (b > buckets::highest_ns) continue;
      CAPTURE(b);
      const auto exact = std::ranges::upper_bound(values, b) - values.begin();
      CHECK(total.count_up_to(b) == static_cast<std::uint64_t>(exact));
    }
  }
}

TEST_CASE("histogram/quantiles_are_near_the_exact_ones") {
  std::mt19937_64 random(5);
  std::lognormal_distribution<double> spread(std::log(5e7), 2.0);
  std::vector<std::int64_t> values;
  Histogram histogram;
  for (int i = 0; i < 50'000; ++i) {
    values.push_back(static_cast<std::int64_t>(spread(random)) + 2'000);
    histogram.record({values.back()});
  }
  HistogramSum total;
  total.add(histogram);
  std::ranges::sort(values);
  for (const double q : {0.01, 0.1, 0.5, 0.9, 0.99, 0.999}) {
    const auto exact = static_cast<double>(values[static_cast<std::size_t>(q * 50'000)]);
    const auto got = static_cast<double>(total.quantile(q).ns);
    CAPTURE(q);
    CHECK(std::abs(got - exact) / exact < 0.15);  // half the widest bucket, and sampling
  }
}

TEST_CASE("histogram/empty_negative_and_huge") {
  HistogramSum none;
  CHECK(none.quantile(0.5) == Duration{0});
  Histogram histogram;
  histogram.record({-5});
  histogram.record({INT64_MAX / 2});
  HistogramSum total;
  total.add(histogram);
  CHECK(total.count() == 2);
  CHECK(total.count_up_to(1'000) == 1);
  CHECK(total.count_up_to(buckets::highest_ns) == 1);
  CHECK(total.quantile(1.0) == Duration{buckets::highest_ns});
}
