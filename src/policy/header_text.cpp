// The words of rate-limit and retry headers.
#include "penstock/policy.h"

namespace penstock {

ShortText write_reset(Duration duration) {
  constexpr std::int64_t ns_of_ms = 1'000'000;
  const std::int64_t ns = std::max<std::int64_t>(0, duration.ns);
  const auto all_ms = static_cast<std::uint64_t>(ns / ns_of_ms + (ns % ns_of_ms != 0 ? 1 : 0));
  ShortText text;
  if (all_ms > 0 && all_ms < 1000) {
    text.add(all_ms);
    text.add('m');
    text.add('s');
    return text;
  }
  const std::uint64_t hours = all_ms / 3'600'000;
  const std::uint64_t minutes = all_ms / 60'000 % 60;
  const std::uint64_t seconds = all_ms / 1000 % 60;
  if (hours > 0) {
    text.add(hours);
    text.add('h');
  }
  if (hours > 0 || minutes > 0) {
    text.add(minutes);
    text.add('m');
  }
  text.add(seconds);
  if (std::uint64_t rest = all_ms % 1000; rest != 0) {
    text.add('.');
    // Three digits without the zeros at their end.
    for (std::uint64_t digit = 100; rest != 0; digit /= 10) {
      text.add(static_cast<char>('0' + rest / digit));
      rest %= digit;
    }
  }
  text.add('s');
  return text;
}

std::uint32_t retry_after_s(Duration wait, std::uint32_t random) {
  constexpr std::int64_t day_ns = 86'400'000'000'000;
  const std::int64_t ns = std::clamp<std::int64_t>(wait.ns, 0, day_ns);
  const std::int64_t later = ns / 5 / 1000 * static_cast<std::int64_t>(random % 1001);
  return static_cast<std::uint32_t>(
      std::max<std::int64_t>(1, (ns + later + 999'999'999) / 1'000'000'000));
}

}  // namespace penstock
