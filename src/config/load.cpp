#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <exception>
#include <fstream>
#include <tuple>
#include <utility>

#include "config/build.h"
#include "config/node.h"
#include "config/section.h"
#include "penstock/config.h"

namespace penstock::config {
namespace {

// cgroup v2's memory.max of the root that a container sees, or else the machine's memory.
std::uint64_t memory_limit() {
  const auto pages = static_cast<std::uint64_t>(std::max(0L, sysconf(_SC_PHYS_PAGES)));
  std::uint64_t bytes = pages * static_cast<std::uint64_t>(std::max(0L, sysconf(_SC_PAGESIZE)));
  std::ifstream file("/sys/fs/cgroup/memory.max");
  if (std::uint64_t limit = 0; file >> limit) bytes = std::min(bytes, limit);
  return bytes;
}

std::vector<Mistake> sorted(std::vector<Mistake> mistakes) {
  std::ranges::sort(mistakes, [](const Mistake& a, const Mistake& b) {
    return std::tie(a.mark.line, a.mark.column, a.path, a.what) <
           std::tie(b.mark.line, b.mark.column, b.path, b.what);
  });
  if (mistakes.size() > mistakes_max) mistakes.resize(mistakes_max);
  return mistakes;
}

Loaded build(const YamlNode& tree, Reading& reading) {
  auto snapshot = std::make_unique<Snapshot>();
  const Section root(reading, schema_tree(), &tree, "", Mark{});
  build_listeners(reading, root, *snapshot);
  build_limits(root, *snapshot);
  build_providers(root, *snapshot);
  build_models(root, *snapshot);
  build_keys(root, *snapshot);
  if (!reading.mistakes.empty()) return std::unexpected(sorted(std::move(reading.mistakes)));
  state_exposures(*snapshot);
  return snapshot;
}

Loaded one_mistake(const std::string& file, std::string what) {
  std::vector<Mistake> mistakes;
  mistakes.push_back({file, {}, "", std::move(what)});
  return std::unexpected(std::move(mistakes));
}

}  // namespace

Loaded load_text(std::string_view text, const std::string& name, const LoadOptions& options) {
  // The last line of defence: the standard library throws when memory is short.
  try {
    Reading reading;
    reading.file = name;
    reading.environment = options.environment ? options.environment : Environment(process_variable);
    reading.secret_environment =
        options.secret_environment ? options.secret_environment : reading.environment;
    reading.now_s = options.now_s != 0 ? options.now_s : std::time(nullptr);
    reading.memory_bytes = options.memory_bytes != 0 ? options.memory_bytes : memory_limit();
    const auto tree = read_yaml(text, name, reading.mistakes);
    if (!tree) return std::unexpected(sorted(std::move(reading.mistakes)));
    return build(*tree, reading);
  } catch (const std::exception& error) {
    return one_mistake(name, std::string("cannot be read: ") + error.what());
  }
}

Loaded load(const std::string& path, const LoadOptions& options) {
  std::ifstream file(path, std::ios::binary);
  std::string text(file_bytes_max + 1, '\0');
  if (!file || !file.read(text.data(), 0)) {
    return one_mistake(path, std::string("cannot be opened: ") + std::strerror(errno));
  }
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return one_mistake(path, "cannot be read; is it a file?");
  const auto size = static_cast<std::size_t>(file.gcount());
  auto result = load_text(std::string_view(text).substr(0, size), path, options);
  wipe(text.data(), text.size());
  return result;
}

}  // namespace penstock::config
