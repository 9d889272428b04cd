// Time as a value. Nothing below the drivers reads a clock: pure machines get an `Instant` as an
// argument, so that tests and the simulator own it.
#pragma once

#include <compare>
#include <cstdint>

namespace penstock {

// A span of time in nanoseconds; may be negative.
struct Duration {
  std::int64_t ns = 0;

  static constexpr Duration microseconds(std::int64_t n) { return {n * 1'000}; }
  static constexpr Duration milliseconds(std::int64_t n) { return {n * 1'000'000}; }
  static constexpr Duration seconds(std::int64_t n) { return {n * 1'000'000'000}; }
  constexpr std::int64_t us() const { return ns / 1'000; }
  constexpr std::int64_t ms() const { return ns / 1'000'000; }
  constexpr auto operator<=>(const Duration&) const = default;
};

// A point on the monotonic clock (CLOCK_MONOTONIC, or virtual time in the simulator).
struct Instant {
  std::int64_t ns = 0;

  static constexpr Instant never() { return {INT64_MAX}; }
  constexpr auto operator<=>(const Instant&) const = default;
  // `never` stays `never`, whatever is added; sums saturate there.
  friend constexpr Instant operator+(Instant t, Duration d) {
    if (t == never() || (d.ns > 0 && t.ns > INT64_MAX - d.ns)) return never();
    return {t.ns + d.ns};
  }
  friend constexpr Duration operator-(Instant a, Instant b) { return {a.ns - b.ns}; }
};

// When something must have happened. A deadline is a point in time and is handed down, so that
// nested steps cannot add their limits up.
struct Deadline {
  Instant at = Instant::never();

  static constexpr Deadline never() { return {}; }
  static constexpr Deadline after(Instant now, Duration d) { return {now + d}; }
  constexpr bool passed(Instant now) const { return now >= at; }
  constexpr Deadline sooner(Deadline other) const { return at <= other.at ? *this : other; }
};

}  // namespace penstock
