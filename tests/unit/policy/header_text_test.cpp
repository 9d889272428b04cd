#include <doctest/doctest.h>

#include "penstock/policy.h"

using namespace penstock;

TEST_CASE("reset: the forms that OpenAI writes") {
  const auto written = [](Duration duration) { return std::string(write_reset(duration).view()); };
  CHECK(written({}) == "0s");
  CHECK(written({-5}) == "0s");
  CHECK(written({1}) == "1ms");
  CHECK(written(Duration::milliseconds(17)) == "17ms");
  CHECK(written(Duration::milliseconds(999)) == "999ms");
  CHECK(written({999'000'001}) == "1s");
  CHECK(written(Duration::milliseconds(1'000)) == "1s");
  CHECK(written(Duration::milliseconds(1'500)) == "1.5s");
  CHECK(written(Duration::milliseconds(1'050)) == "1.05s");
  CHECK(written(Duration::milliseconds(1'001)) == "1.001s");
  CHECK(written(Duration::milliseconds(18'862)) == "18.862s");
  CHECK(written(Duration::seconds(60)) == "1m0s");
  CHECK(written(Duration::seconds(360)) == "6m0s");
  CHECK(written(Duration::milliseconds(61'020)) == "1m1.02s");
  CHECK(written(Duration::seconds(3'600)) == "1h0m0s");
  CHECK_FALSE(written({INT64_MAX}).empty());
}

TEST_CASE("retry after: never too early, at most a fifth later") {
  CHECK(retry_after_s({}, 0) == 1);
  CHECK(retry_after_s({1}, 0) == 1);
  CHECK(retry_after_s(Duration::seconds(10), 0) == 10);
  CHECK(retry_after_s(Duration::milliseconds(10'001), 0) == 11);
  for (std::uint32_t random = 0; random < 5'000; ++random) {
    const auto seconds = retry_after_s(Duration::seconds(100), random);
    CHECK(seconds >= 100);
    CHECK(seconds <= 120);
  }
  CHECK(retry_after_s(Duration::seconds(100), 1'000) == 120);
  CHECK(retry_after_s({INT64_MAX}, UINT32_MAX) <= 86'400 * 6 / 5);
}
