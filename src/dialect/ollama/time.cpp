// Ollama's `created_at` is an RFC 3339 time with up to nine digits of fraction.
#include <charconv>
#include <chrono>

#include "dialect/ollama/ollama.h"

namespace penstock::dialect::ollama {
namespace {

// The number that `digits` bytes of `text` at `at` spell; -1 when they do not.
int field(Bytes text, std::size_t at, std::size_t digits) {
  if (text.size() < at + digits) return -1;
  int value = -1;
  const char* const end = text.data() + at + digits;
  const auto read = std::from_chars(text.data() + at, end, value);
  return read.ec == std::errc{} && read.ptr == end && value >= 0 ? value : -1;
}

}  // namespace

std::int64_t read_time(Bytes text) {
  using namespace std::chrono;
  const int y = field(text, 0, 4);
  const int mo = field(text, 5, 2);
  const int d = field(text, 8, 2);
  const int h = field(text, 11, 2);
  const int mi = field(text, 14, 2);
  const int s = field(text, 17, 2);
  if (y < 0 || mo < 0 || d < 0 || h < 0 || mi < 0 || s < 0) return 0;
  const year_month_day date{year{y}, month{static_cast<unsigned>(mo)},
                            day{static_cast<unsigned>(d)}};
  if (!date.ok() || h > 23 || mi > 59 || s > 60) return 0;
  std::int64_t seconds =
      sys_days(date).time_since_epoch().count() * std::int64_t{86400} + h * 3600 + mi * 60 + s;
  std::size_t at = text.find_first_not_of("0123456789.", 19);
  if (at == Bytes::npos) return 0;
  if (text[at] == '+' || text[at] == '-') {
    const int offset_h = field(text, at + 1, 2);
    const int offset_mi = field(text, at + 4, 2);
    if (offset_h < 0 || offset_mi < 0) return 0;
    const int offset = offset_h * 3600 + offset_mi * 60;
    seconds += text[at] == '+' ? -offset : offset;
  }
  return seconds > 0 ? seconds : 0;
}

}  // namespace penstock::dialect::ollama
