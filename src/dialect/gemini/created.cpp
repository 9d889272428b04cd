// The time of an answer.
#include "dialect/gemini/created.h"

#include <chrono>

namespace penstock::dialect::gemini {

std::int64_t unix_seconds(Bytes time) {
  constexpr Bytes shape = "dddd-dd-ddTdd:dd:dd";
  if (time.size() < shape.size()) return 0;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const bool digit = time[i] >= '0' && time[i] <= '9';
    if (shape[i] == 'd' ? !digit : time[i] != shape[i]) return 0;
  }
  const auto number = [&](std::size_t at, std::size_t digits) {
    int value = 0;
    for (std::size_t i = at; i < at + digits; ++i) value = value * 10 + (time[i] - '0');
    return value;
  };
  const std::chrono::year_month_day day{std::chrono::year(number(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                        std::chrono::day(static_cast<unsigned>(number(8, 2)))};
  if (!day.ok()) return 0;
  const std::int64_t days = std::chrono::sys_days(day).time_since_epoch().count();
  return days * 86400 + number(11, 2) * 3600 + number(14, 2) * 60 + number(17, 2);
}

}  // namespace penstock::dialect::gemini
