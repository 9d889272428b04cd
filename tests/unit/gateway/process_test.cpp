#include "gateway/process.h"

#include <doctest/doctest.h>

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
