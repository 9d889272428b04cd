#include "config/schema.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "config/build.h"
#include "config/node.h"
#include "penstock/config.h"

using namespace penstock;
using namespace penstock::config;

namespace {

std::string document() {
  std::ifstream file(PENSTOCK_SOURCE_ROOT "/docs/configuration.md");
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string between(const std::string& text, std::string_view begin, std::string_view end) {
  const std::size_t start = text.find(begin);
  REQUIRE(start != std::string::npos);
  const std::size_t stop = text.find(end, start + begin.size());
  REQUIRE(stop != std::string::npos);
  return text.substr(start + begin.size(), stop - start - begin.size());
}

// Braces and brackets that are open at the end of a JSON text, those inside strings left out.
int depth_at_end(std::string_view json) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (quoted && json[i] == '\\') {
      ++i;
    } else if (json[i] == '"') {
      quoted = !quoted;
    } else if (!quoted) {
      depth += json[i] == '{' || json[i] == '[' ? 1 : 0;
      depth -= json[i] == '}' || json[i] == ']' ? 1 : 0;
    }
  }
  return quoted ? -1 : depth;
}

// The sample's variables, whatever they are called.
std::optional<std::string> any_variable(std::string_view name) {
  return "value-of-" + std::string(name) + "-0123456789";
}

}  // namespace

TEST_CASE("schema: every default is a value that the setting accepts") {
  Reading reading;
  reading.file = "defaults";
  reading.environment = reading.secret_environment = any_variable;
  reading.memory_bytes = std::uint64_t{4} << 30;
  Snapshot snapshot;
  const YamlNode nothing;
  const Section root(reading, schema_tree(), &nothing, "", {});
  build_listeners(reading, root, snapshot);
  build_limits(root, snapshot);
  read_timeouts(root.section("timeouts"), {});
  for (const Mistake& mistake : reading.mistakes) MESSAGE(to_string(mistake));
  CHECK(reading.mistakes.empty());
}

TEST_CASE("schema: every available setting is read by the builder") {
  std::vector<Mistake> mistakes;
  const auto tree = read_yaml(R"(
listen: {data: {tls: {certificate: c, private_key: k}}, admin: {tokens: [t]}}
providers: {p: {kind: openai, timeouts: {}, limits: {}}}
models: {m: {targets: [{provider: p, model: x}]}}
keys: [{name: a, secret: b, models: [m]}]
)",
                              "f", mistakes);
  REQUIRE(tree);
  Reading reading;
  reading.environment = reading.secret_environment = any_variable;
  Snapshot snapshot;
  const Section root(reading, schema_tree(), &*tree, "", {});
  build_listeners(reading, root, snapshot);
  build_limits(root, snapshot);
  build_providers(root, snapshot);
  build_models(root, snapshot);
  build_keys(root, snapshot);
  for (const Row& row : schema_rows()) {
    CAPTURE(row.path);
    CHECK(reading.used.contains(&row) == (row.kind != Kind::later));
  }
}

TEST_CASE("schema: rows are unique and say something") {
  std::set<std::string_view> paths;
  for (const Row& row : schema_rows()) {
    CAPTURE(row.path);
    CHECK(paths.insert(row.path).second);
    CHECK(row.about.ends_with('.'));
    CHECK(row.low <= row.high);
    CHECK_FALSE((row.required && !row.fallback.empty()));
  }
}

TEST_CASE("schema: the JSON Schema names every available setting and no other") {
  const std::string json = write_json_schema();
  for (const Row& row : schema_rows()) {
    const std::size_t start = row.path.find_last_of(".") + 1;
    const std::string key = '"' + std::string(row.path.substr(start)) + "\": {";
    CAPTURE(row.path);
    if (row.kind != Kind::later) {
      CHECK(json.find(key) != std::string::npos);
      CHECK(json.find(row.about.substr(0, 20)) != std::string::npos);
    }
  }
  CHECK(json.find("\"fleet\"") == std::string::npos);
  CHECK(depth_at_end(json) == 0);
  CHECK(json.ends_with("}\n"));
}

TEST_CASE("schema: docs/configuration.md has the reference of this table") {
  const std::string written =
      between(document(), "<!-- reference: made by write_reference -->\n", "<!-- end -->");
  // When this fails, put the output of write_reference() between the two marks.
  CHECK(written == write_reference());
}

TEST_CASE("schema: the sample of docs/configuration.md loads") {
  const std::string sample = between(document(), "```yaml\n", "```");
  LoadOptions options;
  options.environment = any_variable;
  const auto result = load_text(sample, "sample", options);
  if (!result) {
    for (const Mistake& mistake : result.error()) MESSAGE(to_string(mistake));
  }
  REQUIRE(result);
  CHECK((*result)->models.size() >= 2);
}
