// Finds and reads recorded traffic and test vectors, which are kept beside the source tree and are
// not part of it. Tests that use them say so and go on when they are not there.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

namespace test {

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The folder `name` of the fixtures: below $PENSTOCK_FIXTURES, or below shared/fixtures in the
// source tree's root or a folder above it.
inline std::optional<std::filesystem::path> fixtures(const std::string& name) {
  namespace fs = std::filesystem;
  if (const char* set = std::getenv("PENSTOCK_FIXTURES"); set != nullptr) {
    const fs::path path = fs::path(set) / name;
    return fs::exists(path) ? std::optional(path) : std::nullopt;
  }
  for (fs::path at = PENSTOCK_SOURCE_ROOT; at.has_relative_path(); at = at.parent_path()) {
    const fs::path path = at / "shared" / "fixtures" / name;
    if (fs::exists(path)) return path;
  }
  return {};
}

}  // namespace test
