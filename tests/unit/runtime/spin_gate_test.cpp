#include "runtime/spin_gate.h"

#include <doctest/doctest.h>

using penstock::SpinGate;

namespace {

void note(SpinGate& gate, unsigned times, bool brief) {
  while (times-- > 0) gate.note(brief);
}

}  // namespace

TEST_CASE("spin_gate/opens_after_many_brief_waits") {
  SpinGate gate;
  CHECK_FALSE(gate.open());
  note(gate, 15, true);
  CHECK_FALSE(gate.open());
  gate.note(true);
  CHECK(gate.open());
}

TEST_CASE("spin_gate/a_few_long_waits_close_it") {
  SpinGate gate;
  note(gate, 1000, true);
  note(gate, 2, false);
  CHECK(gate.open());
  gate.note(false);
  CHECK_FALSE(gate.open());
}

TEST_CASE("spin_gate/stays_shut_when_one_wait_in_seven_is_long") {
  SpinGate gate;
  unsigned open = 0;
  for (unsigned round = 0; round < 1000; ++round) {
    note(gate, 6, true);
    gate.note(false);
    open += gate.open();
  }
  CHECK(open == 0);
}
