#include "gateway/models_body.h"

#include <doctest/doctest.h>

#include <vector>

#include "small_config.h"
#include "support/json_tree.h"

using namespace penstock;

namespace {

std::string list_for(const Snapshot& snapshot, std::uint32_t key) {
  std::vector<char> room(models_body_bytes(snapshot));
  return std::string(write_models(snapshot, KeyIndex{key}, room));
}

std::vector<std::string> ids(const std::string& text) {
  const auto tree = ::test::TreeReader::read(text);
  REQUIRE(tree);
  REQUIRE(tree->find("object"));
  CHECK(tree->find("object")->text == "list");
  REQUIRE(tree->find("data"));
  std::vector<std::string> result;
  for (const ::test::Tree& entry : tree->find("data")->items) {
    CHECK(entry.find("object")->text == "model");
    CHECK(entry.find("created")->text == "0");
    result.push_back(entry.find("id")->text);
  }
  return result;
}

}  // namespace

TEST_CASE("models_body: what a key may use, in the file's order") {
  const auto snapshot = penstock::test::small_config();
  CHECK(ids(list_for(*snapshot, 0)) == std::vector<std::string>{"first", "second", "org/third"});
  CHECK(ids(list_for(*snapshot, 1)) == std::vector<std::string>{"second"});
}

TEST_CASE("models_body: one model, owned by the provider of its first target") {
  const auto snapshot = penstock::test::small_config();
  std::vector<char> room(models_body_bytes(*snapshot));
  const auto tree =
      ::test::TreeReader::read(write_model(*snapshot, *snapshot->find_model("second"), room));
  REQUIRE(tree);
  CHECK(tree->find("id")->text == "second");
  CHECK(tree->find("owned_by")->text == "other");
}

TEST_CASE("models_body: names that need escapes fit into the room asked for") {
  auto snapshot = penstock::test::small_config();
  snapshot->models[0].name = std::string(200, '\x01');
  snapshot->providers[0].name = std::string(300, '"');
  const auto names = ids(list_for(*snapshot, 0));
  REQUIRE(names.size() == 3);
  CHECK(names[0] == snapshot->models[0].name);
}
