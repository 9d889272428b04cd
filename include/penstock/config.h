// From a file to a Snapshot: read, judge everything, build. All mistakes are reported at once, and
// a file with a mistake gives no snapshot. Nothing here throws.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/secret.h"
#include "penstock/snapshot.h"

namespace penstock::config {

// A place in a file. Both count from 1. Line 0: the file as a whole.
struct Mark {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

// One mistake. Every check reports all it finds; nothing stops at the first.
struct Mistake {
  std::string file;
  Mark mark;
  std::string path;  // "providers.openai.base_url", "keys[2].secret"; empty: the file
  std::string what;  // what is wrong, and what to write instead
};

// "file:line:column: path: what".
std::string to_string(const Mistake& mistake);

// Where the reading looks outside the file.
struct LoadOptions {
  // Looks an environment variable up; empty: the environment of the process.
  std::function<std::optional<std::string>(std::string_view)> environment;
  // The same for what becomes part of a secret; empty: as `environment`.
  std::function<std::optional<std::string>(std::string_view)> secret_environment;
  // Unix time that certificates are judged by; 0: now.
  std::int64_t now_s = 0;
  // Bytes that percentages of memory are of; 0: the limit of the control group, or else the
  // machine's memory.
  std::uint64_t memory_bytes = 0;
};

// What the environment of this process holds under `name`; nothing when it is not set.
std::optional<std::string> process_variable(std::string_view name);

// The environment of a process that stays. A variable that becomes part of a secret is taken out
// of it: the value moves to memory for secrets, where a later reading of the file finds it, and is
// overwritten where it stood, so that neither /proc/PID/environ nor a child has it. One thread at
// a time; others may look variables up meanwhile, since names and pointers stay what they are.
class KeptEnvironment {
 public:
  // The value, from wherever it is now.
  std::optional<std::string> read(std::string_view name) const;
  // The same; from then on it is here alone.
  std::optional<std::string> take(std::string_view name);
  // Reads through this object, which has to outlive the options.
  LoadOptions options();

 private:
  std::map<std::string, Secret, std::less<>> taken_;
};

// At least one mistake when it is the error, at most `mistakes_max`, in the order of the file.
using Loaded = std::expected<std::unique_ptr<Snapshot>, std::vector<Mistake>>;
inline constexpr std::size_t mistakes_max = 100;

Loaded load(const std::string& path, const LoadOptions& options = {});
// `name` stands for the file in mistakes.
Loaded load_text(std::string_view text, const std::string& name, const LoadOptions& options = {});

// The digest that a virtual key is kept and found by: HMAC-SHA-256 (RFC 2104).
KeyDigest digest_key(std::string_view pepper, std::string_view key);

// JSON Schema (draft 2020-12) of the file, for editors. Ends with a newline.
std::string write_json_schema();
// The reference table of docs/configuration.md, in Markdown. Ends with a newline.
std::string write_reference();

}  // namespace penstock::config
