#include "config/node.h"

#include <doctest/doctest.h>

using namespace penstock::config;

namespace {

struct Read {
  std::optional<YamlNode> node;
  std::vector<Mistake> mistakes;
};

Read read(std::string_view text) {
  Read result;
  result.node = read_yaml(text, "f", result.mistakes);
  return result;
}

}  // namespace

TEST_CASE("yaml: a tree with places") {
  const Read result = read("a: 1\nb:\n  - x\n  - {c: 'two', d: null}\ne: ~\n");
  REQUIRE(result.node);
  CHECK(result.mistakes.empty());
  const YamlNode& root = *result.node;
  REQUIRE(root.kind == YamlNode::Kind::map);
  CHECK(root.find("a")->value.text == "1");
  CHECK(root.find("a")->value.mark.line == 1);
  CHECK(root.find("a")->value.mark.column == 4);
  const YamlNode& list = root.find("b")->value;
  REQUIRE(list.kind == YamlNode::Kind::list);
  REQUIRE(list.items.size() == 2);
  CHECK(list.items[0].text == "x");
  CHECK(list.items[1].find("c")->value.text == "two");
  CHECK(list.items[1].find("c")->mark.line == 4);
  CHECK(list.items[1].find("d")->value.kind == YamlNode::Kind::null);
  CHECK(root.find("e")->value.kind == YamlNode::Kind::null);
  CHECK(root.find("zz") == nullptr);
}

TEST_CASE("yaml: nothing is an empty tree") {
  for (const std::string text : {"", "\n", "# only a comment\n", "---\n"}) {
    const Read result = read(text);
    REQUIRE(result.node);
    CHECK(result.node->kind == YamlNode::Kind::null);
    CHECK(result.mistakes.empty());
  }
}

TEST_CASE("yaml: a key given twice is named with its path, and the first value stays") {
  const Read result = read("m:\n  - {a: 1, b: 2, a: {c: 3}}\n");
  REQUIRE(result.node);
  REQUIRE(result.mistakes.size() == 1);
  CHECK(result.mistakes[0].path == "m[0].a");
  CHECK(result.mistakes[0].mark.line == 2);
  CHECK(result.mistakes[0].mark.column == 18);
  const YamlNode& item = result.node->find("m")->value.items[0];
  CHECK(item.find("a")->value.text == "1");
  CHECK(item.find("b")->value.text == "2");
}

TEST_CASE("yaml: anchors, aliases and tags are mistakes, the rest is read") {
  const Read result = read("a: &x 1\nb: *x\nc: !!str 2\nd: 3\n");
  REQUIRE(result.node);
  CHECK(result.mistakes.size() == 3);
  CHECK(result.node->find("d")->value.text == "3");
}

TEST_CASE("yaml: exponential aliases cost nothing") {
  std::string text = "a0: &a0 [x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string name = "a" + std::to_string(i);
    const std::string before = "*a" + std::to_string(i - 1);
    text += name + ": &" + name + " [" + before + ", " + before + ", " + before + "]\n";
  }
  const Read result = read(text);
  REQUIRE(result.node);
  CHECK(result.mistakes.size() == 30 + 29 * 3);
}

TEST_CASE("yaml: depth, size and documents are bounded") {
  CHECK_FALSE(read(std::string(1'000, '[')).node);
  CHECK_FALSE(read(std::string(100'000, '[')).node);
  const Read deep = read(std::string(depth_max, '[') + std::string(depth_max, ']'));
  CHECK(deep.node);
  const Read deeper = read(std::string(depth_max + 1, '[') + std::string(depth_max + 1, ']'));
  CHECK_FALSE(deeper.node);
  REQUIRE(deeper.mistakes.size() == 1);
  CHECK(deeper.mistakes[0].mark.column == depth_max + 1);
  CHECK_FALSE(read(std::string(file_bytes_max + 1, 'a')).node);
  const Read two = read("a: 1\n---\nb: 2\n");
  REQUIRE(two.mistakes.size() == 1);
  CHECK(two.mistakes[0].mark.line == 2);
  CHECK(read("- a\nb: c").mistakes.size() == 1);
}

TEST_CASE("yaml: broken text is one mistake with a place") {
  for (const std::string text :
       {"a: [", "a: {b", "a: 'x", "a:\n\t- b", "a: b: c", "\"\\q\"", "? [a]\n: b"}) {
    CAPTURE(text);
    const Read result = read(text);
    CHECK_FALSE(result.node);
    REQUIRE(result.mistakes.size() == 1);
    CHECK(result.mistakes[0].mark.line >= 1);
  }
  const Read zero = read(std::string_view("a: b\0c", 6));
  CHECK_FALSE(zero.node);
}

TEST_CASE("mistakes never carry control bytes to a terminal") {
  const Mistake mistake{"f", {3, 7}, "a\x1b[31m", "is \"x\n\" wrong"};
  CHECK(to_string(mistake) == "f:3:7: a?[31m: is \"x?\" wrong");
  CHECK(to_string({"f", {}, "", "is empty"}) == "f: is empty");
}
