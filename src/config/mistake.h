// One mistake in a configuration file, and the place of a byte in it. Every check reports all
// mistakes it finds; nothing stops at the first.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace penstock::config {

// Both count from 1. Line 0: the file as a whole.
struct Mark {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

struct Mistake {
  std::string file;
  Mark mark;
  std::string path;  // "providers.openai.base_url", "keys[2].secret"; empty: the file
  std::string what;  // what is wrong, and what to write instead
};

// "file:line:column: path: what".
std::string to_string(const Mistake& mistake);

}  // namespace penstock::config
