#include "config/value.h"

#include <array>
#include <charconv>
#include <limits>
#include <span>

namespace penstock::config {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<Unit, 4> size_units{Unit{"GiB", 1ull << 30}, Unit{"MiB", 1ull << 20},
                                         Unit{"KiB", 1ull << 10}, Unit{"B", 1}};
constexpr std::array<Unit, 5> time_units{Unit{"d", 86'400'000'000'000},
                                         Unit{"h", 3'600'000'000'000}, Unit{"m", 60'000'000'000},
                                         Unit{"s", 1'000'000'000}, Unit{"ms", 1'000'000}};

std::unexpected<std::string> wrong(std::string what) {
  return std::unexpected(std::move(what));
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter_or_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_name_of(std::string_view text, std::string_view extra, std::size_t length_max) {
  if (text.empty() || text.size() > length_max || !is_letter_or_digit(text[0])) return false;
  for (const char c : text) {
    if (!is_letter_or_digit(c) && extra.find(c) == std::string_view::npos) return false;
  }
  return true;
}

// The number of `count` units, or nothing when `text` is not a number with one of them or too big.
Parsed<std::uint64_t> parse_with_unit(std::string_view text, std::span<const Unit> units,
                                      std::string_view advice) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (error == std::errc{}) {
    for (const Unit& known : units) {
      if (unit != known.name) continue;
      constexpr auto max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
      if (number > max / known.factor) return wrong("is too large");
      return number * known.factor;
    }
  }
  return wrong(std::string(advice));
}

std::string write_with_unit(std::uint64_t value, std::span<const Unit> units) {
  for (const Unit& unit : units) {
    if (value >= unit.factor && value % unit.factor == 0) {
      return std::to_string(value / unit.factor) + std::string(unit.name);
    }
  }
  return std::to_string(value) + std::string(units.back().name);
}

// `text` must be digits only.
std::int64_t number_of(std::string_view text) {
  std::int64_t number = 0;
  for (const char c : text) number = number * 10 + (c - '0');
  return number;
}

// Does `text` look like `form`, where '0' stands for any digit?
bool has_form(std::string_view text, std::string_view form) {
  if (text.size() != form.size()) return false;
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (form[i] == '0' ? !is_digit(text[i]) : text[i] != form[i]) return false;
  }
  return true;
}

// Days from 1970-01-01 in the Gregorian calendar; years start in March so that the leap day is
// the last of its year.
std::int64_t days_from_civil(std::int64_t year, std::int64_t month, std::int64_t day) {
  if (month <= 2) --year;
  const std::int64_t era = year / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

}  // namespace

Parsed<bool> parse_flag(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return wrong("is neither true nor false; write one of them");
}

Parsed<std::uint64_t> parse_count(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc::result_out_of_range) return wrong("is too large");
  if (error != std::errc{} || end != text.data() + text.size()) {
    return wrong("is not a whole number; write digits only, such as 100");
  }
  return number;
}

Parsed<std::uint64_t> parse_size(std::string_view text) {
  return parse_with_unit(text, size_units,
                         "is not a size; write a whole number with B, KiB, MiB or GiB, such as "
                         "64KiB");
}

Parsed<std::uint32_t> parse_percent(std::string_view text) {
  if (text.ends_with('%')) {
    const auto number = parse_count(text.substr(0, text.size() - 1));
    if (number && *number <= 100) return static_cast<std::uint32_t>(*number);
  }
  return wrong("is not a percentage; write a whole number from 0% to 100%");
}

Parsed<Duration> parse_duration(std::string_view text) {
  const auto ns = parse_with_unit(text, time_units,
                                  "is not a duration; write a whole number with ms, s, m, h or d, "
                                  "such as 250ms, 30s or 10m");
  if (!ns) return wrong(ns.error());
  return Duration{static_cast<std::int64_t>(*ns)};
}

Parsed<std::int64_t> parse_date(std::string_view text) {
  const bool with_time = has_form(text, "0000-00-00T00:00:00Z");
  const auto advice =
      "is not a date; write 2027-01-01, or with a time in UTC: "
      "2027-01-01T12:00:00Z";
  if (!with_time && !has_form(text, "0000-00-00")) return wrong(advice);
  const std::int64_t year = number_of(text.substr(0, 4));
  const std::int64_t month = number_of(text.substr(5, 2));
  const std::int64_t day = number_of(text.substr(8, 2));
  constexpr std::array<std::int64_t, 12> days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (year < 1970 || month < 1 || month > 12 || day < 1 ||
      day > days[static_cast<std::size_t>(month - 1)] + (month == 2 && leap ? 1 : 0)) {
    return wrong("is not a day of the calendar");
  }
  std::int64_t seconds = days_from_civil(year, month, day) * 86'400;
  if (with_time) {
    const std::int64_t hours = number_of(text.substr(11, 2));
    const std::int64_t minutes = number_of(text.substr(14, 2));
    const std::int64_t rest = number_of(text.substr(17, 2));
    if (hours > 23 || minutes > 59 || rest > 59) return wrong("is not a time of a day");
    seconds += hours * 3600 + minutes * 60 + rest;
  }
  return seconds;
}

bool is_name(std::string_view text) {
  return is_name_of(text, "._-", 64);
}
bool is_model_name(std::string_view text) {
  return is_name_of(text, "._-:/", 128);
}

std::string write_size(std::uint64_t bytes) {
  return write_with_unit(bytes, size_units);
}
std::string write_duration(Duration duration) {
  return write_with_unit(static_cast<std::uint64_t>(duration.ns), time_units);
}

}  // namespace penstock::config
