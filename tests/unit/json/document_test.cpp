#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>
#include <string>

#include "penstock/json_document.h"
#include "penstock/json_writer.h"
#include "support/json_tree.h"

using namespace penstock;
using json::Document;
using json::Judge;
using json::View;

namespace {

// The tree that a view shows, for comparison with the second reader's.
test::Tree tree_of(View view) {
  test::Tree tree;
  using Kind = test::Tree::Kind;
  if (view.is_object()) {
    tree.kind = Kind::object;
    for (const View member : view) {
      tree.keys.push_back(json::unescaped(member.key()));
      tree.items.push_back(tree_of(member));
    }
  } else if (view.is_array()) {
    tree.kind = Kind::array;
    for (const View element : view) tree.items.push_back(tree_of(element));
  } else if (view.is_string()) {
    tree.kind = Kind::string;
    tree.text = json::unescaped(view.text());
  } else {
    tree.kind = view.is_null() ? Kind::null : view.is_bool() ? Kind::boolean : Kind::number;
    tree.text = std::string(view.raw());
  }
  return tree;
}

// What the second reader refuses beyond the grammar: a key twice, a number that is no double.
bool breaks_a_choice(const test::Tree& tree) {
  for (std::size_t i = 0; i < tree.keys.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (tree.keys[i] == tree.keys[j]) return true;
    }
  }
  if (tree.kind == test::Tree::Kind::number &&
      (tree.text.size() > 64 || !std::isfinite(std::strtod(tree.text.c_str(), nullptr)))) {
    return true;
  }
  return std::ranges::any_of(tree.items, breaks_a_choice);
}

}  // namespace

TEST_CASE("document/reaches_every_value") {
  Document document;
  const std::string text =
      R"( {"a":[1,-2.5e3,"x\n",{"b":null}],"c":{},"d":[],"e":true , "f":false,"g\u0041":"y"} )";
  const auto root = document.read(text, Judge::request);
  REQUIRE(root.has_value());
  CHECK(root->size() == 6);
  CHECK((*root)["a"].size() == 4);
  CHECK((*root)["a"].at(0).integer() == 1);
  CHECK_FALSE((*root)["a"].at(1).integer().has_value());
  CHECK((*root)["a"].at(1).number() == -2500.0);
  CHECK((*root)["a"].at(2).text() == "x\\n");
  CHECK((*root)["a"].at(2).is("x\n"));
  CHECK((*root)["a"].at(3)["b"].is_null());
  CHECK((*root)["a"].at(3)["b"].exists());
  CHECK_FALSE(static_cast<bool>((*root)["a"].at(3)["b"]));
  CHECK_FALSE((*root)["a"].at(4).exists());
  CHECK((*root)["c"].is_object());
  CHECK((*root)["c"].empty());
  CHECK((*root)["e"].is_true());
  CHECK((*root)["f"].is_false());
  CHECK((*root)["gA"].is("y"));
  CHECK((*root)["c"].raw() == "{}");
  CHECK_FALSE((*root)["none"]["deeper"].at(3)["x"].exists());
  CHECK(tree_of(*root) == *test::TreeReader::read(text));
}

TEST_CASE("document/scalars_stand_alone") {
  Document document;
  CHECK(document.read("\"x\"", Judge::answer)->is("x"));
  CHECK(document.read(" 17 ", Judge::answer)->integer() == 17);
  CHECK(document.read("null", Judge::answer)->is_null());
}

TEST_CASE("document/refuses_what_is_no_json") {
  Document document;
  for (const char* text : {"",
                           " ",
                           "{",
                           "}",
                           "[1,]",
                           "[,1]",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{1:2}",
                           "[1 2]",
                           "\"a",
                           "[\"a\\q\"]",
                           "[\"\\ud800\"]",
                           "[01]",
                           "[1.]",
                           "[tru]",
                           "[1]]",
                           "[[1]",
                           "{\"a\" 1}",
                           "{\"a\":1 \"b\":2}",
                           "[\"\\u12g4\"]",
                           "[\x01]",
                           "[\"\x80\"]",
                           "{\"a\":1}}",
                           "[1}",
                           "{]"}) {
    CAPTURE(text);
    const auto root = document.read(text, Judge::request);
    REQUIRE_FALSE(root.has_value());
    CHECK(root.error() == Error{Code::invalid_json, Side::client});
  }
  CHECK(document.read("[", Judge::answer).error() == Error{Code::malformed, Side::upstream});
}

TEST_CASE("document/halves_of_surrogate_pairs_only_in_answers") {
  Document document;
  const std::string text = R"(["\ud83d","\ude00"])";
  CHECK_FALSE(document.read(text, Judge::request).has_value());
  const auto root = document.read(text, Judge::answer);
  REQUIRE(root.has_value());
  CHECK(root->at(0).text() == "\\ud83d");
  CHECK(json::unescaped(root->at(0).text()) == "\xEF\xBF\xBD");
}

TEST_CASE("document/depth_is_bounded") {
  Document document;
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']');
  };
  CHECK(document.read(nested(64), Judge::request).has_value());
  CHECK_FALSE(document.read(nested(65), Judge::request).has_value());
}

TEST_CASE("document/agrees_with_the_second_reader_on_damaged_texts") {
  Document document;
  std::mt19937 random(7);
  const std::string whole =
      R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a\u00e9\\"},1.5e-3]},)"
      R"({"tool_calls":[{"id":"x","function":{"arguments":"{\"a\":[1,2]}"}}]}],"n":0,"s":null,"t":[[],{}]})";
  constexpr std::string_view spice = "{}[],:\"\\ 1-.eE+tfnu\n";
  for (int round = 0; round < 20'000; ++round) {
    std::string text = whole;
    for (auto edits = random() % 3; edits-- > 0;) {
      const std::size_t at = random() % text.size();
      if (random() % 2 == 0)
        text.erase(at, random() % 4);
      else
        text.insert(at, 1, spice[random() % spice.size()]);
    }
    const auto second = test::TreeReader::read(text);
    const auto first = document.read(text, Judge::request);
    CAPTURE(text);
    if (second) {
      REQUIRE(first.has_value());
      REQUIRE(tree_of(*first) == *second);
    } else if (first) {
      REQUIRE(breaks_a_choice(tree_of(*first)));
    }
  }
}

TEST_CASE("composer/grows_up_to_its_bound") {
  json::Composer out(5000);
  out.begin_object().key("a").begin_array();
  for (int i = 0; i < 500; ++i) out.integer(i);
  out.end_array().key("b").open_string().more("x\"").more_escaped("\\n").close_string();
  out.end_object();
  REQUIRE(out.fits());
  const auto tree = test::TreeReader::read(out.text());
  REQUIRE(tree.has_value());
  CHECK(tree->find("a")->items.size() == 500);
  CHECK(tree->find("b")->text == "x\"\n");
  const std::size_t before = out.size();
  out.string(std::string(6000, 'x'));
  CHECK_FALSE(out.fits());
  out.cut(before);
  CHECK(out.fits());
  out.clear();
  CHECK(out.text().empty());
  out.verbatim("data: ").begin_object().end_object().verbatim("\n\n");
  out.verbatim("data: ").begin_object().end_object().verbatim("\n\n");
  CHECK(out.text() == "data: {}\n\ndata: {}\n\n");
}
