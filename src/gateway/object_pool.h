// Recycles objects of one type on one thread, so that a request allocates nothing.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace penstock {

// Objects are taken as they were given back: who takes one resets what it uses. At most `kept` are
// held for later.
template <class T>
class ObjectPool {
 public:
  static constexpr std::size_t kept = 1024;

  ObjectPool() { free_.reserve(kept); }

  template <class... Arguments>
  std::unique_ptr<T> take(Arguments&&... arguments) {
    if (free_.empty()) return std::make_unique<T>(std::forward<Arguments>(arguments)...);
    std::unique_ptr<T> object = std::move(free_.back());
    free_.pop_back();
    return object;
  }
  void give(std::unique_ptr<T> object) {
    if (object && free_.size() < kept) free_.push_back(std::move(object));
  }

 private:
  std::vector<std::unique_ptr<T>> free_;
};

}  // namespace penstock
