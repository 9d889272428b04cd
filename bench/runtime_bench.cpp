// The runtime's own cost, on a driver that does no I/O: coroutines, wakes, timers, memory.
#include <benchmark/benchmark.h>

#include "penstock/blocks.h"
#include "penstock/drivers.h"
#include "penstock/task.h"
#include "penstock/timer.h"

using namespace penstock;

namespace {

Task<int> one() {
  co_return 1;
}

Task<> await_many(benchmark::State* state) {
  for (auto _ : *state) {
    const int value = co_await one();
    benchmark::DoNotOptimize(value);
  }
}

void create_and_await_task(benchmark::State& state) {
  Spawner spawner;
  spawner.spawn(await_many(&state));
}
BENCHMARK(create_and_await_task);

Task<> wait_until(Signal* signal, const bool* stop) {
  while (!*stop) co_await signal->wait(Deadline::never());
}

// One turn of the driver with one coroutine to run, its system call included.
void wake_and_turn(benchmark::State& state) {
  auto driver = EpollDriver::create({}, SIZE_MAX);
  if (!driver) return state.SkipWithError("no epoll");
  Signal signal(**driver);
  Spawner spawner;
  bool stop = false;
  spawner.spawn(wait_until(&signal, &stop));
  for (auto _ : state) {
    signal.wake();
    (*driver)->turn(Deadline{Instant{0}});
  }
  stop = true;
  signal.wake();
  (*driver)->turn(Deadline{Instant{0}});
}
BENCHMARK(wake_and_turn);

void arm_and_cancel_timer(benchmark::State& state) {
  TimerWheel wheel(Instant{0});
  Timer timer;
  for (auto _ : state) {
    wheel.arm(timer, Instant{0} + Duration::seconds(30));
    wheel.cancel(timer);
  }
}
BENCHMARK(arm_and_cancel_timer);

// What a stream does with its idle deadline at every event.
void move_deadline(benchmark::State& state) {
  TimerWheel wheel(Instant{0});
  Timer timer;
  Instant now{0};
  for (auto _ : state) {
    now = now + Duration::microseconds(1);
    wheel.arm(timer, now + Duration::seconds(30));
  }
  wheel.cancel(timer);
}
BENCHMARK(move_deadline);

void take_and_give_block(benchmark::State& state) {
  BlockPool pool;
  for (auto _ : state) {
    std::size_t capacity = 0;
    char* block = pool.take(4096, capacity);
    benchmark::DoNotOptimize(block);
    pool.give(block, capacity);
  }
}
BENCHMARK(take_and_give_block);

}  // namespace
