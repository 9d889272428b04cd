#include "dialect/loss.h"

#include <doctest/doctest.h>

#include "dialect/error_kind.h"

using namespace penstock;
using namespace penstock::dialect;

TEST_CASE("loss/is_dropped_and_named_or_refused_by_policy") {
  Losses losses;
  TargetTraits target;
  CHECK(lose("logit_bias", target, losses).has_value());
  CHECK(lose("logit_bias", target, losses).has_value());
  CHECK(losses.dropped == std::vector<Bytes>{"logit_bias"});
  CHECK(losses.refused.empty());

  target.drop_params = DropParams::error;
  const auto lost = lose("seed", target, losses);
  REQUIRE_FALSE(lost.has_value());
  CHECK(lost.error() == Error{Code::unsupported_by_target, Side::client});
  CHECK(losses.refused == "seed");
  CHECK_FALSE(losses.reason.empty());
  CHECK(losses.dropped.size() == 1);
}

TEST_CASE("loss/of_a_member_without_a_name_is_named_all_the_same") {
  Losses losses;
  TargetTraits target;
  CHECK(lose("", target, losses).has_value());
  REQUIRE(losses.dropped.size() == 1);
  CHECK_FALSE(losses.dropped.front().empty());
  target.drop_params = DropParams::error;
  CHECK_FALSE(lose("", target, losses).has_value());
  CHECK_FALSE(losses.refused.empty());
}

TEST_CASE("error_kind/follows_the_status") {
  CHECK(kind_of_status(400) == hub::ErrorKind::invalid_request);
  CHECK(kind_of_status(422) == hub::ErrorKind::invalid_request);
  CHECK(kind_of_status(401) == hub::ErrorKind::authentication);
  CHECK(kind_of_status(404) == hub::ErrorKind::not_found);
  CHECK(kind_of_status(429) == hub::ErrorKind::rate_limit);
  CHECK(kind_of_status(500) == hub::ErrorKind::server);
  CHECK(kind_of_status(529) == hub::ErrorKind::overloaded);
  CHECK(kind_of_status(0) == hub::ErrorKind::server);
}
