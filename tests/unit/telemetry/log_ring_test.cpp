#include "telemetry/log_ring.h"

#include <doctest/doctest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>

#include "push_line.h"

using namespace penstock;

namespace {

std::string take_all(LogRing& ring) {
  const auto [first, second] = ring.readable();
  std::string all = std::string(first) + std::string(second);
  ring.consume(all.size());
  return all;
}

}  // namespace

TEST_CASE("log_ring/lines_come_out_in_order_across_the_end") {
  Counter dropped;
  LogRing ring(dropped, 64);
  for (int i = 0; i < 100; ++i) {
    const std::string a = "line " + std::to_string(i) + "\n";
    const std::string b = "and a longer one " + std::to_string(i) + "\n";
    REQUIRE(push(ring, a));
    REQUIRE(push(ring, b));
    CHECK(take_all(ring) == a + b);
  }
  CHECK(dropped.value() == 0);
}

TEST_CASE("log_ring/a_line_that_does_not_fit_is_dropped_whole_and_counted") {
  Counter dropped;
  LogRing ring(dropped, 16);
  CHECK(push(ring, "1234567\n"));
  CHECK_FALSE(push(ring, "123456789\n"));
  CHECK(push(ring, "abcdefg\n"));  // exactly full
  CHECK_FALSE(push(ring, "\n"));
  CHECK(dropped.value() == 2);
  CHECK(take_all(ring) == "1234567\nabcdefg\n");
  CHECK(push(ring, "again\n"));
  CHECK(take_all(ring) == "again\n");
}

TEST_CASE("log_ring/a_line_may_be_shorter_than_the_room_it_asked_for") {
  Counter dropped;
  LogRing ring(dropped, 32);
  for (int i = 0; i < 40; ++i) {
    const std::span<char> room = ring.begin_line(24);
    REQUIRE(room.size() == 24);
    std::ranges::fill(room, '#');
    const std::string line = std::to_string(i) + "\n";
    line.copy(room.data(), line.size());
    ring.end_line(line.size());
    CHECK(take_all(ring) == line);
  }
  CHECK(ring.begin_line(33).empty());
  CHECK(dropped.value() == 1);
}

TEST_CASE("log_ring/the_alarm_rings_once_for_each_time_it_gets_half_full") {
  Counter dropped;
  LogRing ring(dropped, 64);
  const int alarm = eventfd(0, EFD_NONBLOCK);
  REQUIRE(alarm >= 0);
  ring.set_alarm(alarm);
  const auto rings = [alarm] {
    std::uint64_t n = 0;
    return read(alarm, &n, sizeof n) == sizeof n ? n : 0;
  };
  CHECK(push(ring, "123456789012345\n"));
  CHECK(rings() == 0);
  CHECK(push(ring, "123456789012345\n"));
  CHECK(push(ring, "123456789012345\n"));
  CHECK(rings() == 1);
  take_all(ring);
  CHECK(push(ring, "123456789012345\n"));
  CHECK(rings() == 0);
  CHECK(push(ring, "123456789012345\n"));
  CHECK(rings() == 1);
  close(alarm);
}

TEST_CASE("log_ring/two_threads_lose_and_mix_nothing") {
  Counter dropped;
  LogRing ring(dropped, 1024);
  constexpr std::uint64_t lines = 100'000;
  std::atomic<bool> done{false};
  std::thread shard([&] {
    for (std::uint64_t i = 0; i < lines; ++i) {
      const std::string line = std::to_string(i) + std::string(i % 50, '.') + "\n";
      push(ring, line);
    }
    done.store(true, std::memory_order_release);
  });

  std::uint64_t seen = 0;
  std::uint64_t next_least = 0;
  bool in_order = true;
  std::string rest;
  for (bool last = false; !last;) {
    last = done.load(std::memory_order_acquire);
    rest += take_all(ring);
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = rest.find('\n', begin)) != rest.npos; begin = end + 1) {
      const std::string line = rest.substr(begin, end - begin);
      const std::uint64_t number = std::stoull(line);
      in_order = in_order && number >= next_least &&
                 line == std::to_string(number) + std::string(number % 50, '.');
      next_least = number + 1;
      ++seen;
    }
    in_order = in_order && begin == rest.size();  // whole lines only
    rest.clear();
    std::this_thread::yield();
  }
  shard.join();
  CHECK(in_order);
  CHECK(seen + dropped.value() == lines);
  CHECK(seen > 0);
}
