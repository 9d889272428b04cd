#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>

#include "penstock/policy.h"

using namespace penstock;

namespace {

// One model with targets of these weights, after another model's single target.
Snapshot snapshot_of(const std::vector<std::uint32_t>& weights, Strategy strategy,
                     std::uint32_t max_attempts) {
  Snapshot snapshot;
  snapshot.targets.emplace_back();
  snapshot.models.push_back({"other", TargetIndex{0}, 1, Strategy::weighted, 1});
  for (const std::uint32_t weight : weights) {
    Target target;
    target.weight = weight;
    snapshot.targets.push_back(std::move(target));
  }
  snapshot.models.push_back(
      {"chat", TargetIndex{1}, static_cast<std::uint16_t>(weights.size()), strategy, max_attempts});
  return snapshot;
}

std::vector<int> numbers(const Plan& plan) {
  std::vector<int> result;
  for (const TargetIndex target : plan) result.push_back(static_cast<int>(target));
  return result;
}

constexpr auto chat = ModelIndex{1};

}  // namespace

TEST_CASE("router: one target") {
  const Snapshot snapshot = snapshot_of({5}, Strategy::weighted, 3);
  for (const std::uint64_t pick : {std::uint64_t{0}, std::uint64_t{1}, UINT64_MAX}) {
    CHECK(numbers(*plan(snapshot, chat, {}, pick)) == std::vector<int>{1});
  }
}

TEST_CASE("router: weights decide the first, then the heaviest follow") {
  const Snapshot snapshot = snapshot_of({1, 6, 3}, Strategy::weighted, 3);
  std::mt19937_64 random(3);
  std::map<int, int> first;
  constexpr int rounds = 100'000;
  for (int i = 0; i < rounds; ++i) {
    const auto targets = numbers(*plan(snapshot, chat, {}, random()));
    REQUIRE(targets.size() == 3);
    ++first[targets[0]];
    if (targets[0] == 1) CHECK(targets == std::vector<int>{1, 2, 3});
    if (targets[0] == 2) CHECK(targets == std::vector<int>{2, 3, 1});
    if (targets[0] == 3) CHECK(targets == std::vector<int>{3, 2, 1});
  }
  CHECK(first[1] > rounds * 9 / 100);
  CHECK(first[1] < rounds * 11 / 100);
  CHECK(first[2] > rounds * 59 / 100);
  CHECK(first[2] < rounds * 61 / 100);
}

TEST_CASE("router: the largest random number picks the last target") {
  const Snapshot snapshot = snapshot_of({1'000'000, 1'000'000}, Strategy::weighted, 1);
  CHECK(numbers(*plan(snapshot, chat, {}, 0)) == std::vector<int>{1});
  CHECK(numbers(*plan(snapshot, chat, {}, UINT64_MAX)) == std::vector<int>{2});
}

TEST_CASE("router: round robin visits all in turn") {
  const Snapshot snapshot = snapshot_of({1, 1, 1}, Strategy::round_robin, 2);
  CHECK(numbers(*plan(snapshot, chat, {}, 0)) == std::vector<int>{1, 2});
  CHECK(numbers(*plan(snapshot, chat, {}, 1)) == std::vector<int>{2, 3});
  CHECK(numbers(*plan(snapshot, chat, {}, 2)) == std::vector<int>{3, 1});
  CHECK(numbers(*plan(snapshot, chat, {}, 3)) == std::vector<int>{1, 2});
}

TEST_CASE("router: unhealthy targets are left out") {
  const Snapshot snapshot = snapshot_of({1, 100, 10}, Strategy::weighted, 3);
  const std::array<std::uint64_t, 1> without_second{0b1010};
  for (std::uint64_t pick = 0; pick < 16; ++pick) {
    for (const int target : numbers(*plan(snapshot, chat, without_second, pick << 60))) {
      CHECK(target != 2);
    }
  }
  const std::array<std::uint64_t, 1> none{0b0001};
  CHECK(plan(snapshot, chat, none, 0).error() == Error{Code::upstream_unavailable, Side::upstream});
}

TEST_CASE("router: any plan is short, without repeats and of healthy targets of the model") {
  std::mt19937_64 random(5);
  for (int round = 0; round < 5'000; ++round) {
    std::vector<std::uint32_t> weights(1 + random() % model_targets_max);
    for (std::uint32_t& weight : weights) weight = static_cast<std::uint32_t>(1 + random() % 100);
    const auto attempts = static_cast<std::uint32_t>(1 + random() % attempts_max);
    const auto strategy = random() % 2 == 0 ? Strategy::weighted : Strategy::round_robin;
    const Snapshot snapshot = snapshot_of(weights, strategy, attempts);
    const std::array<std::uint64_t, 1> health{random()};
    std::size_t healthy = 0;
    for (std::size_t i = 1; i <= weights.size(); ++i) healthy += (health[0] >> i) & 1;
    const auto result = plan(snapshot, chat, health, random());
    REQUIRE(result.has_value() == (healthy > 0));
    if (!result) continue;
    CHECK(result->size() == std::min<std::size_t>(attempts, healthy));
    std::set<int> seen;
    for (const int target : numbers(*result)) {
      CHECK(seen.insert(target).second);
      CHECK(target >= 1);
      CHECK(static_cast<std::size_t>(target) <= weights.size());
      CHECK(((health[0] >> target) & 1) == 1);
    }
  }
}

TEST_CASE("router: targets among some") {
  const Snapshot snapshot = snapshot_of({1, 6, 3}, Strategy::weighted, 3);
  CHECK(mask_of(snapshot.at(chat)) == 0b111);
  Plan chosen;
  add_targets(snapshot, chat, 0b101, UINT64_MAX, 1, chosen);
  CHECK(numbers(chosen) == std::vector<int>{3});
  add_targets(snapshot, chat, 0, 0, 3, chosen);
  add_targets(snapshot, chat, 0b111, 0, 0, chosen);
  CHECK(numbers(chosen) == std::vector<int>{3});
  add_targets(snapshot, chat, 0b011, 0, 3, chosen);
  CHECK(numbers(chosen) == std::vector<int>{3, 1, 2});
  add_targets(snapshot, chat, 0b111, 0, 3, chosen);  // it is full
  CHECK(numbers(chosen) == std::vector<int>{3, 1, 2});
}

TEST_CASE("router: in turn among some") {
  const Snapshot snapshot = snapshot_of({1, 1, 1}, Strategy::round_robin, 3);
  for (const auto& [pick, first] : {std::pair{0, 1}, {1, 3}, {2, 1}}) {
    Plan chosen;
    add_targets(snapshot, chat, 0b101, static_cast<std::uint64_t>(pick), 3, chosen);
    CHECK(numbers(chosen) == (first == 1 ? std::vector<int>{1, 3} : std::vector<int>{3, 1}));
  }
}

TEST_CASE("router: a model with all the targets there may be") {
  const Snapshot snapshot =
      snapshot_of(std::vector<std::uint32_t>(model_targets_max, 1), Strategy::weighted, 1);
  CHECK(mask_of(snapshot.at(chat)) == UINT32_MAX);
  CHECK(numbers(*plan(snapshot, chat, {}, UINT64_MAX)) == std::vector<int>{32});
}
