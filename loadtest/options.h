// Command-line options of the two tools, all of the form --name or --name=value. A mistake ends
// the program with one sentence; nothing is ignored silently.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

namespace penstock::loadtest {

class Options {
 public:
  Options(int argc, char** argv, const char* usage) : argc_(argc), argv_(argv), usage_(usage) {
    if (argc > 1 && std::string_view(argv[1]) == "--help") {
      std::fputs(usage, stdout);
      std::exit(0);
    }
  }

  // Value of --name=value, or `fallback` when it was not given.
  std::string_view text(std::string_view name, std::string_view fallback) {
    const char* value = find(name);
    return value == nullptr ? fallback : std::string_view(value);
  }

  double number(std::string_view name, double fallback) {
    const char* value = find(name);
    if (value == nullptr) return fallback;
    char* end = nullptr;
    const double parsed = std::strtod(value, &end);
    if (end == value || *end != '\0' || parsed < 0) {
      std::fprintf(stderr, "--%.*s needs a number of 0 or more, not '%s'.\n",
                   static_cast<int>(name.size()), name.data(), value);
      std::exit(2);
    }
    return parsed;
  }

  int integer(std::string_view name, int fallback) {
    return static_cast<int>(number(name, static_cast<double>(fallback)));
  }

  bool flag(std::string_view name) { return find(name) != nullptr; }

  // Called when all options were asked for: ends the program if one was given that nobody knows.
  void refuse_unknown() const {
    for (int i = 1; i < argc_; ++i) {
      const std::string_view argument(argv_[i]);
      const std::string_view name = name_of(argument);
      if (argument.starts_with("--") && known_.contains(std::string(name))) continue;
      std::fprintf(stderr, "Unknown option '%s'.\n%s", argv_[i], usage_);
      std::exit(2);
    }
  }

 private:
  static std::string_view name_of(std::string_view argument) {
    if (!argument.starts_with("--")) return {};
    argument.remove_prefix(2);
    return argument.substr(0, argument.find('='));
  }

  // Text behind '=', "" for a bare --name, nullptr when absent. The last one given counts.
  const char* find(std::string_view name) {
    known_.emplace(name);
    const char* found = nullptr;
    for (int i = 1; i < argc_; ++i) {
      if (name_of(argv_[i]) != name) continue;
      const std::string_view argument(argv_[i]);
      found = argv_[i] + 2 + name.size();
      if (argument.size() > 2 + name.size()) ++found;
    }
    return found;
  }

  int argc_;
  char** argv_;
  const char* usage_;
  std::set<std::string> known_;
};

}  // namespace penstock::loadtest
