// Reads what a tree of processes uses: CPU time to the nanosecond, memory, time spent waiting for
// a CPU. Used by the load client on the proxy under test; nothing has to be built into the proxy.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace penstock::loadtest {

struct ThreadUse {  // as of /proc/PID/task/TID/schedstat
  pid_t thread = 0;
  std::int64_t run_ns = 0;
  std::int64_t wait_ns = 0;  // ready to run, but another task had the CPU
};

struct ProcessUse {
  std::int64_t cpu_ns = 0;  // clock_getcpuclockid(3), all processes together
  double user_s = 0;        // /proc/PID/stat, steps of 10 ms: cross-check and split
  double system_s = 0;
  std::int64_t switches = 0;  // times a thread gave up the CPU to wait (voluntary switches)
  std::vector<ThreadUse> threads;
};

struct ProcessMemory {
  std::int64_t resident_bytes = 0;
  std::int64_t anonymous_bytes = 0;  // resident without file pages: heap, stacks, own mappings
};

// `root` and all its descendants as of now. Empty when `root` does not exist.
std::vector<pid_t> process_tree(pid_t root);

// Sums over the processes; one that has ended meanwhile counts as nothing.
ProcessUse use_of(const std::vector<pid_t>& processes);
// How long between two looks the busiest thread waited for a CPU that none of the others had: what
// strangers took from it, if all are pinned to one CPU.
std::int64_t foreign_wait_ns(const ProcessUse& before, const ProcessUse& after);
ProcessMemory memory_of(const std::vector<pid_t>& processes);

// CPU time of one process in nanoseconds, 0 if it cannot be read.
std::int64_t cpu_ns_of(pid_t process);

}  // namespace penstock::loadtest
