#include <doctest/doctest.h>

#include <latch>
#include <random>
#include <thread>
#include <vector>

#include "penstock/policy.h"

using namespace penstock;

namespace {

constexpr std::int64_t minute_ns = 60'000'000'000;

Instant at_ns(std::int64_t ns) {
  return {ns};
}

// Judges admissions by the promise of RateCell: at most limit + limit × t / 60 s in any span t.
// With a(i) the sorted times, that is a(j) − a(i) ≥ (j − i + 1 − limit) intervals for all i ≤ j.
bool within_promise(const std::vector<std::int64_t>& times, std::uint32_t limit) {
  // The number of admissions up to j less what has been refilled until then, and its lowest value.
  const double interval = static_cast<double>(minute_ns) / limit;
  double lowest = 1e300;
  for (std::size_t j = 0; j < times.size(); ++j) {
    const double refilled = static_cast<double>(times[j]) / interval;
    const double position = static_cast<double>(j);
    lowest = std::min(lowest, position - refilled);
    if (position + 1 - refilled - lowest > limit + 1e-6) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("rate: a fresh cell takes the limit at once, then one for each refill") {
  RateCell cell;
  const Instant start = at_ns(5);
  for (std::uint32_t i = 0; i < 60; ++i) {
    const auto verdict = cell.admit(60, start);
    REQUIRE(verdict.admitted);
    CHECK(verdict.allowance.limit == 60);
    CHECK(verdict.allowance.remaining == 59 - i);
    CHECK(verdict.allowance.reset == Duration::seconds(i + 1));
  }
  const auto refused = cell.admit(60, start);
  CHECK_FALSE(refused.admitted);
  CHECK(refused.allowance.remaining == 0);
  CHECK(refused.allowance.reset == Duration::seconds(60));
  CHECK(refused.retry_after == Duration::seconds(1));
  CHECK_FALSE(cell.admit(60, start + Duration{999'999'999}).admitted);
  CHECK(cell.admit(60, start + Duration::seconds(1)).admitted);
  CHECK_FALSE(cell.admit(60, start + Duration::seconds(1)).admitted);
  CHECK(cell.look(60, start + Duration::seconds(1)).remaining == 0);
  CHECK(cell.look(60, start + Duration::seconds(31)).remaining == 30);
  CHECK(cell.look(60, start + Duration::seconds(1000)).remaining == 60);
  CHECK(cell.look(60, start + Duration::seconds(1000)).reset == Duration{});
}

TEST_CASE("rate: retry_after is exact") {
  std::mt19937_64 random(7);
  for (const std::uint32_t limit : {1u, 2u, 7u, 59u, 60u, 61u, 1000u, 999'983u, 10'000'000u}) {
    RateCell cell;
    Instant now = at_ns(static_cast<std::int64_t>(random() % minute_ns));
    std::uint32_t taken = 0;
    RateCell::Verdict verdict;
    while ((verdict = cell.admit(limit, now)).admitted) ++taken;
    CHECK(taken == limit);
    CHECK(verdict.retry_after > Duration{});
    CHECK_FALSE(cell.admit(limit, now + Duration{verdict.retry_after.ns - 1}).admitted);
    CHECK(cell.admit(limit, now + verdict.retry_after).admitted);
  }
}

TEST_CASE("rate: random traffic stays within the promise and gets all of it") {
  std::mt19937_64 random(11);
  for (int round = 0; round < 50; ++round) {
    const auto limit = static_cast<std::uint32_t>(1 + random() % 500);
    const std::int64_t gap = minute_ns / limit / static_cast<std::int64_t>(1 + random() % 4) + 1;
    RateCell cell;
    std::vector<std::int64_t> times;
    std::int64_t now = 0;
    for (int i = 0; i < 2'000; ++i) {
      now += static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(2 * gap));
      if (cell.admit(limit, at_ns(now)).admitted) times.push_back(now);
    }
    CHECK(within_promise(times, limit));
  }
}

TEST_CASE("rate: a changed limit keeps the share that was used") {
  RateCell cell;
  const Instant now = at_ns(minute_ns);
  for (int i = 0; i < 50; ++i) REQUIRE(cell.admit(100, now).admitted);
  CHECK(cell.look(1000, now).remaining == 500);
  CHECK(cell.look(10, now).remaining == 5);
  for (int i = 0; i < 50; ++i) REQUIRE(cell.admit(100, now).admitted);
  CHECK_FALSE(cell.admit(10, now).admitted);
}

TEST_CASE(
    "rate: an interval that is no whole number of nanoseconds is rounded against the caller") {
  RateCell cell;
  for (int i = 0; i < 7; ++i) REQUIRE(cell.admit(7, {0}).admitted);
  CHECK_FALSE(cell.admit(7, {minute_ns / 7}).admitted);
  CHECK(cell.admit(7, {minute_ns / 7 + 1}).admitted);
}

TEST_CASE("rate: two threads together never get more than the limit") {
  constexpr std::uint32_t limit = 400'000;
  RateCell cell;
  std::latch start(2);  // without it the first thread may end before the second begins
  std::array<std::uint32_t, 2> admitted{};
  std::vector<std::thread> threads;
  for (std::uint32_t& count : admitted) {
    threads.emplace_back([&cell, &count, &start] {
      std::uint32_t own = 0;
      start.arrive_and_wait();
      for (std::uint32_t i = 0; i < limit; ++i) own += cell.admit(limit, {0}).admitted ? 1 : 0;
      count = own;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(admitted[0] + admitted[1] == limit);
}

TEST_CASE("rate: two threads with moving time stay within the promise") {
  constexpr std::uint32_t limit = 600;
  RateCell cell;
  std::array<std::vector<std::int64_t>, 2> times;
  std::vector<std::thread> threads;
  for (auto& own : times) {
    threads.emplace_back([&cell, &own] {
      for (std::int64_t now = 0; now < 2 * minute_ns; now += 5'000'000) {
        if (cell.admit(limit, {now}).admitted) own.push_back(now);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<std::int64_t> all(times[0]);
  all.insert(all.end(), times[1].begin(), times[1].end());
  std::ranges::sort(all);
  CHECK(within_promise(all, limit));
  // The promise over the whole two minutes, less what the thread that was behind could not use.
  CHECK(all.size() >= limit);
  CHECK(all.size() <= 3 * limit);
}

TEST_CASE("concurrency: places are limited and come back") {
  ConcurrencyCell cell;
  auto first = Slot::take(cell, 2);
  REQUIRE(first);
  {
    const auto second = Slot::take(cell, 2);
    REQUIRE(second);
    CHECK(cell.used() == 2);
    CHECK_FALSE(Slot::take(cell, 2));
    CHECK(Slot::take(cell, 3));
  }
  CHECK(cell.used() == 1);
  Slot moved = std::move(*first);
  first.reset();
  CHECK(cell.used() == 1);
  moved = Slot();
  CHECK(cell.used() == 0);
  CHECK(Slot::take(cell, 0));
  CHECK(cell.used() == 0);
}

TEST_CASE("concurrency: two threads never hold more than the limit") {
  ConcurrencyCell cell;
  std::atomic<int> holding{0};
  std::atomic<bool> exceeded{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 20'000; ++round) {
        const auto slot = Slot::take(cell, 2);
        if (!slot) continue;
        if (holding.fetch_add(1) >= 2) exceeded = true;
        holding.fetch_sub(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK_FALSE(exceeded);
  CHECK(cell.used() == 0);
}

TEST_CASE("admission: a refused request uses nothing up") {
  VirtualKey key;
  LimitCell cell;
  CHECK(admit(key, cell, {0}));  // no limits at all

  key.rpm = 2;
  key.concurrency = 1;
  {
    const auto admitted = admit(key, cell, {0});
    REQUIRE(admitted);
    CHECK(admitted->requests.remaining == 1);
    const auto refused = admit(key, cell, {0});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().error.code == Code::too_many_concurrent_requests);
    CHECK(refused.error().requests.remaining == 1);
    CHECK(refused.error().retry_after == Duration::seconds(1));
  }
  CHECK(admit(key, cell, {0}));
  const auto refused = admit(key, cell, {0});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().error == Error{Code::rate_limit_exceeded, Side::client});
  CHECK(refused.error().retry_after == Duration::seconds(30));
  CHECK(cell.parallel.used() == 0);
}

TEST_CASE("cells: a reload keeps them by name") {
  const auto with_keys = [](std::initializer_list<const char*> names) {
    Snapshot snapshot;
    for (const char* name : names) {
      VirtualKey key;
      key.name = name;
      snapshot.keys.push_back(std::move(key));
      Provider provider;
      provider.name = name;
      snapshot.providers.push_back(std::move(provider));
    }
    return snapshot;
  };
  const Snapshot first = with_keys({"a", "b"});
  const Snapshot second = with_keys({"b", "c"});
  auto before = std::make_unique<LimitCells>(first);
  CHECK(before->at(KeyIndex{1}).requests.admit(1, {0}).admitted);
  auto held = Slot::take(before->at(ProviderIndex{1}).parallel, 1);
  const LimitCells after(second, before.get());
  before.reset();
  CHECK_FALSE(after.at(KeyIndex{0}).requests.admit(1, {0}).admitted);
  CHECK(after.at(KeyIndex{1}).requests.admit(1, {0}).admitted);
  CHECK_FALSE(Slot::take(after.at(ProviderIndex{0}).parallel, 1));
  held.reset();
  CHECK(Slot::take(after.at(ProviderIndex{0}).parallel, 1));
}
