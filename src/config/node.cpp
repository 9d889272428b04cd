#include "config/node.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <exception>
#include <sstream>
#include <unordered_set>
#include <utility>

#include "penstock/secret.h"

namespace penstock::config {
namespace {

Mark to_mark(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
}

// Leaves the parser when a bound is met. Caught in `read_yaml`.
struct Stop {
  Mark mark;
  std::string what;
};

// Builds the tree from the parser's events. Anchors, aliases and tags are recorded as mistakes and
// otherwise ignored, so that the rest of the file is still judged.
class Builder : public YAML::EventHandler {
 public:
  Builder(const std::string& file, std::vector<Mistake>& mistakes)
      : file_(file), mistakes_(mistakes) {}

  void OnDocumentStart(const YAML::Mark& mark) override { start_ = to_mark(mark); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    check(mark, "", anchor);
    YamlNode node;
    node.mark = to_mark(mark);
    if (key_wanted()) {
      take_key(node.mark, "null");
    } else {
      attach(std::move(node));
    }
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    add(mark, "aliases (*name) are not accepted; write the value out");
    YamlNode node;
    node.mark = to_mark(mark);
    if (key_wanted()) {
      take_key(node.mark, "*");
    } else {
      attach(std::move(node));
    }
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check(mark, tag, anchor);
    if (key_wanted()) return take_key(to_mark(mark), value);
    YamlNode node;
    node.kind = YamlNode::Kind::scalar;
    node.mark = to_mark(mark);
    node.text = value;
    attach(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    check(mark, tag, anchor);
    open(mark, YamlNode::Kind::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    check(mark, tag, anchor);
    open(mark, YamlNode::Kind::map);
  }
  void OnMapEnd() override { close(); }

  Mark start() const { return start_; }
  YamlNode take() { return std::move(root_); }

 private:
  // A collection that is not closed yet.
  struct Open {
    YamlNode node;
    bool has_key = false;
    bool drop_value = false;  // the key was given before
    YamlNode::Entry entry;
    std::unordered_set<std::string> keys;
  };

  bool key_wanted() const {
    return !open_.empty() && open_.back().node.kind == YamlNode::Kind::map && !open_.back().has_key;
  }
  void take_key(Mark mark, const std::string& key) {
    Open& map = open_.back();
    map.has_key = true;
    map.entry.key = key;
    map.entry.mark = mark;
    map.drop_value = !map.keys.insert(key).second;
    if (map.drop_value) {
      mistakes_.push_back({file_, mark, path(), "is given twice in one mapping; keep one of them"});
    }
  }
  // Where the parser is: "models.chat.targets[1].weight".
  std::string path() const {
    std::string result;
    for (const Open& open : open_) {
      if (open.node.kind == YamlNode::Kind::list) {
        result += '[' + std::to_string(open.node.items.size()) + ']';
      } else {
        result += (result.empty() ? "" : ".") + open.entry.key;
      }
    }
    return result;
  }
  void attach(YamlNode node) {
    if (++nodes_ > nodes_max) throw Stop{node.mark, "the file has too many values"};
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == YamlNode::Kind::list) {
      parent.node.items.push_back(std::move(node));
      return;
    }
    parent.has_key = false;
    if (parent.drop_value) return;
    parent.entry.value = std::move(node);
    parent.node.entries.push_back(std::move(parent.entry));
    parent.entry = {};
  }
  void open(const YAML::Mark& mark, YamlNode::Kind kind) {
    if (open_.size() >= depth_max) {
      throw Stop{to_mark(mark), "is nested too deeply; no setting needs that"};
    }
    if (key_wanted()) throw Stop{to_mark(mark), "a key must be text, not a list or a mapping"};
    open_.emplace_back();
    open_.back().node.kind = kind;
    open_.back().node.mark = to_mark(mark);
  }
  void close() {
    YamlNode node = std::move(open_.back().node);
    open_.pop_back();
    attach(std::move(node));
  }
  void check(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) {
      add(mark, "anchors (&name) are not accepted; remove it");
    }
    // "?" and "!" are the parser's words for plain and quoted text without a tag.
    if (!tag.empty() && tag != "?" && tag != "!") add(mark, "tags (!name) are not accepted");
  }
  void add(const YAML::Mark& mark, std::string what) {
    mistakes_.push_back({file_, to_mark(mark), path(), std::move(what)});
  }

  const std::string& file_;
  std::vector<Mistake>& mistakes_;
  std::vector<Open> open_;
  std::size_t nodes_ = 0;
  Mark start_;
  YamlNode root_;
};

}  // namespace

YamlNode::YamlNode() = default;
YamlNode::YamlNode(YamlNode&&) noexcept = default;
YamlNode& YamlNode::operator=(YamlNode&&) noexcept = default;
YamlNode::~YamlNode() {
  wipe(text.data(), text.size());
}

const YamlNode::Entry* YamlNode::find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

std::optional<YamlNode> read_yaml(std::string_view text, const std::string& file,
                                  std::vector<Mistake>& mistakes) {
  if (text.size() > file_bytes_max) {
    mistakes.push_back({file, {}, "", "is larger than 4MiB; a configuration is not that large"});
    return std::nullopt;
  }
  if (text.find('\0') != std::string_view::npos) {
    mistakes.push_back({file, {}, "", "holds a zero byte; write the file as UTF-8 text"});
    return std::nullopt;
  }
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    Builder builder(file, mistakes);
    if (!parser.HandleNextDocument(builder)) return YamlNode{};
    YamlNode root = builder.take();
    Builder second(file, mistakes);
    if (parser.HandleNextDocument(second)) {
      mistakes.push_back(
          {file, second.start(), "",
           "a second YAML document begins here; keep one, or check the indentation"});
    }
    return root;
  } catch (const YAML::Exception& error) {
    mistakes.push_back({file, to_mark(error.mark), "", "is not valid YAML: " + error.msg});
  } catch (const Stop& stop) {
    mistakes.push_back({file, stop.mark, "", stop.what});
  } catch (const std::exception& error) {
    mistakes.push_back({file, {}, "", std::string("cannot be read as YAML: ") + error.what()});
  }
  return std::nullopt;
}

}  // namespace penstock::config
