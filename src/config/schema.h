// The one table of all settings. Reading, unknown-key detection, `penstock schema` and the
// reference in docs/configuration.md are all made from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::config {

enum class Kind : std::uint8_t {
  section,       // a mapping with the settings named below it
  named,         // a mapping from names that the operator chooses to sections ("*")
  list,          // a list of sections ("[]")
  text,          // any non-empty text
  name,          // a name: letters, digits, '.', '_', '-', and for models also ':' and '/'
  names,         // a list of names
  secret,        // text, or file:/path
  secrets,       // a list of secrets
  key_file,      // file:/path of a key in JSON form
  flag,          // true or false
  count,         // a whole number
  size,          // bytes with a unit: 64KiB
  memory,        // a size, or a percentage of the memory limit
  duration,      // a time with a unit: 30s
  off_duration,  // a duration, or off
  choice,        // one of a few words
  address,       // IP address and port
  url,           // http or https origin with an optional path
  path,          // a file
  date,          // 2027-01-01, or with a time in UTC: 2027-01-01T12:00:00Z
  cpus,          // auto, or a list of CPU numbers
  headers,       // a mapping from header names to values
  log,           // stdout, off, or an absolute path
  later,         // known, but not acted on by this version: refused
};

// One setting. `low` and `high` are in the kind's unit: bytes, nanoseconds, or a plain number.
struct Row {
  std::string_view path;  // "listen.data.address", "models.*.targets[].weight"
  Kind kind = Kind::section;
  std::string_view about;          // one sentence for people
  std::string_view fallback = {};  // the default, as a file would write it; empty: none
  bool required = false;
  std::int64_t low = 0;
  std::int64_t high = 0;
  std::string_view choices = {};  // "a|b|c"
  std::string_view later = {};    // choices that are known but not available in this version
};

// All rows, in the order of the documents. Parents stand before their children.
std::span<const Row> schema_rows();

// The rows as a tree. The root has no row; "*" and "[]" are children like any other.
struct SchemaNode {
  std::string_view name;
  const Row* row = nullptr;
  std::vector<SchemaNode> children;

  const SchemaNode* find(std::string_view child) const;
};
const SchemaNode& schema_tree();

// The word for a kind in messages and documents: "duration", "list of names".
std::string_view describe(Kind kind);

}  // namespace penstock::config
