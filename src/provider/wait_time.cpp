#include "provider/wait_time.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace penstock {
namespace {

constexpr std::uint64_t second_ms = 1'000;
constexpr std::uint64_t minute_ms = 60 * second_ms;
constexpr std::uint64_t hour_ms = 60 * minute_ms;
constexpr std::uint64_t day_ms = 24 * hour_ms;

// Digits of a number that is read; a Unix time in milliseconds has 13.
constexpr std::size_t digits_max = 13;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// A number with at most nine digits behind its point: `whole` + `billionths` / 10^9.
struct Decimal {
  std::uint64_t whole = 0;
  std::uint64_t billionths = 0;
};

// Takes a number off the front of `text`.
std::optional<Decimal> take_decimal(Bytes& text) {
  Decimal number;
  std::size_t at = 0;
  while (at < text.size() && is_digit(text[at])) {
    if (at >= digits_max) return std::nullopt;
    number.whole = number.whole * 10 + static_cast<std::uint64_t>(text[at++] - '0');
  }
  if (at == 0) return std::nullopt;
  if (at < text.size() && text[at] == '.') {
    const std::size_t begin = ++at;
    std::uint64_t unit = 100'000'000;
    for (; at < text.size() && is_digit(text[at]); ++at, unit /= 10) {
      number.billionths += static_cast<std::uint64_t>(text[at] - '0') * unit;
    }
    if (at == begin) return std::nullopt;
  }
  text.remove_prefix(at);
  return number;
}

// A number of units, rounded up to whole milliseconds.
std::uint64_t in_ms(const Decimal& number, std::uint64_t unit_ms) {
  constexpr std::uint64_t billion = 1'000'000'000;
  return number.whole * unit_ms + (number.billionths * unit_ms + billion - 1) / billion;
}

// Exactly `count` digits at `at`.
std::optional<unsigned> digits(Bytes text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  unsigned number = 0;
  for (const char c : text.substr(at, count)) {
    if (!is_digit(c)) return std::nullopt;
    number = number * 10 + static_cast<unsigned>(c - '0');
  }
  return number;
}

// Unix time of a date and a time of day, in milliseconds.
std::optional<std::uint64_t> unix_ms(unsigned year, unsigned month, unsigned day,
                                     std::optional<unsigned> hours, std::optional<unsigned> minutes,
                                     std::optional<unsigned> seconds) {
  namespace chrono = std::chrono;
  const chrono::year_month_day date(chrono::year(static_cast<int>(year)), chrono::month(month),
                                    chrono::day(day));
  if (!date.ok() || year < 1970 || !hours || !minutes || !seconds) return std::nullopt;
  // 60: a leap second.
  if (*hours > 23 || *minutes > 59 || *seconds > 60) return std::nullopt;
  const auto days = static_cast<std::uint64_t>(chrono::sys_days(date).time_since_epoch().count());
  return days * day_ms + *hours * hour_ms + *minutes * minute_ms + *seconds * second_ms;
}

// "hh:mm:ss" at `at`, on that day.
std::optional<std::uint64_t> with_clock(Bytes text, std::size_t at, unsigned year, unsigned month,
                                        unsigned day) {
  if (at + 8 > text.size() || text[at + 2] != ':' || text[at + 5] != ':') return std::nullopt;
  return unix_ms(year, month, day, digits(text, at, 2), digits(text, at + 3, 2),
                 digits(text, at + 6, 2));
}

// What is behind the seconds of a timestamp: a fraction, and "Z" or an offset.
std::optional<std::uint64_t> with_zone(std::uint64_t ms, Bytes rest) {
  if (rest.starts_with('.')) {
    // Read as "0.…": the fraction's digits are those of a number below one.
    std::size_t end = 1;
    std::uint64_t fraction = 0;
    std::uint64_t unit = 100;
    for (; end < rest.size() && is_digit(rest[end]); ++end, unit /= 10) {
      fraction += static_cast<std::uint64_t>(rest[end] - '0') * unit;
    }
    if (end == 1) return std::nullopt;
    ms += fraction;
    rest.remove_prefix(end);
  }
  if (rest == "Z" || rest == "z") return ms;
  if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':') return std::nullopt;
  const auto hours = digits(rest, 1, 2);
  const auto minutes = digits(rest, 4, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const std::uint64_t offset = *hours * hour_ms + *minutes * minute_ms;
  if (rest[0] == '-') return ms + offset;
  return ms >= offset ? ms - offset : 0;
}

}  // namespace

std::optional<std::uint64_t> read_seconds(Bytes text) {
  const auto number = take_decimal(text);
  if (!number || !text.empty()) return std::nullopt;
  return in_ms(*number, second_ms);
}

std::optional<std::uint64_t> read_duration(Bytes text) {
  std::uint64_t total = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const auto number = take_decimal(text);
    constexpr std::uint64_t units_max = 10'000'000'000;  // of days: no overflow
    if (!number || number->whole > units_max) return std::nullopt;
    const std::size_t unit_end = std::min(text.find_first_of("0123456789"), text.size());
    const Bytes unit = text.substr(0, unit_end);
    text.remove_prefix(unit_end);
    if (unit == "ms") {
      total += in_ms(*number, 1);
    } else if (unit == "s") {
      total += in_ms(*number, second_ms);
    } else if (unit == "m") {
      total += in_ms(*number, minute_ms);
    } else if (unit == "h") {
      total += in_ms(*number, hour_ms);
    } else if (unit == "d") {
      total += in_ms(*number, day_ms);
    } else if (unit == "us" || unit == "\xc2\xb5s" || unit == "ns") {
      total += 1;
    } else {
      return std::nullopt;
    }
    constexpr std::uint64_t most = 100'000 * day_ms;
    if (total > most) return std::nullopt;
  }
  return total;
}

std::optional<std::uint64_t> read_timestamp(Bytes text) {
  constexpr std::size_t clock_at = 11;
  if (text.size() < clock_at + 9 || text[4] != '-' || text[7] != '-') return std::nullopt;
  if (text[10] != 'T' && text[10] != 't' && text[10] != ' ') return std::nullopt;
  const auto year = digits(text, 0, 4);
  const auto month = digits(text, 5, 2);
  const auto day = digits(text, 8, 2);
  if (!year || !month || !day) return std::nullopt;
  const auto ms = with_clock(text, clock_at, *year, *month, *day);
  if (!ms) return std::nullopt;
  return with_zone(*ms, text.substr(clock_at + 8));
}

std::optional<std::uint64_t> read_http_date(Bytes text) {
  constexpr std::array<Bytes, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  // "Sun, 06 Nov 1994 08:49:37 GMT"
  if (text.size() != 29 || text.substr(3, 2) != ", " || !text.ends_with(" GMT")) {
    return std::nullopt;
  }
  const auto day = digits(text, 5, 2);
  const auto year = digits(text, 12, 4);
  const auto month = std::ranges::find(months, text.substr(8, 3));
  if (!day || !year || month == months.end()) return std::nullopt;
  const auto number = static_cast<unsigned>(month - months.begin()) + 1;
  return with_clock(text, 17, *year, number, *day);
}

std::optional<std::uint64_t> read_reset(Bytes text, std::int64_t now_s) {
  const auto now_ms = static_cast<std::uint64_t>(std::max<std::int64_t>(now_s, 0)) * second_ms;
  const auto until = [now_ms](std::uint64_t ms) { return ms > now_ms ? ms - now_ms : 0; };
  constexpr std::uint64_t unix_seconds_from = 1'000'000'000;
  constexpr std::uint64_t unix_ms_from = 1'000'000'000'000;
  if (const auto ms = read_seconds(text)) {
    const std::uint64_t seconds = *ms / second_ms;
    if (seconds >= unix_ms_from) return until(seconds);
    return seconds >= unix_seconds_from ? until(*ms) : *ms;
  }
  if (const auto ms = read_duration(text)) return ms;
  if (const auto ms = read_timestamp(text)) return until(*ms);
  if (const auto ms = read_http_date(text)) return until(*ms);
  return std::nullopt;
}

}  // namespace penstock
