// Checks the histogram's promise: a quantile is within 0.4 % of the value that was recorded.

#include "histogram.h"

#include <cmath>
#include <cstdio>

namespace {

int failures = 0;

void expect_near(const char* what, double found, double wanted, double error) {
  if (std::abs(found - wanted) <= error) return;
  std::fprintf(stderr, "%s: %.3f instead of %.3f\n", what, found, wanted);
  ++failures;
}

}  // namespace

int main() {
  using penstock::loadtest::Histogram;

  for (std::int64_t value = 1; value < (std::int64_t{1} << 41); value += value / 3 + 1) {
    Histogram one;
    one.record(value);
    const auto wanted = static_cast<double>(value);
    expect_near("single value", one.quantile_ns(0.5), wanted, wanted * 0.004);
    expect_near("largest value", one.max_ns(), wanted, 0);
  }

  Histogram many;
  for (std::int64_t value = 1; value <= 100'000; ++value) many.record(value);
  expect_near("count", static_cast<double>(many.count()), 100'000, 0);
  expect_near("mean", many.mean_ns(), 50'000.5, 0.01);
  for (const double share : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    expect_near("quantile", many.quantile_ns(share), share * 100'000, share * 100'000 * 0.004);
  }

  Histogram edges;
  expect_near("empty", edges.quantile_ns(0.99), 0, 0);
  edges.record(-5);
  edges.record(std::int64_t{1} << 60);
  expect_near("negative counts as 0", edges.quantile_ns(0.5), 0, 0);
  expect_near("too large is kept at the limit", edges.max_ns(), std::ldexp(1.0, 42), 0);
  return failures == 0 ? 0 : 1;
}
