#include "telemetry/shard_metrics.h"

#include <algorithm>

namespace penstock {
namespace {

// Statuses that are shown as they are: those of the gateway's own answers (docs/operating.md) and
// those that providers send in their normal course.
constexpr std::array<std::uint16_t, 34> shown_statuses{
    200, 201, 202, 204, 206, 301, 302, 304, 307, 308, 400, 401, 402, 403, 404, 405, 408,
    409, 411, 413, 414, 415, 417, 422, 429, 431, 499, 500, 501, 502, 503, 504, 505, 529};

// One bit for each status below 600, so that looking one up is a shift.
constexpr auto shown_bits = [] {
  std::array<std::uint64_t, 10> bits{};
  for (const unsigned s : shown_statuses) bits[s / 64] |= std::uint64_t{1} << (s % 64);
  return bits;
}();

constexpr std::uint16_t number(LabelId id) {
  return static_cast<std::uint16_t>(id);
}

}  // namespace

std::uint16_t status_label(unsigned status) noexcept {
  if (status < 100 || status > 599) return 0;
  if ((shown_bits[status / 64] >> (status % 64)) & 1) return static_cast<std::uint16_t>(status);
  return static_cast<std::uint16_t>(status / 100);
}

Counter& ShardMetrics::requests(LabelId model, LabelId provider, unsigned status,
                                std::optional<Code> code) noexcept {
  // 0 stands for no code.
  const auto c = static_cast<std::uint8_t>(code ? static_cast<unsigned>(*code) + 1 : 0);
  return series_.counter(
      {Family::requests, number(model), number(provider), status_label(status), c});
}

Counter& ShardMetrics::tokens(LabelId model, LabelId provider, TokenKind kind) noexcept {
  return series_.counter(
      {Family::tokens, number(model), number(provider), 0, static_cast<std::uint8_t>(kind)});
}

Counter& ShardMetrics::attempts(LabelId target, AttemptResult result) noexcept {
  return series_.counter({Family::attempts, number(target), 0, 0,  //
                          static_cast<std::uint8_t>(result)});
}

Histogram& ShardMetrics::time_to_first_byte(LabelId model, LabelId provider) noexcept {
  return series_.histogram({Family::time_to_first_byte, number(model), number(provider), 0, 0});
}

void ShardMetrics::observe(Driver& driver, const FrameArena& frames) noexcept {
  const auto mirror = [](Gauge& gauge, std::uint64_t n) {
    gauge.set(static_cast<std::int64_t>(n));
  };
  const DriverCounters& c = driver.counters();
  mirror(turns_, c.turns);
  mirror(enters_, c.enters);
  mirror(completions_, c.completions);
  mirror(sends_, c.sends);
  mirror(sends_batched_, c.sends_batched);
  mirror(sends_blocked_, c.sends_blocked);
  mirror(starved_, c.starved);
  mirror(overflows_, c.overflows);
  mirror(enters_refused_, c.enters_refused);
  mirror(accepts_shed_, c.accepts_shed);
  mirror(rebuilds_, c.rebuilds);
  mirror(sealed_, c.sealed);
  mirror(seal_refusals_, c.seal_refusals);
  mirror(blocks_lent_, driver.blocks().lent_bytes());
  mirror(frames_live_, frames.live());
  if (backend_.value() == 0) {
    const auto found = std::ranges::find(backend_names, std::string_view(driver.name()));
    if (found != backend_names.end()) backend_.set(found - backend_names.begin() + 1);
  }
}

}  // namespace penstock
