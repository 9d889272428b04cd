// What a suite found, many cases at a time: each finding is one line, the first ones are printed.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace golden {

class Findings {
 public:
  static constexpr std::size_t shown_max = 40;

  void add(const std::string& where, const std::string& what) {
    ++count_;
    if (shown_.size() < shown_max) shown_.push_back(where + ": " + what);
  }
  void add_all(const std::string& where, const std::vector<std::string>& what) {
    for (const std::string& one : what) add(where, one);
  }
  bool empty() const { return count_ == 0; }
  // Fails the test case when there is any.
  void judge() const {
    std::string all;
    for (const std::string& one : shown_) all += one + "\n";
    INFO(all);
    CHECK(count_ == 0);
  }

 private:
  std::vector<std::string> shown_;
  std::size_t count_ = 0;
};

}  // namespace golden
