#include "gateway/process.h"

#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

using namespace penstock;

namespace {

PeerCounts::Key key(std::string_view ip, std::uint16_t port = 1) {
  const auto address = parse_ip(ip, port);
  REQUIRE(address);
  return PeerCounts::key_of(*address);
}

}  // namespace

TEST_CASE("process: an IPv4 peer is its address, whatever its port or form") {
  CHECK(key("192.0.2.1", 1) == key("192.0.2.1", 2));
  CHECK(key("192.0.2.1") == key("::ffff:192.0.2.1"));
  CHECK(key("192.0.2.1") != key("192.0.2.2"));
}

TEST_CASE("process: an IPv6 peer is its /64") {
  CHECK(key("2001:db8:1:2::1") == key("2001:db8:1:2:ffff:ffff:ffff:ffff"));
  CHECK(key("2001:db8:1:2::1") != key("2001:db8:1:3::1"));
}

TEST_CASE("process: connections of a peer up to its limit") {
  PeerCounts counts;
  const auto one = key("192.0.2.1");
  const auto two = key("192.0.2.2");
  CHECK(counts.add(one, 2));
  CHECK(counts.add(one, 2));
  CHECK_FALSE(counts.add(one, 2));
  CHECK(counts.add(two, 2));  // another one is not concerned
  counts.remove(one);
  CHECK(counts.add(one, 2));
  CHECK_FALSE(counts.add(one, 2));
  for (int i = 0; i < 100; ++i) CHECK(counts.add(two, 0));  // no limit
}

TEST_CASE("process: a peer that is gone starts anew") {
  PeerCounts counts;
  const auto one = key("192.0.2.1");
  counts.remove(one);  // was never there
  for (int round = 0; round < 3; ++round) {
    CHECK(counts.add(one, 1));
    CHECK_FALSE(counts.add(one, 1));
    counts.remove(one);
  }
}

TEST_CASE("process: counted from several threads") {
  PeerCounts counts;
  const auto one = key("192.0.2.1");
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5000; ++i) {
        if (!counts.add(one, 2)) continue;
        const int now = ++inside;
        int seen = most.load();
        while (seen < now && !most.compare_exchange_weak(seen, now)) {
        }
        --inside;
        counts.remove(one);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(most >= 1);
  CHECK(most <= 2);
  CHECK(counts.add(one, 1));  // all were given back
}

TEST_CASE("pace: so many a second, the others later, none after their patience") {
  Pace pace;
  const Instant start{1'000'000'000'000};
  const Duration patience = Duration::seconds(2);
  // 100 a second: what a tenth of a second makes up for is there at once.
  int at_once = 0;
  Instant last = start;
  int given = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto at = pace.next(100, start, patience);
    if (!at) continue;
    ++given;
    CHECK(*at >= last);
    at_once += *at == start;
    last = *at;
  }
  CHECK(at_once == 11);
  CHECK(given == 211);
  CHECK((last - start).ms() == 2000);
  // Who was refused used nothing up: a second later there are a hundred places again.
  given = 0;
  for (int i = 0; i < 1000; ++i) {
    given += pace.next(100, start + Duration::seconds(1), patience).has_value();
  }
  CHECK(given == 100);
  // A long silence is not saved up.
  const Instant later = start + Duration::seconds(3600);
  at_once = 0;
  for (int i = 0; i < 100; ++i) at_once += *pace.next(100, later, patience) == later;
  CHECK(at_once == 11);
}

TEST_CASE("pace: slower than its tenth of a second") {
  Pace pace;
  const Instant now{1'000'000'000'000};
  CHECK(*pace.next(1, now, Duration::seconds(5)) == now);
  CHECK((*pace.next(1, now, Duration::seconds(5)) - now).ms() == 900);
  CHECK((*pace.next(1, now, Duration::seconds(5)) - now).ms() == 1900);
  CHECK_FALSE(pace.next(1, now, Duration::seconds(1)));
}

TEST_CASE("failed_keys: twenty at once, then one every three seconds, each address for itself") {
  FailedKeys failed;
  const auto one = key("192.0.2.1");
  const auto two = key("192.0.2.2");
  Instant now{1'000'000'000'000};
  for (int i = 0; i < 20; ++i) CHECK(failed.note(one, 20, now));
  for (int i = 0; i < 20; ++i) CHECK_FALSE(failed.note(one, 20, now));
  CHECK(failed.note(two, 20, now));
  now = now + Duration::milliseconds(2999);
  CHECK_FALSE(failed.note(one, 20, now));
  now = now + Duration::milliseconds(1);
  CHECK(failed.note(one, 20, now));
  CHECK_FALSE(failed.note(one, 20, now));
  now = now + Duration::seconds(60);
  for (int i = 0; i < 20; ++i) CHECK(failed.note(one, 20, now));
  CHECK_FALSE(failed.note(one, 20, now));
}

TEST_CASE("failed_keys: a flood of addresses costs no memory and forgets the oldest first") {
  FailedKeys failed;
  const Instant start{1'000'000'000'000};
  const auto guesser = key("192.0.2.1");
  for (int i = 0; i < 20; ++i) CHECK(failed.note(guesser, 20, start));
  // Addresses that failed once are cleaner than one that guesses, and go before it.
  for (unsigned i = 0; i < 100'000; ++i) {
    const std::string address = "10." + std::to_string(i >> 16) + "." +
                                std::to_string((i >> 8) & 255) + "." + std::to_string(i & 255);
    CHECK(failed.note(key(address), 20, start));
  }
  CHECK_FALSE(failed.note(guesser, 20, start));
}

TEST_CASE("failed_keys: noted by several threads") {
  FailedKeys failed;
  const auto one = key("192.0.2.1");
  std::atomic<int> within{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) within += failed.note(one, 20, Instant{1'000'000'000'000});
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(within == 20);
}
