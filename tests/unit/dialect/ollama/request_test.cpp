// The hub's requests as bodies of Ollama's native chat.
#include <doctest/doctest.h>

#include <string>

#include "dialect/ollama/table.h"
#include "support/json_tree.h"

using namespace penstock;
using namespace penstock::dialect;

namespace {

struct Written {
  std::string text;
  Losses losses;
  bool refused = false;
};

Written write(const hub::Request& request, DropParams policy = DropParams::drop,
              Bytes model = "qwen3") {
  Written out;
  json::Composer composer;
  const TargetTraits target{.model = model, .base_model = model, .drop_params = policy};
  const auto result = ollama_table().write_request(request, target, composer, out.losses);
  out.refused = !result.has_value();
  if (result) {
    CHECK(test::read_tree(composer.text()).has_value());
    out.text = composer.text();
  } else {
    CHECK(result.error() == Error{Code::unsupported_by_target, Side::client});
    CHECK_FALSE(out.losses.refused.empty());
    CHECK_FALSE(out.losses.reason.empty());
  }
  return out;
}

std::string member(const Written& written, Bytes key) {
  json::Document document;
  const auto body = document.read(written.text, json::Judge::request);
  REQUIRE(body.has_value());
  return std::string((*body)[key].raw());
}

hub::Part said(Bytes inside) {
  return {.text = inside};
}

hub::Message says(hub::Role role, std::vector<hub::Part> parts) {
  return {.role = role, .parts = std::move(parts)};
}

hub::Request asked(std::vector<hub::Part> parts = {{.text = "Hi"}}) {
  hub::Request request;
  request.messages.push_back(says(hub::Role::user, std::move(parts)));
  return request;
}

hub::Part media(hub::PartKind kind, hub::Source source, Bytes data) {
  hub::Part part{.kind = kind};
  part.media = {.source = source, .media_type = "image/png", .data = data};
  return part;
}

}  // namespace

TEST_CASE("ollama_request/a_conversation_with_tools_trap_104") {
  using enum hub::PartKind;
  hub::Request request;
  request.messages = {
      says(hub::Role::system, {hub::Part{.text = "A"}, hub::Part{.text = "B"}}),
      says(hub::Role::user,
           {hub::Part{.text = "Look\\n"}, media(image, hub::Source::base64, "AAAA"),
            media(audio, hub::Source::base64, "BBBB")}),
      says(
          hub::Role::assistant,
          {{.kind = thinking, .text = "Hm."},
           {.kind = thinking, .text = "theirs", .signature = "c2ln"},
           hub::Part{.text = "I "},
           hub::Part{.text = "ask."},
           {.kind = tool_call, .id = "c1", .name = "w", .arguments = {R"({\"c\":\"Oslo\"})", true}},
           {.kind = tool_call, .id = "c2", .name = "t"}}),
      says(hub::Role::tool,
           {{.kind = tool_result, .id = "c2", .content = {hub::Part{.text = "9"}}}}),
      says(hub::Role::user, {{.kind = tool_result,
                              .id = "c1",
                              .content = {hub::Part{.text = "3"}, hub::Part{.text = "4"}}},
                             hub::Part{.text = "Go on"}}),
  };
  request.tools = {{.name = "w", .description = "Weather", .schema = R"({"type":"object"})"},
                   {.name = "t"}};
  request.stream = true;
  const auto got = write(request);
  REQUIRE_FALSE(got.refused);
  CHECK(got.losses.dropped.empty());
  CHECK(
      got.text ==
      R"({"model":"qwen3","messages":[{"role":"system","content":"A\nB"},)"
      R"({"role":"user","content":"Look\n","images":["AAAA","BBBB"]},)"
      R"({"role":"assistant","content":"I ask.","thinking":"Hm.","tool_calls":[)"
      R"({"id":"c1","function":{"index":0,"name":"w","arguments":{"c":"Oslo"}}},)"
      R"({"id":"c2","function":{"index":1,"name":"t","arguments":{}}}]},)"
      R"({"role":"tool","content":"9","tool_name":"t","tool_call_id":"c2"},)"
      R"({"role":"tool","content":"3\n4","tool_name":"w","tool_call_id":"c1"},)"
      R"({"role":"user","content":"Go on"}],)"
      R"("tools":[{"type":"function","function":{"name":"w","description":"Weather","parameters":{"type":"object"}}},)"
      R"({"type":"function","function":{"name":"t","parameters":{"type":"object","properties":{}}}}],"stream":true})");
}

TEST_CASE("ollama_request/max_tokens_and_sampling_are_options_trap_114") {
  auto request = asked();
  request.max_output_tokens = 24;
  request.temperature = "0";
  request.top_p = "0.9";
  request.top_k = 0;
  request.seed = "42";
  request.presence_penalty = "-1.5";
  request.frequency_penalty = "0.1";
  request.stop = {"END"};
  request.logprobs = true;
  request.top_logprobs = 2;
  request.extra = {
      {"min_p", "0.05"}, {"options", R"({"num_ctx":8192,"num_gpu":9})"}, {"keep_alive", "\"5m\""}};
  const auto got = write(request);
  CHECK(
      got.text ==
      R"({"model":"qwen3","messages":[{"role":"user","content":"Hi"}],"options":{"num_predict":24,)"
      R"("temperature":0,"top_p":0.9,"top_k":0,"seed":42,"presence_penalty":-1.5,"frequency_penalty":0.1,)"
      R"("stop":["END"],"min_p":0.05,"num_ctx":8192},"logprobs":true,"top_logprobs":2,"keep_alive":"5m","stream":false})");
  CHECK(got.losses.dropped == std::vector<Bytes>{"options"});
}

TEST_CASE("ollama_request/formats") {
  using Kind = hub::ResponseFormat::Kind;
  auto request = asked();
  CHECK(member(write(request), "format") == "");
  request.format = {.kind = Kind::json_object};
  CHECK(member(write(request), "format") == "\"json\"");
  request.format = {.kind = Kind::json_schema, .schema = R"({"type":"object"})"};
  CHECK(member(write(request), "format") == R"({"type":"object"})");
  request.format = {.kind = Kind::json_schema};
  CHECK(member(write(request), "format") == "\"json\"");
  request.format = {.kind = Kind::text};
  CHECK(member(write(request), "format") == "");
}

TEST_CASE("ollama_request/think_by_model_trap_133") {
  auto request = asked();
  const auto think = [&](Bytes model) {
    return member(write(request, DropParams::drop, model), "think");
  };
  CHECK(think("qwen3") == "");
  request.reasoning = {.effort = hub::Effort::none};
  CHECK(think("qwen3") == "false");
  CHECK(think("gpt-oss:20b") == "false");
  request.reasoning = {.budget = 0};
  CHECK(think("qwen3") == "false");
  request.reasoning = {.budget = 512};
  CHECK(think("qwen3") == "true");
  CHECK(think("gpt-oss:20b") == "\"medium\"");
  request.reasoning = {.effort = hub::Effort::minimal};
  CHECK(think("qwen3") == "true");
  CHECK(think("gpt-oss:20b") == "\"low\"");
  request.reasoning = {.effort = hub::Effort::xhigh};
  CHECK(think("gpt-oss:20b") == "\"max\"");
  request.reasoning = {.effort = hub::Effort::high};
  CHECK(think("gpt-oss:20b") == "\"high\"");
  CHECK(write(request).losses.emulated == std::vector<Bytes>{"reasoning_effort"});
  request.reasoning = {.adaptive = true};
  CHECK(think("qwen3") == "true");
}

TEST_CASE("ollama_request/tool_choices") {
  using Mode = hub::ToolChoice::Mode;
  auto request = asked();
  request.tools = {{.strict = true, .name = "a"}, {.name = "b"}};
  CHECK(write(request).losses.dropped == std::vector<Bytes>{"tools.strict"});
  request.tools[0].strict.reset();
  request.tool_choice.mode = Mode::none;
  CHECK(member(write(request), "tools") == "");
  CHECK(write(request).losses.dropped.empty());
  request.tool_choice.mode = Mode::required;
  CHECK(write(request, DropParams::error).losses.emulated == std::vector<Bytes>{"tool_choice"});
  CHECK(member(write(request), "messages").find("Answer by calling one") != std::string::npos);
  request.tool_choice = {.mode = Mode::named, .name = "b"};
  CHECK(member(write(request), "tools").find("\"a\"") == std::string::npos);
  CHECK(write(request).losses.emulated == std::vector<Bytes>{"tool_choice"});
  request.tool_choice.name = "c";
  CHECK(write(request).losses.refused == "tool_choice");
  request.tool_choice = {.mode = Mode::allowed, .names = {"a"}};
  CHECK(member(write(request), "tools").find("\"b\"") == std::string::npos);
  CHECK(write(request).losses.emulated == std::vector<Bytes>{"tool_choice"});
  request.tool_choice = {};
  request.tools.push_back({.kind = hub::ToolKind::server});
  CHECK(write(request).losses.refused == "tools");
}

TEST_CASE("ollama_request/what_it_lacks_is_named_or_refused") {
  auto request = asked();
  request.logit_bias = "{}";
  request.user = "u";
  request.extra = {{"prediction", "{}"}};
  const auto got = write(request);
  CHECK(got.losses.dropped == std::vector<Bytes>{"logit_bias", "user", "prediction"});
  CHECK(write(request, DropParams::error).losses.refused == "logit_bias");

  using enum hub::PartKind;
  const auto refused = [](std::vector<hub::Part> parts) {
    const auto written = write(asked(std::move(parts)));
    return written.refused && written.losses.refused == "messages.content";
  };
  CHECK(refused({media(image, hub::Source::url, "https://a.example/b.png")}));
  CHECK(refused({media(audio, hub::Source::id, "file_1")}));
  CHECK(refused({media(video, hub::Source::base64, "AA")}));
  CHECK(refused({media(file, hub::Source::base64, "AA")}));
  CHECK(refused({{.kind = tool_result, .content = {media(image, hub::Source::base64, "AA")}}}));
  const auto plain = write(asked({said("Read:"), media(file, hub::Source::plain_text, "body")}));
  CHECK(member(plain, "messages") == R"([{"role":"user","content":"Read:\nbody"}])");
  CHECK(plain.losses.emulated == std::vector<Bytes>{"messages.content"});
}

TEST_CASE("ollama_request/calls_without_ids_agree_and_broken_arguments_are_wrapped_trap_21") {
  using enum hub::PartKind;
  auto request = asked();
  request.messages.push_back(
      says(hub::Role::assistant,
           {{.kind = tool_call, .name = "a", .arguments = {R"({\"x\":)", true}},
            {.kind = tool_call, .custom = true, .name = "b", .arguments = {R"(ls \"x\")", true}}}));
  request.messages.push_back(
      says(hub::Role::tool, {{.kind = tool_result}, {.kind = tool_result, .is_error = true}}));
  const auto got = write(request);
  CHECK(got.losses.dropped == std::vector<Bytes>{"is_error"});
  const auto body = test::read_tree(got.text);
  const auto& messages = body->find("messages")->items;
  REQUIRE(messages.size() == 4);
  const auto& calls = messages[1].find("tool_calls")->items;
  CHECK(calls[0].find("function")->find("arguments")->find("_raw")->text == "{\"x\":");
  CHECK(calls[1].find("function")->find("arguments")->find("input")->text == "ls \"x\"");
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(messages[i + 2].find("tool_call_id")->text == calls[i].find("id")->text);
    CHECK(messages[i + 2].find("tool_name")->text == calls[i].find("function")->find("name")->text);
  }
}
