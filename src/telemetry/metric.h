// The cells that metrics are made of. Each has one writing thread (its shard); any thread may read
// it and sees a value that was true a moment ago. An update is a plain load, add and store: no
// locked instruction, because nobody else writes.
#pragma once

#include <atomic>
#include <cstdint>

namespace penstock {

// Only grows.
class Counter {
 public:
  void add(std::uint64_t n = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Goes up and down, or mirrors a number that something else keeps.
class Gauge {
 public:
  void add(std::int64_t n = 1) noexcept { set(value() + n); }
  void sub(std::int64_t n = 1) noexcept { set(value() - n); }
  void set(std::int64_t n) noexcept { value_.store(n, std::memory_order_relaxed); }
  std::int64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

}  // namespace penstock
