// The environment of the process: variables looked up, and taken out of it.
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "penstock/config.h"

namespace penstock::config {
namespace {

// The value in `NAME=value` when the entry is of this name, else null.
char* value_in(char* entry, std::string_view name) {
  const bool of_name = std::strncmp(entry, name.data(), name.size()) == 0;
  return of_name && entry[name.size()] == '=' ? entry + name.size() + 1 : nullptr;
}

// In place: the entry stays, empty, so that nobody who looks another one up meanwhile is disturbed.
// A name may stand there several times (execve(2) takes any list).
void overwrite(std::string_view name) {
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    if (char* value = value_in(*entry, name)) wipe(value, std::strlen(value));
  }
}

}  // namespace

std::optional<std::string> process_variable(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

std::optional<std::string> KeptEnvironment::read(std::string_view name) const {
  const auto taken = taken_.find(name);
  if (taken == taken_.end()) return process_variable(name);
  return std::string(taken->second.reveal());
}

std::optional<std::string> KeptEnvironment::take(std::string_view name) {
  auto value = read(name);
  if (value && taken_.try_emplace(std::string(name), *value).second) overwrite(name);
  return value;
}

LoadOptions KeptEnvironment::options() {
  LoadOptions options;
  options.environment = [this](std::string_view name) { return read(name); };
  options.secret_environment = [this](std::string_view name) { return take(name); };
  return options;
}

}  // namespace penstock::config
