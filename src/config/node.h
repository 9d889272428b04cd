// A YAML file as a plain tree with the place of every key and value. Only the part of YAML that a
// configuration needs: one document, text keys, no anchors, aliases or tags, bounded size, depth
// and number of nodes. A key given twice is a mistake.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/config.h"

namespace penstock::config {

inline constexpr std::size_t file_bytes_max = std::size_t{4} << 20;
inline constexpr std::size_t depth_max = 16;         // the schema needs 6
inline constexpr std::size_t nodes_max = 1'000'000;  // bounds memory to about 200 MiB

struct YamlNode {
  enum class Kind : std::uint8_t { null, scalar, list, map };
  struct Entry;

  Kind kind = Kind::null;
  Mark mark;
  std::string text;             // scalar: its text, unquoted
  std::vector<YamlNode> items;  // list
  std::vector<Entry> entries;   // map, in the order of the file, each key once

  YamlNode();
  YamlNode(YamlNode&&) noexcept;
  YamlNode& operator=(YamlNode&&) noexcept;
  ~YamlNode();  // wipes `text`: it may have been a secret

  const Entry* find(std::string_view key) const;
};

struct YamlNode::Entry {
  std::string key;
  Mark mark;  // of the key
  YamlNode value;
};

// Reads `text`. Mistakes are appended with `file` as their file name; the tree is what could be
// read despite them, or nothing when the text is not YAML. Throws nothing.
std::optional<YamlNode> read_yaml(std::string_view text, const std::string& file,
                                  std::vector<Mistake>& mistakes);

}  // namespace penstock::config
