#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "seeds.h"

namespace penstock::test {
namespace {

std::uint64_t only_seed = 0;   // 0: all
std::uint64_t seed_count = 0;  // 0: the scenario's own
const char* program = "";
std::string repeat_line;  // of the run that is under way

// Async-signal safe: the line was made before the run.
void on_abort(int) {
  static_cast<void>(!::write(STDERR_FILENO, repeat_line.data(), repeat_line.size()));
}

std::uint64_t number_after(int argc, char** argv, const std::string& option) {
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == option && i + 1 < argc) return std::strtoull(argv[i + 1], nullptr, 10);
    if (argument.starts_with(option + "=")) {
      return std::strtoull(argv[i] + option.size() + 1, nullptr, 10);
    }
  }
  return 0;
}

void run_one(const char* name, std::uint64_t seed, Scenario scenario) {
  const SimRun run{.seed = seed, .faults = SimFaults::swarm(seed)};
  repeat_line = std::string("repeat with: ") + program + " --test-case='" + name + "' --seed " +
                std::to_string(seed) + "   (" + run.faults.text() + ")\n";
  INFO(repeat_line);
  scenario(run);
}

}  // namespace

void run_seeds(const char* name, std::uint64_t default_seeds, Scenario scenario) {
  if (only_seed != 0) return run_one(name, only_seed, scenario);
  const std::uint64_t count = seed_count != 0 ? seed_count : default_seeds;
  for (std::uint64_t seed = 1; seed <= count; ++seed) run_one(name, seed, scenario);
  MESSAGE(std::string(name), ": ", count, " seeds");
}

}  // namespace penstock::test

int main(int argc, char** argv) {
  using namespace penstock::test;
  program = argv[0];
  only_seed = number_after(argc, argv, "--seed");
  seed_count = number_after(argc, argv, "--seeds");
  std::signal(SIGABRT, &on_abort);
  doctest::Context context(argc, argv);
  context.setOption("abort-after", 1);
  return context.run();
}
