#include "dialect/anthropic/token_count.h"

#include "exchange.h"
#include "penstock/base64.h"

using namespace penstock;
using namespace test;
using dialect::estimate_input_tokens;

TEST_CASE("anthropic_token_count/grows_with_what_is_said") {
  const auto estimate = [](const std::string& content) {
    const ReadRequest read(R"({"model":"m","max_tokens":1,"messages":[{"role":"user","content":)" +
                           content + "}]}");
    REQUIRE(read.ok);
    return estimate_input_tokens(read.request);
  };
  const auto brief = estimate("\"Hello\"");
  CHECK(brief >= 2);
  CHECK(brief <= 10);
  CHECK(estimate("\"" + std::string(4000, 'x') + "\"") >= 1000);
  const auto image =
      estimate(R"([{"type":"image","source":{"type":"url","url":"https://x.example/a.png"}}])");
  CHECK(image > 500);
  CHECK(image < 5000);
}

TEST_CASE("anthropic_token_count/counts_tools") {
  const std::string body =
      R"({"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}])";
  const ReadRequest without(body + "}");
  const ReadRequest with(body + R"(,"tools":[{"name":"f","input_schema":{"type":"object"}}]})");
  CHECK(estimate_input_tokens(with.request) > estimate_input_tokens(without.request));
  json::Composer out;
  dialect::anthropic::write_token_count(17, out);
  CHECK(out.text() == R"({"input_tokens":17})");
}

TEST_CASE("anthropic_token_count/asks_for_what_says_something_about_the_prompt") {
  const ReadRequest read(
      R"({"model":"m","max_tokens":9,"temperature":0.5,"stop_sequences":["x"],"stream":true,)"
      R"("metadata":{"user_id":"u"},"service_tier":"auto","system":"Be brief.",)"
      R"("messages":[{"role":"user","content":"Ave"}],"tool_choice":{"type":"any"},)"
      R"("tools":[{"name":"f","input_schema":{"type":"object"}}]})");
  REQUIRE(read.ok);
  const auto written = [&](const dialect::TargetTraits& to) {
    json::Composer out;
    dialect::Losses losses;
    REQUIRE(dialect::anthropic::write_count_request(read.request, to, out, losses));
    return std::string(out.text());
  };
  const std::string prompt =
      R"("tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"any"},)"
      R"("system":[{"type":"text","text":"Be brief."}],)"
      R"("messages":[{"role":"user","content":[{"type":"text","text":"Ave"}]}]})";
  CHECK(written(target("claude-x")) == R"({"model":"claude-x",)" + prompt);
  dialect::TargetTraits vertex = target("claude-x@1");
  vertex.on_vertex = true;
  CHECK(written(vertex) ==
        R"({"model":"claude-x@1","anthropic_version":"vertex-2023-10-16",)" + prompt);
  dialect::TargetTraits invoke = target("anthropic.claude-x");
  invoke.in_bedrock_invoke = true;
  const Tree tree = *read_tree(written(invoke));
  const std::string inside(tree.find("input")->find("invokeModel")->find("body")->text);
  std::string body;
  REQUIRE(dialect::decode_base64(inside, body));
  CHECK(body == write(read.request, invoke).body);
}

TEST_CASE("anthropic_token_count/what_cannot_be_asked_is_refused") {
  hub::Request request;
  request.previous_response = "resp_1";
  json::Composer out;
  dialect::Losses losses;
  const auto refused =
      dialect::anthropic::write_count_request(request, target("claude-x"), out, losses);
  REQUIRE_FALSE(refused);
  CHECK(losses.refused == "previous_response_id");
}
