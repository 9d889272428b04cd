#include "telemetry/wall_time.h"

#include <doctest/doctest.h>

#include <string>

using namespace penstock;

TEST_CASE("wall_time/is_rfc_3339_with_milliseconds") {
  WallTime time;
  const auto text = [&time](std::int64_t ns) { return std::string(time.text(ns)); };
  CHECK(text(0) == "1970-01-01T00:00:00.000Z");
  CHECK(text(1'709'210'096'789'999'999) == "2024-02-29T12:34:56.789Z");
  CHECK(text(1'709'210'096'001'000'000) == "2024-02-29T12:34:56.001Z");
  CHECK(text(1'709'210'097'000'000'000) == "2024-02-29T12:34:57.000Z");
  CHECK(text(1'709'210'096'500'000'000) == "2024-02-29T12:34:56.500Z");  // the clock was set back
  CHECK(text(-1) == "1970-01-01T00:00:00.000Z");
}
