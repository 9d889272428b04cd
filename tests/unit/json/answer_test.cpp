#include <doctest/doctest.h>

#include <string>

#include "penstock/json.h"
#include "support/fixtures.h"
#include "support/json_tree.h"

using namespace penstock;
using namespace penstock::json;

namespace {

AnswerFacts read(const std::string& body) {
  Scanner scanner;
  AnswerFacts facts;
  CAPTURE(body);
  CHECK(scanner.answer(body, facts));
  return facts;
}
bool refused(const std::string& body) {
  Scanner scanner;
  AnswerFacts facts;
  const auto result = scanner.answer(body, facts);
  return !result && result.error() == Error{Code::malformed, Side::upstream};
}
constexpr Count present(std::uint32_t value) {
  return {Count::State::present, value};
}
constexpr Count missing{};
constexpr Count bad{Count::State::bad, 0};

}  // namespace

TEST_CASE("answer/facts_of_a_whole_answer") {
  const std::string body = R"({"id":"c-1","object":"chat.completion","model":"m-2","choices":[
    {"index":0,"message":{"content":"finish_reason"},"finish_reason":"stop"},
    {"index":1,"finish_reason":"length"}],
    "usage":{"prompt_tokens":11,"completion_tokens":2,"total_tokens":13,
      "prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":0},
      "completion_tokens_details":{"reasoning_tokens":1}}})";
  const AnswerFacts facts = read(body);
  CHECK(facts.finish_reason.in(body) == "\"stop\"");
  CHECK(facts.error.empty());
  CHECK(facts.usage.present);
  CHECK(facts.usage.prompt_tokens == present(11));
  CHECK(facts.usage.completion_tokens == present(2));
  CHECK(facts.usage.total_tokens == present(13));
  CHECK(facts.usage.cached_tokens == present(4));
  CHECK(facts.usage.cache_write_tokens == present(0));
  CHECK(facts.usage.reasoning_tokens == present(1));
  CHECK(facts.usage_object.in(body).starts_with("{\"prompt_tokens\":11,"));
  CHECK(facts.usage_object.in(body).ends_with("}"));
}

TEST_CASE("answer/usage_figures_that_are_none") {
  const auto prompt = [](const std::string& value) {
    return read(R"({"usage":{"prompt_tokens":)" + value + "}}").usage.prompt_tokens;
  };
  CHECK(prompt("0") == present(0));
  CHECK(prompt("1000000000") == present(1'000'000'000));
  CHECK(prompt("null") == missing);
  for (const std::string value :
       {"-1", "1.5", "1e3", "1000000001", "\"3\"", "{}", "true", "99999999999999999999999"}) {
    CHECK(prompt(value) == bad);
  }
  CHECK(read(R"({"usage":{}})").usage.present);
  CHECK(read(R"({"usage":{}})").usage.prompt_tokens == missing);
  CHECK_FALSE(read(R"({"usage":null})").usage.present);
  CHECK_FALSE(read(R"({"choices":[]})").usage.present);
  CHECK(read(R"({"usage":{"prompt_tokens_details":null,"prompt_tokens":1}})").usage.prompt_tokens ==
        present(1));
}

TEST_CASE("answer/errors_are_the_truthy_ones") {
  for (const std::string falsy : {"null", "false", "0", "0.0", "-0", "\"\""}) {
    CHECK(read(R"({"error":)" + falsy + "}").error.empty());
  }
  for (const std::string truthy : {"true", "1", "\"x\"", "{}", "[]", "0.1"}) {
    const std::string body = R"({"error":)" + truthy + "}";
    CHECK(read(body).error.in(body) == truthy);
  }
  const std::string body =
      R"({"error":{"message":"no \"x\"","type":"t","param":null,"code":429},"id":3})";
  const AnswerFacts facts = read(body);
  CHECK(facts.error_message.in(body) == R"("no \"x\"")");
  CHECK(facts.error_type.in(body) == "\"t\"");
  CHECK(facts.error_param.empty());
  CHECK(facts.error_code.in(body) == "429");
  const std::string text = R"({"error":"broken"})";
  CHECK(read(text).error_message.in(text) == "\"broken\"");
  // Not at the top level.
  CHECK(read(R"({"choices":[{"error":{"message":"x"}}]})").error.empty());
}

TEST_CASE("answer/choices_in_odd_shapes") {
  CHECK(read(R"({"choices":[]})").finish_reason.empty());
  CHECK(read(R"({"choices":null})").finish_reason.empty());
  CHECK(read(R"({"choices":[null,{"finish_reason":"x"}]})").finish_reason.empty());
  CHECK(read(R"({"choices":[{"finish_reason":null}]})").finish_reason.empty());
}

TEST_CASE("answer/unsound_answers_are_malformed") {
  for (const std::string text :
       {"", "[]", "<html>", "{", R"({"id":"a",})", R"({"choices":[1,]})",
        R"({"usage":{"a":1 "a":2}})", "{\"x\":\"\xff\"}", R"({"x":[01]})", R"({} {})"}) {
    CAPTURE(text);
    CHECK(refused(text));
  }
  Scanner small(10);
  AnswerFacts facts;
  CHECK(small.answer(R"({"id":"0123456789"})", facts).error() ==
        Error{Code::too_large, Side::upstream});
}

TEST_CASE("answer/of_a_key_that_stands_twice_the_last_counts") {
  const std::string text =
      R"({"usage":{"prompt_tokens":1,"prompt_tokens":2},"error":"a","error":"b"})";
  CHECK(read(text).usage.prompt_tokens == present(2));
  CHECK(read(text).error_message.in(text) == "\"b\"");
}

TEST_CASE("answer/long_vectors_are_not_bounded_by_the_count_of_values") {
  std::string body = R"({"data":[{"embedding":[0.1)";
  for (int i = 0; i < 300'000; ++i) body += ",-1.25e-3";
  body += R"(]}],"usage":{"prompt_tokens":3}})";
  CHECK(read(body).usage.prompt_tokens == present(3));
}

TEST_CASE("answer/recorded_answers") {
  const auto folder = test::fixtures("openai");
  if (!folder) {
    MESSAGE("openai recordings not found: own cases only");
    return;
  }
  Scanner scanner;
  int usages = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    if (!entry.path().filename().string().starts_with("chat-completions.")) continue;
    const std::string body = test::read_file(entry.path() / "response.body");
    const auto tree = test::read_tree(body);
    if (!tree) continue;  // stored compressed
    CAPTURE(entry.path().string());
    AnswerFacts facts;
    CHECK(scanner.answer(body, facts));
    CHECK(facts.error.empty() == (tree->find("error") == nullptr));
    const test::Tree* const usage = tree->find("usage");
    CHECK(facts.usage.present == (usage != nullptr));
    if (usage == nullptr) continue;
    ++usages;
    CHECK(std::to_string(facts.usage.prompt_tokens.value) == usage->find("prompt_tokens")->text);
    CHECK(std::to_string(facts.usage.completion_tokens.value) ==
          usage->find("completion_tokens")->text);
  }
  CHECK(usages >= 5);
}
