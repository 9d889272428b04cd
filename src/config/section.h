// Reads settings out of a tree with the schema at hand: a section knows its row, reports what is
// wrong in it, and answers with the default where the file says nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/node.h"
#include "config/schema.h"
#include "config/value.h"
#include "penstock/config.h"
#include "penstock/secret.h"

namespace penstock::config {

// Looks a variable up: its value, or nothing when it is not set.
using Environment = std::function<std::optional<std::string>(std::string_view)>;

// The candidate that was probably meant: the nearest within a third of the word's length.
std::optional<std::string_view> nearest(std::string_view word,
                                        const std::vector<std::string_view>& candidates);

// What one reading of a file shares.
struct Reading {
  using Words = std::vector<std::string_view>;

  std::string file;
  Environment environment;
  Environment secret_environment;  // for what becomes part of a secret
  std::uint64_t memory_bytes = 0;  // the memory limit of the process
  std::int64_t now_s = 0;          // wall time
  std::vector<Mistake> mistakes;
  std::set<const Row*> used;  // rows that were asked for

  void mistake(Mark mark, std::string path, std::string what) {
    mistakes.push_back({file, mark, std::move(path), std::move(what)});
  }
  // `nearest`, while that is worth its time: nobody reads the guesses of a thousand mistakes.
  std::optional<std::string_view> guess(std::string_view word, const Words& candidates) const {
    constexpr std::size_t guesses_max = 1'000;
    if (mistakes.size() > guesses_max) return std::nullopt;
    return nearest(word, candidates);
  }
};

// Replaces `${NAME}` and `${NAME:-default}`; `$${` is a plain `${`. A variable that is not set and
// has no default is an error; one that is set but empty takes the default, as in a shell.
Parsed<std::string> expand(std::string_view text, const Environment& environment);

// One mapping of the file, or its absence. The node and the reading outlive it.
class Section {
 public:
  struct Named;

  // `node` is null when the file does not have the section. Checks the keys at once: unknown ones
  // and those that are not available are reported here.
  Section(Reading& reading, const SchemaNode& schema, const YamlNode* node, std::string path,
          Mark mark);

  // True when the file gives the setting a value.
  bool has(std::string_view name) const { return value_of(name) != nullptr; }
  // Where a mistake about the setting is best shown: its value, or else this section.
  Mark mark(std::string_view name) const;
  Mark mark() const { return mark_; }
  std::string path(std::string_view name) const;
  // An empty name: the section itself.
  void mistake(std::string_view name, std::string what) const;

  Section section(std::string_view name) const;
  std::vector<Named> named(std::string_view name) const;
  std::vector<Section> list(std::string_view name) const;

  // Each answers with the default where the setting is absent or wrong; wrong ones are reported.
  // Without a default: an empty or zero value.
  std::string text(std::string_view name) const;
  std::vector<std::string> names(std::string_view name) const;
  Secret secret(std::string_view name) const;
  std::vector<Secret> secrets(std::string_view name) const;
  // The content of a key file; nothing when it is absent or cannot be read.
  std::optional<Secret> key_file(std::string_view name) const;
  bool flag(std::string_view name) const;
  std::uint32_t count(std::string_view name) const;
  std::uint64_t size(std::string_view name) const;
  std::optional<Duration> duration(std::string_view name) const;
  std::optional<std::size_t> choice(std::string_view name) const;  // position in the row's words
  std::optional<ListenAddress> address(std::string_view name) const;
  std::optional<BaseUrl> url(std::string_view name) const;
  std::int64_t date(std::string_view name) const;
  std::vector<std::uint16_t> cpus(std::string_view name) const;
  std::vector<StaticHeader> headers(std::string_view name) const;

 private:
  struct Scalar {
    std::string text;
    std::string shown;  // as the file writes it: what a variable holds is never repeated
    Mark mark;
  };

  const SchemaNode& schema_of(std::string_view name) const;
  const Row& row_of(std::string_view name, std::initializer_list<Kind> kinds) const;
  const YamlNode* value_of(std::string_view name) const;
  const YamlNode* collection_of(std::string_view name, YamlNode::Kind kind,
                                std::string_view advice) const;
  std::optional<Scalar> scalar(std::string_view name, const Row& row) const;
  std::optional<std::string> expanded(const YamlNode& node, const std::string& path) const;
  std::optional<std::string> expanded(const YamlNode& node, const std::string& path,
                                      const Environment& environment) const;
  std::optional<Secret> secret_of(const YamlNode& node, const std::string& path) const;
  bool in_bounds(const Row& row, const Scalar& scalar, std::int64_t value) const;
  void check_keys() const;
  template <class T>
  std::optional<T> parsed(std::string_view name, const Row& row,
                          Parsed<T> (*parse)(std::string_view)) const;

  Reading* reading_;
  const SchemaNode* schema_;
  const YamlNode* node_;
  std::string path_;
  Mark mark_;
};

struct Section::Named {
  std::string name;
  Mark mark;
  Section section;
};

}  // namespace penstock::config
