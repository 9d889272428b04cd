#include "gateway/demo_script.h"

#include <doctest/doctest.h>

#include "support/json_tree.h"

using namespace penstock;

namespace {

DemoAnswer ask(Bytes path, Bytes body) {
  json::Scanner scanner;
  return demo_answer(path, body, scanner);
}

::test::Tree tree(std::string_view text) {
  auto read = ::test::TreeReader::read(text);
  REQUIRE(read);
  return std::move(*read);
}

// The payload of one event.
std::string_view data_of(const std::string& event) {
  REQUIRE(event.starts_with("data: "));
  REQUIRE(event.ends_with("\n\n"));
  return std::string_view(event).substr(6, event.size() - 8);
}

constexpr Bytes hello = R"({"model":"demo","messages":[{"role":"user","content":"hi"}]})";

}  // namespace

TEST_CASE("demo_script: a whole chat answer") {
  const DemoAnswer answer = ask("/chat/completions", hello);
  CHECK(answer.status == 200);
  CHECK_FALSE(answer.stream);
  REQUIRE(answer.parts.size() == 1);
  const auto body = tree(answer.parts[0]);
  CHECK(body.find("model")->text == "demo");
  const auto& choice = body.find("choices")->items.at(0);
  CHECK_FALSE(choice.find("message")->find("content")->text.empty());
  CHECK(choice.find("finish_reason")->text == "stop");
  CHECK(body.find("usage")->find("total_tokens"));
}

TEST_CASE("demo_script: a stream says the same in events and ends") {
  const std::string whole = ask("/chat/completions", hello).parts[0];
  const DemoAnswer answer =
      ask("/chat/completions", R"({"model":"demo","stream":true,"messages":[]})");
  CHECK(answer.stream);
  REQUIRE(answer.parts.size() > 3);
  CHECK(answer.parts.back() == "data: [DONE]\n\n");
  std::string content;
  for (std::size_t i = 0; i + 1 < answer.parts.size(); ++i) {
    const auto chunk = tree(data_of(answer.parts[i]));
    const auto& delta = *chunk.find("choices")->items.at(0).find("delta");
    if (const auto* text = delta.find("content")) content += text->text;
  }
  CHECK(content == tree(whole).find("choices")->items.at(0).find("message")->find("content")->text);
}

TEST_CASE("demo_script: usage in a stream only when it was asked for") {
  const auto events = [](Bytes options) {
    return ask("/chat/completions",
               R"({"model":"demo","stream":true,"messages":[])" + std::string(options) + "}")
        .parts;
  };
  const auto without = events("");
  const auto with = events(R"(,"stream_options":{"include_usage":true})");
  REQUIRE(with.size() == without.size() + 1);
  const auto usage = tree(data_of(with[with.size() - 2]));
  CHECK(usage.find("choices")->items.empty());
  CHECK(usage.find("usage")->find("prompt_tokens"));
}

TEST_CASE("demo_script: the client's own tool is called") {
  const DemoAnswer answer = ask(
      "/chat/completions",
      R"({"model":"demo","messages":[],"tools":[{"type":"function","function":{"name":"look_up"}}]})");
  const auto body = tree(answer.parts[0]);
  const auto& choice = body.find("choices")->items.at(0);
  CHECK(choice.find("finish_reason")->text == "tool_calls");
  const auto& call = choice.find("message")->find("tool_calls")->items.at(0);
  CHECK(call.find("function")->find("name")->text == "look_up");
}

TEST_CASE("demo_script: one vector for each input") {
  const DemoAnswer answer = ask("/embeddings", R"({"model":"demo","input":["a","b","c"]})");
  CHECK_FALSE(answer.stream);
  const auto body = tree(answer.parts.at(0));
  REQUIRE(body.find("data")->items.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto& entry = body.find("data")->items[i];
    CHECK(entry.find("index")->text == std::to_string(i));
    CHECK(entry.find("embedding")->items.size() == 16);
  }
  const auto encoded =
      tree(ask("/embeddings", R"({"model":"d","input":"a","encoding_format":"base64"})").parts[0]);
  // 16 floats of 4 bytes are 64 bytes, 88 characters.
  CHECK(encoded.find("data")->items.at(0).find("embedding")->text.size() == 88);
}

TEST_CASE("demo_script: timing by model, and a refusal") {
  CHECK(ask("/chat/completions", hello).first < Duration::seconds(1));
  const DemoAnswer slow = ask("/chat/completions", R"({"model":"demo-slow","messages":[]})");
  CHECK(slow.first == Duration::seconds(10));
  const DemoAnswer refused = ask("/chat/completions", "{");
  CHECK(refused.status == 400);
  CHECK(tree(refused.parts.at(0)).find("error"));
}
