#include "runtime/spin_gate.h"

#include <doctest/doctest.h>

using penstock::SpinGate;

namespace {

constexpr char operations[64]{};

void note(SpinGate& gate, unsigned times, bool brief) {
  while (times-- > 0) gate.note(brief, &operations[times % 2]);
}

}  // namespace

TEST_CASE("spin_gate/opens_after_many_brief_waits") {
  SpinGate gate;
  note(gate, 17, true);  // the first of each operation does not count
  CHECK_FALSE(gate.open());
  note(gate, 1, true);
  CHECK(gate.open());
}

TEST_CASE("spin_gate/a_few_long_waits_close_it") {
  SpinGate gate;
  note(gate, 1000, true);
  note(gate, 2, false);
  CHECK(gate.open());
  note(gate, 1, false);
  CHECK_FALSE(gate.open());
}

TEST_CASE("spin_gate/stays_shut_when_one_wait_in_seven_is_long") {
  SpinGate gate;
  unsigned open = 0;
  for (unsigned round = 0; round < 1000; ++round) {
    note(gate, 6, true);
    note(gate, 1, false);
    open += gate.open();
  }
  CHECK(open == 0);
}

TEST_CASE("spin_gate/stays_shut_when_many_take_turns") {
  SpinGate gate;
  unsigned open = 0;
  for (unsigned i = 0; i < 10'000; ++i) {
    gate.note(true, &operations[i * 7 % 64]);
    open += gate.open();
  }
  CHECK(open == 0);
  for (unsigned i = 0; i < 64; ++i) gate.note(true, &operations[i % 8]);
  CHECK(gate.open());
}
