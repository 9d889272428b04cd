#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "penstock/json.h"
#include "support/fixtures.h"
#include "support/json_tree.h"
#include "support/spliced_tree.h"

using namespace penstock;
using namespace penstock::json;

namespace {

// The body that goes upstream.
std::string spliced(const std::string& body, const RequestEdits& edits,
                    const RequestRules& rules = {}) {
  static Scanner scanner;
  Facts facts;
  CAPTURE(body);
  REQUIRE(scanner.request(body, rules, facts));
  SpliceScratch scratch;
  Gather out;
  REQUIRE(splice_request(body, facts, edits, scratch, out));
  CHECK(out.pieces().size() <= 20);
  std::string text;
  for (const Bytes piece : out.pieces()) text += piece;
  CHECK(text.size() == out.bytes());
  return text;
}

}  // namespace

TEST_CASE("splice/nothing_to_edit_is_one_slice_of_the_body") {
  const std::string body = R"( {"model":"m", "messages":[] } )";
  CHECK(spliced(body, {}) == body);
  CHECK(spliced(body, {.model = "", .include_usage = true}) == body);
}

TEST_CASE("splice/model_is_replaced_and_escaped") {
  const std::string body = R"({"model":"m","messages":[]})";
  CHECK(spliced(body, {.model = "org/other"}) == R"({"model":"org/other","messages":[]})");
  CHECK(spliced(body, {.model = "a\"b"}) == R"({"model":"a\"b","messages":[]})");
  static Scanner scanner;
  Facts facts;
  REQUIRE(scanner.request(body, {}, facts));
  SpliceScratch scratch;
  Gather out;
  const std::string huge(700, 'x');
  CHECK(splice_request(body, facts, {.model = huge}, scratch, out).error().code == Code::too_large);
}

TEST_CASE("splice/model_of_the_same_name_stays") {
  const std::string plain = R"({ "model" : "gpt" ,"messages":[]})";
  CHECK(spliced(plain, {.model = "gpt"}) == plain);
  const std::string escaped = R"({"model":"g\u0070t","messages":[]})";
  CHECK(spliced(escaped, {.model = "gpt"}) == R"({"model":"gpt","messages":[]})");
}

TEST_CASE("splice/model_is_added_where_the_path_named_it") {
  RequestRules rules;
  rules.model_required = false;
  rules.endpoint = Endpoint::completions;
  CHECK(spliced(R"({"prompt":"x"})", {.model = "m"}, rules) == R"({"model":"m","prompt":"x"})");
  CHECK(spliced("{}", {.model = "m"}, rules) == R"({"model":"m"})");
  CHECK(spliced(R"({"tags":[] })", {.model = "m"}, rules) == R"({"model":"m" })");
  CHECK(spliced(R"({"stream":true})", {.model = "m", .include_usage = true}, rules) ==
        R"({"stream_options":{"include_usage":true},"model":"m","stream":true})");
}

TEST_CASE("splice/usage_is_asked_for") {
  const RequestEdits edits{.model = "", .include_usage = true};
  const auto with = [](const std::string& options) {
    return R"({"model":"m","messages":[],"stream":true,"stream_options":)" + options + "}";
  };
  CHECK(spliced(R"({ "model":"m","messages":[],"stream":true})", edits) ==
        R"({"stream_options":{"include_usage":true}, "model":"m","messages":[],"stream":true})");
  CHECK(spliced(R"({"model":"m","messages":[],"stream":false})", edits) ==
        R"({"model":"m","messages":[],"stream":false})");
  CHECK(spliced(with("{}"), edits) == with(R"({"include_usage":true})"));
  CHECK(spliced(with("null"), edits) == with(R"({"include_usage":true})"));
  CHECK(spliced(with("{ }"), edits) == with(R"({"include_usage":true})"));
  CHECK(spliced(with(R"({"include_usage":false})"), edits) == with(R"({"include_usage":true})"));
  CHECK(spliced(with(R"({"include_usage" : null ,"a":1})"), edits) ==
        with(R"({"include_usage" : true ,"a":1})"));
  CHECK(spliced(with(R"({"include_usage":true})"), edits) == with(R"({"include_usage":true})"));
  CHECK(spliced(with(R"({"a":1})"), edits) == with(R"({"include_usage":true,"a":1})"));
}

TEST_CASE("splice/extensions_are_cut_with_their_commas") {
  CHECK(spliced(R"({"tags":[1], "model":"m","messages":[]})", {}) ==
        R"({"model":"m","messages":[]})");
  CHECK(spliced(R"({"model":"m","tags":["a"] ,"messages":[]})", {}) ==
        R"({"model":"m","messages":[]})");
  CHECK(spliced(R"({"model":"m","messages":[] , "tags":["a"] })", {}) ==
        R"({"model":"m","messages":[] })");
  CHECK(
      spliced(
          R"({"models":[],"cache":{},"model":"m","provider":{},"messages":[],"tags":[],"session_id":"s"})",
          {}) == R"({"model":"m","messages":[]})");
  RequestRules rules;
  rules.drop_steering = true;
  CHECK(spliced(R"({"model":"m","messages":[],"api_key":"k","base_url":"u"})", {}, rules) ==
        R"({"model":"m","messages":[]})");
}

TEST_CASE("splice/keeps_the_tree_apart_from_the_edits") {
  struct Part {
    std::string key;
    std::vector<std::string> values;
  };
  const std::vector<Part> parts{
      {"model", {R"("m")", R"("a\u002db")"}},
      {"messages", {R"([{"role":"user","content":"\"tags\":[1],"}])", "[]", R"([ {} , {} ])"}},
      {"stream", {"true", "true", "true", "false", "null"}},
      {"stream_options",
       {"{}", "null", R"({"include_usage":false})", R"({"x":{"include_usage":1}})",
        R"({ "a" : [] , "include_usage" : null })", R"({"include_usage":true})"}},
      {"models", {"[]", R"(["a","b"])"}},
      {"fallbacks", {"null", R"([{"x":"y"}])"}},
      {"provider", {R"({"order":["a"]})"}},
      {"cache", {R"({"ttl":1})"}},
      {"session_id", {R"("s")"}},
      {"tags", {R"(["t"])", R"("x,y")"}},
      {"temperature", {"0.5", "1e-3"}},
      {"other", {R"({"tags":1,"model":"inner"})", "[[]]"}},
  };
  const std::string blanks[] = {"", "", "", " ", "\n  ", "\t"};
  std::mt19937 random(11);
  for (int round = 0; round < 20'000; ++round) {
    const auto blank = [&] { return blanks[random() % 6]; };
    std::vector<const Part*> order;
    for (const Part& part : parts) {
      const bool needed = part.key == "model" || part.key == "messages";
      if (needed || random() % 2 != 0) {
        order.insert(order.begin() + static_cast<std::ptrdiff_t>(random() % (order.size() + 1)),
                     &part);
      }
    }
    std::string body = blank() + "{";
    for (std::size_t i = 0; i < order.size(); ++i) {
      const auto& values = order[i]->values;
      body += blank() + "\"" + order[i]->key + "\"" + blank() + ":" + blank() +
              values[random() % values.size()] + blank() + (i + 1 < order.size() ? "," : "");
    }
    body += "}" + blank();
    const RequestEdits edits{.model = random() % 2 != 0 ? "target-1" : "",
                             .include_usage = random() % 2 != 0};
    const auto got = test::read_tree(spliced(body, edits));
    CAPTURE(body);
    REQUIRE(got);
    REQUIRE(test::same_members(*got, test::edited(body, edits)));
  }
}

TEST_CASE("splice/recorded_requests") {
  const auto folder = test::fixtures("openai");
  if (!folder) {
    MESSAGE("openai recordings not found: own cases only");
    return;
  }
  int seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    const std::string name = entry.path().filename().string();
    const auto path = entry.path() / "request.json";
    if (!name.starts_with("chat-completions") || !std::filesystem::exists(path)) continue;
    if (name.find("error") != std::string::npos) continue;
    CAPTURE(name);
    const std::string body = test::read_file(path);
    CHECK(test::read_tree(spliced(body, {})) == test::read_tree(body));
    const RequestEdits edits{.model = "other", .include_usage = true};
    const auto got = test::read_tree(spliced(body, edits));
    REQUIRE(got);
    CHECK(got->find("model")->text == "other");
    CHECK(test::same_members(*got, test::edited(body, edits)));
    ++seen;
  }
  CHECK(seen >= 10);
}
