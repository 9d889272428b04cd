#include <doctest/doctest.h>

#include <string>

#include "json/keys.h"
#include "penstock/json.h"

using namespace penstock;
using namespace penstock::json;

namespace {

Scanner& scanner() {
  static Scanner one;
  return one;
}

// A chat request with one more member text.
std::string chat(const std::string& more) {
  return R"({"model":"m","messages":[{"role":"user","content":"hi"}])" + more + "}";
}

struct Outcome {
  bool ok;
  Code code;
  std::string param;
};
Outcome outcome(const std::string& body, const RequestRules& rules = {}) {
  Facts facts;
  const auto result = scanner().request(body, rules, facts);
  if (result) return {true, Code::internal_error, {}};
  CHECK(result.error().side == Side::client);
  return {false, result.error().code, std::string(facts.param)};
}
void refused(const std::string& body, Code code, const std::string& param,
             const RequestRules& rules = {}) {
  CAPTURE(body);
  const Outcome got = outcome(body, rules);
  CHECK_FALSE(got.ok);
  CHECK(describe(got.code).code == describe(code).code);
  CHECK(got.param == param);
}

}  // namespace

TEST_CASE("request/facts_of_a_whole_request") {
  const std::string body = R"( {
    "temperature": 0.5, "model": "org/gpt-4.1:floor", "stream": true,
    "messages": [{"role":"user","content":[{"type":"text","text":"hi"}]}, {"role":"user","content":"x"}],
    "stream_options": {"include_obfuscation": false, "include_usage": true},
    "max_tokens": 100, "max_completion_tokens": 200, "n": 2, "user": "u-1",
    "tools": [{"type":"function"}], "metadata": {"a":"b"}, "tags": ["x"], "session_id": "s"
  } )";
  Facts facts;
  REQUIRE(scanner().request(body, {}, facts));
  CHECK(facts.model_name(body) == "org/gpt-4.1:floor");
  CHECK(facts.model.in(body) == "\"org/gpt-4.1:floor\"");
  CHECK(facts.stream);
  CHECK(facts.include_usage);
  CHECK(facts.include_usage_value.in(body) == "true");
  CHECK(facts.stream_options.in(body) ==
        R"({"include_obfuscation": false, "include_usage": true})");
  CHECK(facts.max_tokens == 100);
  CHECK(facts.max_completion_tokens == 200);
  CHECK(facts.n == 2);
  CHECK(facts.user.in(body) == "\"u-1\"");
  CHECK(facts.messages == 2);
  CHECK(facts.has_messages);
  CHECK(facts.has_tools);
  CHECK(facts.metadata.in(body) == R"({"a":"b"})");
  CHECK(facts.tags.in(body) == R"(["x"])");
  CHECK(facts.session_id.in(body) == "\"s\"");
  CHECK(facts.root.in(body).front() == '{');
  CHECK(facts.root.in(body).back() == '}');
  CHECK(facts.cut_count == 2);
  CHECK(facts.kept == 11);
  CHECK(facts.param.empty());
}

TEST_CASE("request/nulls_count_as_absent") {
  const std::string body = chat(
      R"(,"stream":null,"stream_options":null,"max_tokens":null,"n":null,"user":null,"metadata":null,"tools":null,"cache":null)");
  Facts facts;
  REQUIRE(scanner().request(body, {}, facts));
  CHECK_FALSE(facts.stream);
  CHECK_FALSE(facts.max_tokens);
  CHECK_FALSE(facts.n);
  CHECK(facts.user.empty());
  CHECK(facts.metadata.empty());
  CHECK_FALSE(facts.has_tools);
  CHECK(facts.cache.empty());
  CHECK(facts.cut_count == 1);
}

TEST_CASE("request/model_rules") {
  const auto with_model = [](const std::string& model) {
    return R"({"messages":[],"model":)" + model + "}";
  };
  CHECK(outcome(with_model("\"" + std::string(256, 'a') + "\"")).ok);
  refused(with_model("\"" + std::string(257, 'a') + "\""), Code::invalid_value, "model");
  refused(with_model("\"" + std::string(2'000, 'a') + "\""), Code::invalid_value, "model");
  refused(with_model("\"\""), Code::invalid_value, "model");
  refused(with_model("3"), Code::invalid_value, "model");
  refused(with_model("null"), Code::invalid_value, "model");
  refused(with_model(R"("a\u0000b")"), Code::invalid_value, "model");
  refused(with_model("\"a\x7f\""), Code::invalid_value, "model");
  refused(with_model(R"("a b")"), Code::model_not_found, "model");
  refused(with_model("\"caf\xC3\xA9\""), Code::model_not_found, "model");
  refused(R"({"messages":[]})", Code::missing_field, "model");

  std::string body = with_model(R"("gpt\u002d4\/x")");
  Facts facts;
  REQUIRE(scanner().request(body, {}, facts));
  CHECK(facts.model_name(body) == "gpt-4/x");

  RequestRules rules;
  rules.model_required = false;
  CHECK(outcome(R"({"messages":[]})", rules).ok);
}

TEST_CASE("request/required_fields") {
  refused(R"({"model":"m"})", Code::missing_field, "messages");
  refused(R"({"model":"m","messages":"x"})", Code::invalid_value, "messages");
  RequestRules rules;
  rules.endpoint = Endpoint::embeddings;
  refused(R"({"model":"m"})", Code::missing_field, "input", rules);
  refused(R"({"model":"m","input":null})", Code::missing_field, "input", rules);
  rules.endpoint = Endpoint::completions;
  CHECK(outcome(R"({"model":"m","prompt":"x"})", rules).ok);
}

TEST_CASE("request/integers") {
  CHECK(outcome(chat(R"(,"max_tokens":0)")).ok);
  CHECK(outcome(chat(R"(,"max_tokens":2147483647)")).ok);
  for (const std::string bad :
       {"-1", "1.0", "1e3", "\"5\"", "2147483648", "true", "[]", "99999999999999999999999999999"}) {
    refused(chat(R"(,"max_tokens":)" + bad), Code::invalid_value, "max_tokens");
    refused(chat(R"(,"max_completion_tokens":)" + bad), Code::invalid_value,
            "max_completion_tokens");
  }
  refused(chat(R"(,"n":0)"), Code::invalid_value, "n");
  refused(chat(R"(,"n":129)"), Code::invalid_value, "n");
  refused(chat(R"(,"max_tokens":01)"), Code::invalid_json, "");
}

TEST_CASE("request/wrong_types") {
  refused(chat(R"(,"stream":1)"), Code::invalid_value, "stream");
  refused(chat(R"(,"stream":"true")"), Code::invalid_value, "stream");
  refused(chat(R"(,"stream_options":[])"), Code::invalid_value, "stream_options");
  refused(chat(R"(,"stream_options":{"include_usage":1})"), Code::invalid_value,
          "stream_options.include_usage");
  refused(chat(R"(,"user":5)"), Code::invalid_value, "user");
  refused(chat(R"(,"user":"a\nb")"), Code::invalid_value, "user");
  refused(chat(R"(,"session_id":"\u0000")"), Code::invalid_value, "session_id");
  refused(chat(R"(,"metadata":{"a\u0007":"b"})"), Code::invalid_value, "metadata");
  refused(chat(R"(,"metadata":"x")"), Code::invalid_value, "metadata");
  refused(chat(R"(,"models":"x")"), Code::invalid_value, "models");
  refused(chat(R"(,"provider":[])"), Code::invalid_value, "provider");
}

TEST_CASE("request/steering_fields_are_refused_also_in_disguise") {
  for (const std::string name :
       {"api_base", "base_url", "api_key", "extra_headers", "custom_llm_provider", "mock_response",
        "user_config", "aws_region_name", "litellm_params", "extra_body"}) {
    refused(chat(",\"" + name + "\":null"), Code::unknown_field, name);
  }
  refused(chat(R"(,"api\u005fbase":"http://x")"), Code::unknown_field, "api\\u005fbase");
  RequestRules rules;
  rules.drop_steering = true;
  Facts facts;
  const std::string body = chat(R"(,"api_base":"x","n":1)");
  REQUIRE(scanner().request(body, rules, facts));
  CHECK(facts.cut_count == 1);
}

TEST_CASE("request/duplicates_of_what_is_read") {
  refused(chat(R"(,"model":"m2")"), Code::duplicate_field, "model");
  refused(chat(R"(,"x":1,"y":2,"x":3)"), Code::duplicate_field, "x");
  refused(chat(R"(,"mod\u0065l":"m2")"), Code::duplicate_field, "mod\\u0065l");
  refused(chat(R"(,"stream_options":{"include_usage":true,"include_usage":false})"),
          Code::duplicate_field, "include_usage");
  refused(chat(R"(,"metadata":{"a":{"b":1,"b":2}})"), Code::duplicate_field, "b");
  refused(chat(R"(,"provider":{"order":[{"q":1,"q":1}]})"), Code::duplicate_field, "q");
  // Only passed on: the upstream's to judge.
  CHECK(outcome(chat(R"(,"x":{"b":1,"b":2})")).ok);
}

TEST_CASE("request/what_is_passed_on_must_be_sound") {
  CHECK(outcome(chat(R"(,"x":[{"a":[]},"\q",1.50,{}])")).ok);
  for (const std::string bad : {R"(,"x":[1,])",
                                R"(,"x":{"a"})",
                                R"(,"x":{"a":})",
                                R"(,"x":{"a":1,})",
                                R"(,"x":[1 2])",
                                R"(,"x":[1}])",
                                R"(,"x":{"a":1])",
                                R"(,"x":{1:2})",
                                R"(,"x":[tru])",
                                R"(,"x":[01])",
                                R"(,"x":[nul])",
                                R"(,"x":[1:2])",
                                R"(,"x":{"a":1 "b":2})",
                                R"(,"x":{,})",
                                R"(,"x":[,])",
                                R"(,"x":"\q")",
                                R"(,"x":"\ud800")",
                                ",\"x\":[\"a\nb\"]",
                                ",\"x\":[\"\xff\"]",
                                R"(,"x":)",
                                R"(,"x")",
                                R"(,)",
                                R"(,"x":1e999)",
                                R"(,"x":[)",
                                R"(,"x":]})",
                                R"(}, {"y":1)"}) {
    refused(chat(bad), Code::invalid_json, "");
  }
  for (const std::string bad : {"", " ", "[]", "null", "\"x\"", "{", "}", "{]", "[}", "{\"a\""}) {
    refused(bad, Code::invalid_json, "");
  }
}

TEST_CASE("request/counts") {
  const auto messages = [](std::size_t count) {
    std::string text = R"({"model":"m","messages":[{})";
    for (std::size_t i = 1; i < count; ++i) text += ",{}";
    return text + "]}";
  };
  CHECK(outcome(messages(20'000)).ok);
  refused(messages(20'001), Code::invalid_value, "messages");

  const auto repeated = [](const std::string& open, const std::string& item, std::size_t count) {
    std::string text = open + item;
    for (std::size_t i = 1; i < count; ++i) text += "," + item;
    return text + "]}";
  };
  RequestRules rules;
  rules.endpoint = Endpoint::embeddings;
  // Tokens are not values: a full batch of them must pass.
  CHECK(outcome(repeated(R"({"model":"m","input":[)", "123", 300'000), rules).ok);
  CHECK(outcome(repeated(R"({"model":"m","input":[)", "[1,2,3]", 60'000), rules).ok);
  refused(repeated(R"({"model":"m","input":[)", "[]", 100'001), Code::invalid_json, "", rules);
  refused(repeated(R"({"model":"m","messages":[],"x":[)", "1", 100'001), Code::invalid_json, "");

  std::string deep =
      R"({"model":"m","messages":)" + std::string(63, '[') + std::string(63, ']') + "}";
  CHECK(outcome(deep).ok);
  deep = R"({"model":"m","messages":)" + std::string(64, '[') + std::string(64, ']') + "}";
  refused(deep, Code::invalid_json, "");
}

TEST_CASE("request/embeddings_input_kinds") {
  RequestRules rules;
  rules.endpoint = Endpoint::embeddings;
  const auto read = [&](const std::string& input) {
    const std::string body = R"({"input":)" + input + R"(,"model":"m"})";
    Facts facts;
    CHECK(scanner().request(body, rules, facts));
    return facts;
  };
  CHECK(read("\"x\"").input == InputKind::text);
  CHECK(read("\"x\"").inputs == 1);
  CHECK(read(R"(["a","b"])").input == InputKind::texts);
  CHECK(read(R"(["a","b"])").inputs == 2);
  CHECK(read("[1,2,3]").input == InputKind::tokens);
  CHECK(read("[1,2,3]").inputs == 3);
  CHECK(read("[[1],[2,3]]").input == InputKind::token_lists);
  CHECK(read("[[1],[2,3]]").inputs == 2);
  CHECK(read("[]").input == InputKind::other);
  refused(R"({"input":{},"model":"m"})", Code::invalid_value, "input", rules);
}

TEST_CASE("request/body_limit_and_growth") {
  Scanner small(1'000);
  Facts facts;
  const std::string large = chat(",\"x\":\"" + std::string(1'000, 'x') + "\"");
  CHECK(small.request(large, {}, facts).error().code == Code::body_too_large);
  CHECK(small.request(chat(""), {}, facts));
  // An index far above what is kept, then small ones again.
  const std::string huge = chat(",\"x\":\"" + std::string(5'000'000, 'x') + "\"");
  CHECK(scanner().request(huge, {}, facts));
  CHECK(scanner().request(chat(""), {}, facts));
}

TEST_CASE("request/every_cut_of_a_body_is_refused") {
  const std::string body =
      chat(R"(,"stream_options":{"include_usage":true},"metadata":{"k":"v"},"tags":["a"],"t":1.5)");
  for (std::size_t cut = 0; cut < body.size(); ++cut) {
    refused(body.substr(0, cut), Code::invalid_json, "");
  }
}

TEST_CASE("request/unescape") {
  std::array<char, 16> room;
  const std::string value = "\"a\\u00e9\\n\"";
  CHECK(*unescape(value, room) == "a\xC3\xA9\n");
  CHECK(unescape(value, std::span(room).first(3)).error().code == Code::too_large);
}

TEST_CASE("request/names_are_told_apart_by_every_byte") {
  using json::Field;
  for (const std::string name :
       {"n", "user", "tags", "cache", "model", "tools", "stream", "models", "headers", "messages",
        "functions", "max_tokens", "mock_response", "stream_options", "mock_tool_calls",
        "vertex_location", "proxy_server_request", "max_completion_tokens"}) {
    CAPTURE(name);
    CHECK(json::field_of(name) != Field::other);
    CHECK(json::field_of(name + "_") == Field::other);
    for (std::size_t at = 0; at < name.size(); ++at) {
      std::string odd = name;
      odd[at] ^= 0x10;
      CHECK(json::field_of(odd) == Field::other);
      odd.erase(at);
      CHECK((odd == "model" || odd == "stream" || json::field_of(odd) == Field::other));
    }
  }
}
