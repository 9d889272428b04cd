// Counts what a thread takes from the heap. The program that links allocations.cpp has every malloc
// of the process go through it; only threads that ask for it are counted.
#pragma once

#include <atomic>
#include <cstdint>

namespace penstock::test {

// From now on allocations of the calling thread are added to `counter`, which outlives the thread's
// last allocation; null: no longer.
void count_allocations_into(std::atomic<std::uint64_t>* counter);

}  // namespace penstock::test
