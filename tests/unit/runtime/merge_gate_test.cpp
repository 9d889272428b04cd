#include "runtime/merge_gate.h"

#include <doctest/doctest.h>

using penstock::MergeGate;

namespace {

void note(MergeGate& gate, unsigned turns, unsigned completions) {
  for (unsigned i = 0; i < turns; ++i) gate.note(completions);
}

}  // namespace

TEST_CASE("merge gate: opens after busy turns in a row") {
  MergeGate gate;
  note(gate, MergeGate::opens_after - 1, MergeGate::much);
  CHECK_FALSE(gate.open());
  gate.note(MergeGate::much - 1);
  note(gate, MergeGate::opens_after - 1, MergeGate::much);
  CHECK_FALSE(gate.open());
  gate.note(MergeGate::much);
  CHECK(gate.open());
}

TEST_CASE("merge gate: a turn that brought little shuts it") {
  MergeGate gate;
  note(gate, MergeGate::opens_after, 100);
  REQUIRE(gate.open());
  gate.note(MergeGate::much - 1);
  CHECK_FALSE(gate.open());
  gate.note(100);
  CHECK_FALSE(gate.open());
}

// What comes together because of the wait must not keep the wait up: at half load it would stay
// for good after one stall.
TEST_CASE("merge gate: is opened by turns that did not wait only") {
  MergeGate gate;
  note(gate, MergeGate::opens_after, MergeGate::much);
  unsigned merged = 0;
  for (; gate.open(); ++merged) gate.note(MergeGate::much);
  CHECK(merged == MergeGate::open_for);
  note(gate, MergeGate::opens_after - 1, MergeGate::much);
  CHECK_FALSE(gate.open());
  gate.note(MergeGate::much);
  CHECK(gate.open());
}
