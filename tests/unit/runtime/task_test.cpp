#include "penstock/task.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "hand_driver.h"

using namespace penstock;
using penstock::test::HandDriver;

namespace {

using Log = std::vector<std::string>;

Task<int> add(int a, int b) {
  co_return a + b;
}

Task<std::unique_ptr<std::string>> wrap(std::string text) {
  co_return std::make_unique<std::string>(std::move(text));
}

Task<Result<int>> half(int n) {
  if (n % 2 != 0) co_return fail(Code::invalid_value);
  co_return n / 2;
}

Task<Result<int>> quarter(int n) {
  PENSTOCK_CO_TRY(once, co_await half(n));
  PENSTOCK_CO_TRY(twice, co_await half(once));
  co_return twice;
}

Task<int> sum_waiting(Signal* signal, int depth) {
  if (depth == 0) {
    co_await signal->wait(Deadline::never());
    co_return 1;
  }
  const int below = co_await sum_waiting(signal, depth - 1);
  co_return below + 1;
}

}  // namespace

TEST_CASE("values come back, moved, through nested tasks") {
  Spawner spawner;
  Log log;
  static constexpr auto body = [](Log* out) -> Task<> {
    const int sum = co_await add(2, 3);
    out->push_back(std::to_string(sum));
    auto text = co_await wrap("moved");
    out->push_back(*text);
    auto good = co_await quarter(12);
    out->push_back(good ? std::to_string(*good) : "error");
    auto bad = co_await quarter(6);
    out->push_back(bad ? std::to_string(*bad) : "error");
  };
  spawner.spawn(body(&log));
  CHECK(log == Log{"5", "moved", "3", "error"});
  CHECK(spawner.running() == 0);
  CHECK(shard_frames().live() == 0);
}

TEST_CASE("a task runs to its first wait inside spawn and goes on when woken") {
  HandDriver driver;
  Signal signal(driver);
  Spawner spawner;
  Log log;
  static constexpr auto body = [](Log* out, Signal* wake) -> Task<> {
    out->push_back("start");
    co_await wake->wait(Deadline::never());
    out->push_back("woken");
  };
  spawner.spawn(body(&log, &signal));
  log.push_back("spawned");
  CHECK(spawner.running() == 1);
  CHECK(shard_frames().live() == 2);  // the task and its root
  signal.wake();
  CHECK(log.size() == 2);  // never inside wake
  driver.turn({Instant{0}});
  CHECK(log == Log{"start", "spawned", "woken"});
  CHECK(spawner.running() == 0);
  CHECK(shard_frames().live() == 0);
}

TEST_CASE("a chain of tasks that wait below unwinds to the top") {
  HandDriver driver;
  Signal signal(driver);
  Spawner spawner;
  int result = 0;
  static constexpr auto body = [](int* out, Signal* wake) -> Task<> {
    *out = co_await sum_waiting(wake, 200);
  };
  spawner.spawn(body(&result, &signal));
  CHECK(shard_frames().live() > 100);  // a compiler may put a frame into its parent's
  signal.wake();
  driver.turn({Instant{0}});
  CHECK(result == 201);
  CHECK(shard_frames().live() == 0);
}

TEST_CASE("a loop of tasks that never wait keeps the stack flat") {
  Spawner spawner;
  long total = 0;
  static constexpr auto body = [](long* out) -> Task<> {
    for (int i = 0; i < 1'000'000; ++i) *out += co_await add(i, 1);
  };
  spawner.spawn(body(&total));
  CHECK(total == 500'000'500'000);
  CHECK(shard_frames().live() == 0);
}

TEST_CASE("a loop of tasks that always wait keeps the stack flat") {
  HandDriver driver;
  Signal signal(driver);
  Spawner spawner;
  int rounds = 0;
  static constexpr auto body = [](int* out, Signal* wake) -> Task<> {
    for (int i = 0; i < 100'000; ++i) *out += co_await sum_waiting(wake, 1) - 1;
  };
  spawner.spawn(body(&rounds, &signal));
  while (spawner.running() > 0) {
    signal.wake();
    driver.turn({Instant{0}});
  }
  CHECK(rounds == 100'000);
  CHECK(shard_frames().live() == 0);
}

TEST_CASE("a task that never waits has ended before it is awaited, and keeps its value") {
  Spawner spawner;
  Task<int> made = add(1, 1);
  CHECK(shard_frames().live() == 1);
  Task<int> moved = std::move(made);
  int result = 0;
  static constexpr auto body = [](Task<int> task, int* out) -> Task<> {
    *out = co_await std::move(task);
  };
  spawner.spawn(body(std::move(moved), &result));
  CHECK(result == 2);
  CHECK(shard_frames().live() == 0);
}

TEST_CASE("a frame that is too large for the arena comes from the heap") {
  FrameArena arena;
  for (const std::size_t size : {4096u, 4097u, 100'000u}) {
    void* frame = arena.take(size);
    std::memset(frame, 1, size);
    CHECK(arena.live() == 1);
    arena.give(frame, size);
    CHECK(arena.live() == 0);
  }
}

TEST_CASE("frames are used again") {
  FrameArena arena;
  void* first = arena.take(100);
  void* other = arena.take(4096);
  CHECK(arena.live() == 2);
  arena.give(first, 100);
  CHECK(arena.take(128) == first);  // the same class of 64 bytes
  arena.give(first, 128);
  arena.give(other, 4096);
  std::vector<void*> many;
  for (std::size_t i = 1; i <= 4096; ++i) {
    many.push_back(arena.take(i));
    CHECK(reinterpret_cast<std::uintptr_t>(many.back()) % 16 == 0);
    std::memset(many.back(), static_cast<int>(i), i);
  }
  for (std::size_t i = 1; i <= 4096; ++i) {
    const auto* bytes = static_cast<const unsigned char*>(many[i - 1]);
    REQUIRE(bytes[0] == static_cast<unsigned char>(i));
    REQUIRE(bytes[i - 1] == static_cast<unsigned char>(i));
    arena.give(many[i - 1], i);
  }
  CHECK(arena.live() == 0);
}
