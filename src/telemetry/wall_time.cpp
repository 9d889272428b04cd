#include "telemetry/wall_time.h"

#include <time.h>

#include <algorithm>
#include <chrono>

#include "penstock/text.h"

namespace penstock {
namespace {

constexpr std::int64_t ns_per_s = 1'000'000'000;
constexpr std::int64_t last_second = 253'402'300'799;  // 9999-12-31T23:59:59Z

}  // namespace

std::int64_t wall_now_ns() noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * ns_per_s + now.tv_nsec;
}

Bytes WallTime::text(std::int64_t unix_ns) noexcept {
  const std::int64_t ns = std::max<std::int64_t>(unix_ns, 0);
  const std::int64_t second = std::min(ns / ns_per_s, last_second);
  if (second != second_) write_second(second);
  put_thousandths(text_.data() + 20, static_cast<std::uint32_t>(ns / 1'000'000 % 1'000));
  return {text_.data(), text_.size()};
}

void WallTime::write_second(std::int64_t second) noexcept {
  using namespace std::chrono;
  const sys_seconds time{seconds{second}};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  const auto digits = [this](std::size_t at, std::size_t count, std::int64_t value) {
    while (count-- > 0) {
      text_[at + count] = static_cast<char>('0' + value % 10);
      value /= 10;
    }
  };
  std::ranges::copy(Bytes("0000-00-00T00:00:00.000Z"), text_.begin());
  digits(0, 4, static_cast<int>(date.year()));
  digits(5, 2, static_cast<unsigned>(date.month()));
  digits(8, 2, static_cast<unsigned>(date.day()));
  digits(11, 2, clock.hours().count());
  digits(14, 2, clock.minutes().count());
  digits(17, 2, clock.seconds().count());
  second_ = second;
}

}  // namespace penstock
