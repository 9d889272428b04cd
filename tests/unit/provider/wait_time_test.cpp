#include "provider/wait_time.h"

#include <doctest/doctest.h>

#include <string>

using namespace penstock;

namespace {

constexpr std::int64_t noon_s = 1'795'176'000;  // 2026-11-20T12:00:00Z

}  // namespace

TEST_CASE("wait_time/seconds") {
  CHECK(read_seconds("0") == 0u);
  CHECK(read_seconds("59") == 59'000u);
  CHECK(read_seconds("1.5") == 1'500u);
  CHECK(read_seconds("48.9401") == 48'941u);
  CHECK(read_seconds("0.0000001") == 1u);
  CHECK(read_seconds("2.123456789123") == 2'124u);
  for (const Bytes bad : {"", "-1", "+1", "1.", ".5", "1s", "1 ", "0x1", "12345678901234", "1e3"}) {
    CAPTURE(bad);
    CHECK_FALSE(read_seconds(bad));
  }
}

TEST_CASE("wait_time/durations") {
  CHECK(read_duration("1s") == 1'000u);
  CHECK(read_duration("6m0s") == 360'000u);
  CHECK(read_duration("1h2m3s") == 3'723'000u);
  CHECK(read_duration("250ms") == 250u);
  CHECK(read_duration("2m59.56s") == 179'560u);
  CHECK(read_duration("7.66s") == 7'660u);
  CHECK(read_duration("34.4s") == 34'400u);
  CHECK(read_duration("0s") == 0u);
  CHECK(read_duration("12\xc2\xb5s") == 1u);
  CHECK(read_duration("1d") == 86'400'000u);
  for (const Bytes bad : {"", "5", "s", "-1s", "1s2", "1x", "9999999999999d", "10000000000d"}) {
    CAPTURE(bad);
    CHECK_FALSE(read_duration(bad));
  }
}

TEST_CASE("wait_time/timestamps") {
  CHECK(read_timestamp("1970-01-01T00:00:00Z") == 0u);
  CHECK(read_timestamp("2026-11-20T12:00:00Z") == 1'795'176'000'000u);
  CHECK(read_timestamp("2026-11-20T12:00:00.25Z") == 1'795'176'000'250u);
  CHECK(read_timestamp("2026-11-20T14:00:00+02:00") == 1'795'176'000'000u);
  CHECK(read_timestamp("2026-11-20T11:30:00-00:30") == 1'795'176'000'000u);
  CHECK(read_timestamp("2024-02-29T00:00:00Z"));
  for (const Bytes bad :
       {"", "2026-11-20", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-20T24:00:00Z",
        "2026-11-20T12:00:00", "2026-11-20T12:00:00.Z", "2026-11-20T12:00:00+2:00",
        "1969-12-31T00:00:00Z", "2026-11-20T12:0:00Z", "2026x11-20T12:00:00Z"}) {
    CAPTURE(bad);
    CHECK_FALSE(read_timestamp(bad));
  }
}

TEST_CASE("wait_time/http_dates") {
  CHECK(read_http_date("Sun, 06 Nov 1994 08:49:37 GMT") == 784'111'777'000u);
  CHECK(read_http_date("Fri, 20 Nov 2026 12:00:00 GMT") == 1'795'176'000'000u);
  for (const Bytes bad : {"", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 6 Nov 1994 08:49:37 GMT",
                          "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT"}) {
    CAPTURE(bad);
    CHECK_FALSE(read_http_date(bad));
  }
}

TEST_CASE("wait_time/resets_of_all_units") {
  CHECK(read_reset("2", noon_s) == 2'000u);
  CHECK(read_reset("6m0s", noon_s) == 360'000u);
  CHECK(read_reset("2026-11-20T12:00:10Z", noon_s) == 10'000u);
  CHECK(read_reset("2026-11-20T11:00:10Z", noon_s) == 0u);
  CHECK(read_reset("1795176003", noon_s) == 3'000u);     // Unix seconds
  CHECK(read_reset("1795176003500", noon_s) == 3'500u);  // Unix milliseconds
  CHECK(read_reset("1795175000000", noon_s) == 0u);      // past
  CHECK(read_reset("Fri, 20 Nov 2026 12:00:05 GMT", noon_s) == 5'000u);
  CHECK_FALSE(read_reset("soon", noon_s));
  CHECK_FALSE(read_reset("", noon_s));
  CHECK(read_reset("5", -1) == 5'000u);
}
