// Runs a scenario over many seeds. `--seed N` runs one; `--seeds N` sets how many. A failing run
// prints the line that repeats it, also when an assertion ends the program.
#pragma once

#include <cstdint>

#include "runtime/sim_faults.h"

namespace penstock::test {

// What a scenario gets: its seed, and the faults of that seed.
struct SimRun {
  std::uint64_t seed;
  SimFaults faults;
};
using Scenario = void (*)(const SimRun& run);

// To be called in a doctest case. `default_seeds`: how many without an option, so that the suite
// takes seconds.
void run_seeds(const char* name, std::uint64_t default_seeds, Scenario scenario);

}  // namespace penstock::test
