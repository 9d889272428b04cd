#include "runtime/sim_faults.h"

#include <string_view>

namespace penstock {
namespace {

struct Row {
  std::string_view name;
  unsigned SimFaults::* chance;
  unsigned most;  // in 1/1000, in a swarm
};
constexpr Row rows[] = {
    {"short_send", &SimFaults::short_send, 500},
    {"blocked_send", &SimFaults::blocked_send, 300},
    {"batched_send", &SimFaults::batched_send, 1000},
    {"stale_send", &SimFaults::stale_send, 200},
    {"short_receive", &SimFaults::short_receive, 500},
    {"late", &SimFaults::late, 300},
    {"reorder", &SimFaults::reorder, 1000},
    {"delay", &SimFaults::delay, 200},
    {"reset", &SimFaults::reset, 8},
    {"lossy_reset", &SimFaults::lossy_reset, 1000},
    {"peer_death", &SimFaults::peer_death, 4},
    {"refuse_connect", &SimFaults::refuse_connect, 150},
    {"blackhole_connect", &SimFaults::blackhole_connect, 50},
    {"out_of_descriptors", &SimFaults::out_of_descriptors, 100},
    {"last_accept", &SimFaults::last_accept, 300},
    {"starve", &SimFaults::starve, 300},
    {"cancel_race", &SimFaults::cancel_race, 800},
    {"lost_completions", &SimFaults::lost_completions, 4},
    {"clock_jump", &SimFaults::clock_jump, 50},
};
static_assert(sizeof(SimFaults) == sizeof(unsigned) * std::size(rows), "a fault without a row");

}  // namespace

SimFaults SimFaults::swarm(std::uint64_t seed) {
  SimRandom random(seed ^ 0x5157a12d);  // not the numbers that the driver then draws
  SimFaults faults;
  if (random.below(8) == 0) return faults;
  for (const Row& row : rows) {
    if (random.below(2) == 0)
      faults.*row.chance = static_cast<unsigned>(random.between(1, row.most));
  }
  return faults;
}

std::string SimFaults::text() const {
  std::string line;
  for (const Row& row : rows) {
    if (this->*row.chance == 0) continue;
    if (!line.empty()) line += ' ';
    line.append(row.name).append("=").append(std::to_string(this->*row.chance));
  }
  return line.empty() ? "no faults" : line;
}

}  // namespace penstock
