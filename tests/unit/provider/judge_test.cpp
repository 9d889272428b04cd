#include <doctest/doctest.h>

#include <set>

#include "penstock/provider.h"

using namespace penstock;

TEST_CASE("judge: the table, for every status there is, trap_126") {
  const std::set<int> credential{401, 402, 403};
  const std::set<int> target{404, 429};
  for (int status = 0; status <= 1000; ++status) {
    CAPTURE(status);
    Next expected = Next::bad_answer;
    if (status >= 200 && status <= 299) expected = Next::use;
    if (status >= 400 && status <= 499) expected = Next::give_client;
    if (status >= 500 && status <= 599) expected = Next::next_target;
    if (credential.contains(status)) expected = Next::next_credential;
    if (target.contains(status)) expected = Next::next_target;
    CHECK(judge(static_cast<std::uint16_t>(status)) == expected);
  }
}
