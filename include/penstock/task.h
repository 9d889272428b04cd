// The one coroutine type. Eager, move-only, single-threaded, without exceptions: a call runs until
// it first waits, a frame dies by running to its end, and lives in the shard's frame arena. The
// forms of co_await that GCC 12.2 miscompiles, and those to use, are in docs/coroutines.md.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <utility>

#include "penstock/assert.h"
#include "penstock/frames.h"

namespace penstock {

template <class T = void>
class Task;

namespace detail {

struct PromiseBase {
  std::coroutine_handle<> parent;

  // Symmetric transfer to whoever awaits us; nobody yet: stop here and let `Down` see that we
  // ended. (Most calls never wait, and so cost neither a switch to them nor one back.)
  struct Up {
    bool await_ready() const noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> self) const noexcept {
      const auto above = self.promise().parent;
      return above ? above : std::noop_coroutine();
    }
    void await_resume() const noexcept {}
  };
  std::suspend_never initial_suspend() const noexcept { return {}; }
  Up final_suspend() const noexcept { return {}; }
  [[noreturn]] void unhandled_exception() const noexcept { std::abort(); }

  static void* operator new(std::size_t bytes) noexcept { return shard_frames().take(bytes); }
  static void operator delete(void* frame, std::size_t bytes) noexcept {
    shard_frames().give(frame, bytes);
  }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object() noexcept;
  static Task<T> get_return_object_on_allocation_failure() noexcept { std::abort(); }
  template <class U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T take() { return std::move(*value); }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object() noexcept;
  static Task<void> get_return_object_on_allocation_failure() noexcept;
  void return_void() const noexcept {}
  void take() const noexcept {}
};

}  // namespace detail

// Await it in the expression that made it: `auto r = co_await f(x);`.
template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) noexcept : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (!handle_) return;
    PENSTOCK_ASSERT(handle_.done());  // a frame dies only by running to its end
    handle_.destroy();
  }

  auto operator co_await() && noexcept {
    struct Down {
      Handle child;
      bool await_ready() const noexcept { return child.done(); }
      void await_suspend(std::coroutine_handle<> parent) const noexcept {
        child.promise().parent = parent;  // it will wake us from final_suspend
      }
      T await_resume() const noexcept { return child.promise().take(); }
    };
    return Down{handle_};
  }

 private:
  Handle handle_;
};

namespace detail {
template <class T>
Task<T> Promise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object_on_allocation_failure() noexcept {
  std::abort();
}

// A root frame: owns its task, destroys itself at the end.
struct Root {
  struct promise_type {
    Root get_return_object() const noexcept { return {}; }
    static Root get_return_object_on_allocation_failure() noexcept { std::abort(); }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    [[noreturn]] void unhandled_exception() const noexcept { std::abort(); }
    void return_void() const noexcept {}
    static void* operator new(std::size_t bytes) noexcept { return shard_frames().take(bytes); }
    static void operator delete(void* frame, std::size_t bytes) noexcept {
      shard_frames().give(frame, bytes);
    }
  };
};
}  // namespace detail

// The one place that owns tasks nobody awaits: a shard's connections and janitors.
class Spawner {
 public:
  Spawner() = default;
  Spawner(const Spawner&) = delete;
  Spawner& operator=(const Spawner&) = delete;
  ~Spawner() { PENSTOCK_ASSERT(running_ == 0); }

  // Runs the task until it first waits; it then goes on whenever its signals wake it.
  void spawn(Task<> task) {
    ++running_;
    run(std::move(task), this);
  }
  std::size_t running() const { return running_; }

 private:
  static detail::Root run(Task<> task, Spawner* self) {
    co_await std::move(task);
    --self->running_;
  }
  std::size_t running_ = 0;
};

}  // namespace penstock
