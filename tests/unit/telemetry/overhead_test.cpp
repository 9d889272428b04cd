#include "telemetry/overhead.h"

#include <doctest/doctest.h>

using namespace penstock;

TEST_CASE("overhead: a wait begins when the kernel has what was sent") {
  OverheadClock clock;
  clock.begin({100});
  clock.wait_begin({200});
  clock.wait_end({900}, {250});  // it left at the end of the turn
  CHECK(clock.own({900}).ns == 150);
  clock.wait_begin({1000});
  clock.wait_end({2000}, {250});  // long before
  CHECK(clock.own({2000}).ns == 250);
  clock.wait_begin({2000});
  clock.wait_end({3000}, {3001});  // cannot be
  CHECK(clock.own({3000}).ns == 250);
}

TEST_CASE("overhead/waits_are_not_the_gateways_own_time") {
  OverheadClock clock;
  clock.begin({1'000});
  clock.wait_begin({1'010});  // 10 of its own, then waits for the provider
  clock.wait_end({51'010});
  clock.enter_response({51'013});  // 3 more for the request
  clock.wait_begin({51'020});      // 7 for the response, then waits for the next event
  CHECK(clock.own({60'000}) == Duration{20});
  clock.wait_end({90'000});
  CHECK(clock.request({90'005}) == Duration{13});
  CHECK(clock.response({90'005}) == Duration{12});
  CHECK(clock.own({90'005}) == Duration{25});
  CHECK(clock.total({90'005}) == Duration{89'005});
}

TEST_CASE("overhead/entering_the_response_while_waiting_counts_nothing") {
  OverheadClock clock;
  clock.begin({0});
  clock.wait_begin({5});
  clock.enter_response({100});
  clock.wait_end({200});
  CHECK(clock.request({210}) == Duration{5});
  CHECK(clock.response({210}) == Duration{10});
}

TEST_CASE("overhead/doubled_calls_and_a_clock_that_stands_still_change_nothing") {
  OverheadClock clock;
  clock.begin({100});
  clock.wait_end({150});
  clock.wait_begin({200});
  clock.wait_begin({300});
  CHECK(clock.own({400}) == Duration{100});
  clock.wait_end({400});
  clock.wait_end({450});
  CHECK(clock.own({400}) == Duration{100});
  CHECK(clock.own({390}) == Duration{100});
  clock.begin({1'000});
  CHECK(clock.own({1'001}) == Duration{1});
}
