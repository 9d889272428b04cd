// The hub's requests as bodies of Cohere's v2 chat.
#include <doctest/doctest.h>

#include <string>

#include "dialect/cohere/table.h"
#include "support/json_tree.h"

using namespace penstock;
using namespace penstock::dialect;

namespace {

struct Written {
  std::string text;
  Losses losses;
  bool refused = false;
};

Written write(const hub::Request& request, DropParams policy = DropParams::drop) {
  Written out;
  json::Composer composer;
  const TargetTraits target{.model = "command-a", .base_model = "command-a", .drop_params = policy};
  const auto result = cohere_table().write_request(request, target, composer, out.losses);
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

// The value of one member of the body, as written.
std::string member(const Written& written, Bytes key) {
  json::Document document;
  const auto body = document.read(written.text, json::Judge::request);
  REQUIRE(body.has_value());
  return std::string((*body)[key].raw());
}

hub::Part text(Bytes inside) {
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

hub::Part image(hub::Source source, Bytes data) {
  hub::Part part{.kind = hub::PartKind::image};
  part.media = {.source = source, .media_type = "image/png", .data = data};
  return part;
}

hub::Part plain_file(Bytes name, Bytes data) {
  hub::Part part{.kind = hub::PartKind::file};
  part.media = {.source = hub::Source::plain_text, .data = data, .name = name};
  return part;
}

hub::Tool tool(Bytes name, std::optional<bool> strict = {}) {
  return {.strict = strict, .name = name, .schema = R"({"type":"object"})"};
}

}  // namespace

TEST_CASE("cohere_request/a_conversation_with_tools_trap_115") {
  hub::Request request;
  request.messages = {
      says(hub::Role::system, {text("Be brief.")}),
      says(hub::Role::developer, {text("A"), text("B")}),
      says(hub::Role::user, {text("Wetter\\n?"), image(hub::Source::base64, "AAAA"),
                             image(hub::Source::url, "https://a.example/b.png")}),
      says(hub::Role::assistant, {{.kind = hub::PartKind::thinking, .text = "Ask."},
                                  {.kind = hub::PartKind::tool_call,
                                   .id = "w_1",
                                   .name = "w",
                                   .arguments = {R"({"c":"Oslo"})", false}},
                                  {.kind = hub::PartKind::tool_call, .id = "t_2", .name = "t"}}),
      says(hub::Role::tool,
           {{.kind = hub::PartKind::tool_result, .id = "w_1", .content = {text("3")}}}),
      says(hub::Role::user,
           {{.kind = hub::PartKind::tool_result, .id = "t_2", .content = {text("1"), text("2")}},
            text("Go on")}),
  };
  request.tools = {tool("w"), {.name = "t", .description = "The time"}};
  request.stream = true;
  const auto got = write(request);
  REQUIRE_FALSE(got.refused);
  CHECK(got.losses.dropped.empty());
  CHECK(
      got.text ==
      R"({"model":"command-a","tools":[{"type":"function","function":{"name":"w","parameters":{"type":"object"}}},)"
      R"({"type":"function","function":{"name":"t","description":"The time","parameters":{"type":"object","properties":{}}}}],)"
      R"("messages":[{"role":"system","content":"Be brief."},)"
      R"({"role":"system","content":[{"type":"text","text":"A"},{"type":"text","text":"B"}]},)"
      R"({"role":"user","content":[{"type":"text","text":"Wetter\n?"},)"
      R"({"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}},)"
      R"({"type":"image_url","image_url":{"url":"https://a.example/b.png"}}]},)"
      R"({"role":"assistant","tool_plan":"Ask.","tool_calls":[)"
      R"({"id":"w_1","type":"function","function":{"name":"w","arguments":"{\"c\":\"Oslo\"}"}},)"
      R"({"id":"t_2","type":"function","function":{"name":"t","arguments":"{}"}}]},)"
      R"({"role":"tool","tool_call_id":"w_1","content":"3"},)"
      R"({"role":"tool","tool_call_id":"t_2","content":[{"type":"text","text":"1"},{"type":"text","text":"2"}]},)"
      R"({"role":"user","content":[{"type":"text","text":"Go on"}]}],"stream":true})");
}

TEST_CASE("cohere_request/sampling_has_cohere_names_and_keeps_zeros_trap_133") {
  auto request = asked();
  request.max_output_tokens = 0;
  request.temperature = "0";
  request.top_p = "0.70";
  request.top_k = 0;
  request.seed = "18446744073709551615";
  request.presence_penalty = "0.0";
  request.frequency_penalty = "1";
  request.stop = {"\\n", "END"};
  request.logprobs = true;
  const auto got = write(request);
  CHECK(
      got.text ==
      R"({"model":"command-a","messages":[{"role":"user","content":"Hi"}],"max_tokens":0,"temperature":0,)"
      R"("p":0.70,"k":0,"seed":18446744073709551615,"presence_penalty":0.0,"frequency_penalty":1,)"
      R"("stop_sequences":["\n","END"],"logprobs":true,"stream":false})");
  CHECK(got.losses.dropped.empty());
}

TEST_CASE("cohere_request/what_cohere_lacks_is_named_or_refused_by_policy") {
  auto request = asked();
  request.top_logprobs = 3;
  request.logit_bias = R"({"5":1})";
  request.parallel_tool_calls = false;
  request.user = "u";
  request.metadata = "{}";
  request.store = true;
  request.service_tier = "flex";
  request.verbosity = "low";
  request.prompt_cache_key = "k";
  request.presence_penalty = "-0.5";
  request.extra = {{"prediction", "{}"}, {"safety_mode", "\"STRICT\""}};
  const auto got = write(request);
  REQUIRE_FALSE(got.refused);
  CHECK(got.losses.dropped == std::vector<Bytes>{"presence_penalty", "top_logprobs", "logit_bias",
                                                 "parallel_tool_calls", "user", "metadata", "store",
                                                 "service_tier", "verbosity", "prompt_cache_key",
                                                 "prediction"});
  CHECK(
      got.text ==
      R"({"model":"command-a","messages":[{"role":"user","content":"Hi"}],"safety_mode":"STRICT","stream":false})");
  const auto strict = write(request, DropParams::error);
  CHECK(strict.refused);
  CHECK(strict.losses.refused == "presence_penalty");

  auto harmless = asked();
  harmless.n = 1;
  harmless.store = false;
  harmless.service_tier = "auto";
  harmless.parallel_tool_calls = true;
  CHECK_FALSE(write(harmless, DropParams::error).refused);
}

TEST_CASE("cohere_request/tool_choices") {
  auto request = asked();
  request.tools = {tool("a", true), tool("b", true)};
  using Mode = hub::ToolChoice::Mode;
  CHECK(member(write(request), "tool_choice") == "");
  CHECK(member(write(request), "strict_tools") == "true");
  request.tool_choice.mode = Mode::automatic;
  CHECK(member(write(request), "tool_choice") == "");
  request.tool_choice.mode = Mode::none;
  CHECK(member(write(request), "tool_choice") == "\"NONE\"");
  request.tool_choice.mode = Mode::required;
  CHECK(member(write(request), "tool_choice") == "\"REQUIRED\"");
  request.tool_choice = {.mode = Mode::named, .name = "b"};
  const auto named = write(request);
  CHECK(member(named, "tool_choice") == "\"REQUIRED\"");
  CHECK(member(named, "tools").find("\"a\"") == std::string::npos);
  CHECK(named.losses.emulated == std::vector<Bytes>{"tool_choice"});
  request.tool_choice = {.mode = Mode::allowed, .names = {"a"}};
  CHECK(member(write(request), "tool_choice") == "");
  CHECK(member(write(request), "tools").find("\"b\"") == std::string::npos);
  request.tool_choice = {.mode = Mode::named, .name = "missing"};
  CHECK(write(request).losses.refused == "tool_choice");

  request.tool_choice = {};
  request.tools.push_back(tool("c"));
  const auto mixed = write(request);
  CHECK(member(mixed, "strict_tools") == "");
  CHECK(mixed.losses.dropped == std::vector<Bytes>{"tools.strict"});
  request.tools.push_back({.kind = hub::ToolKind::server, .raw = "{}"});
  CHECK(write(request).losses.refused == "tools");
}

TEST_CASE("cohere_request/formats_and_their_instruction_beside_tools") {
  using Kind = hub::ResponseFormat::Kind;
  auto request = asked();
  request.messages.insert(request.messages.begin(), says(hub::Role::system, {text("S")}));
  request.format = {.kind = Kind::json_schema, .name = "n", .schema = R"({"a":"\""})"};
  CHECK(member(write(request), "response_format") ==
        R"({"type":"json_object","json_schema":{"a":"\""}})");
  request.tools = {tool("a")};
  const auto beside = write(request);
  CHECK(member(beside, "response_format") == "");
  CHECK(beside.losses.emulated == std::vector<Bytes>{"response_format"});
  const auto messages = test::read_tree(member(beside, "messages"));
  REQUIRE(messages->items.size() == 3);
  CHECK(messages->items[0].find("content")->text == "S");
  CHECK(messages->items[1].find("content")->text.ends_with(R"(: {"a":"\""})"));
  CHECK(messages->items[2].find("content")->text == "Hi");
  request.tools.clear();
  request.format = {.kind = Kind::json_object};
  CHECK(member(write(request), "response_format") == R"({"type":"json_object"})");
  request.format = {.kind = Kind::text};
  CHECK(member(write(request), "response_format") == "");
}

TEST_CASE("cohere_request/thinking_on_off_and_budget_trap_55") {
  auto request = asked();
  const auto thinking = [&] { return member(write(request), "thinking"); };
  CHECK(thinking() == "");
  request.reasoning.budget = 0;
  CHECK(thinking() == R"({"type":"disabled"})");
  request.reasoning.budget = 1024;
  CHECK(thinking() == R"({"type":"enabled","token_budget":1024})");
  request.reasoning.budget = -1;
  CHECK(thinking() == R"({"type":"enabled"})");
  request.reasoning = {.effort = hub::Effort::none};
  CHECK(thinking() == R"({"type":"disabled"})");
  request.reasoning = {.effort = hub::Effort::low};
  CHECK(thinking() == R"({"type":"enabled"})");
  CHECK(write(request).losses.emulated == std::vector<Bytes>{"reasoning_effort"});
  // A model that thinks gets its thoughts back as such, and only its own or unsigned ones.
  request.messages.push_back(
      says(hub::Role::assistant, {{.kind = hub::PartKind::thinking, .text = "mine"},
                                  {.kind = hub::PartKind::thinking,
                                   .issuer = hub::Issuer::anthropic,
                                   .text = "theirs",
                                   .signature = "c2ln"},
                                  text("said")}));
  CHECK(member(write(request), "messages")
            .find(R"([{"type":"thinking","thinking":"mine"},{"type":"text","text":"said"}])") !=
        std::string::npos);
  request.reasoning = {};
  const auto plain = write(request);
  CHECK(plain.text.find("mine") == std::string::npos);
  CHECK(plain.losses.dropped == std::vector<Bytes>{"reasoning_content"});
}

TEST_CASE("cohere_request/documents_have_their_own_list") {
  auto request = asked({text("Read"), plain_file("a.txt", "A\\u00e4"), plain_file("", "B")});
  CHECK(
      member(write(request), "documents") ==
      R"([{"id":"doc:0","data":{"title":"a.txt","text":"A\u00e4"}},{"id":"doc:1","data":{"text":"B"}}])");
  CHECK(member(write(request), "messages") ==
        R"([{"role":"user","content":[{"type":"text","text":"Read"}]}])");
  request.format.kind = hub::ResponseFormat::Kind::json_object;
  const auto inlined = write(request);
  CHECK(member(inlined, "documents") == "");
  CHECK(member(inlined, "messages").find(R"({"type":"text","text":"B"})") != std::string::npos);
  CHECK(inlined.losses.emulated == std::vector<Bytes>{"messages.content"});
  // What is for another provider is lost, but the message still says something.
  const auto foreign = write(asked({{.kind = hub::PartKind::opaque, .raw = "{}"}}));
  CHECK(member(foreign, "messages") ==
        R"([{"role":"user","content":[{"type":"text","text":""}]}])");
  CHECK(foreign.losses.dropped == std::vector<Bytes>{"messages.content"});
  const auto alone = write(asked({plain_file("a", "A")}));
  CHECK(member(alone, "messages").find(R"("text":"A")") != std::string::npos);
}

TEST_CASE("cohere_request/what_cannot_be_said_is_refused_whatever_the_policy") {
  const auto refused = [](std::vector<hub::Part> parts) {
    const auto got = write(asked(std::move(parts)));
    return got.refused && got.losses.refused == "messages.content";
  };
  CHECK(refused({{.kind = hub::PartKind::audio}}));
  CHECK(refused({{.kind = hub::PartKind::video}}));
  CHECK(refused({{.kind = hub::PartKind::file}}));
  CHECK(refused({image(hub::Source::id, "file_1")}));
  CHECK(refused(
      {{.kind = hub::PartKind::tool_result, .content = {image(hub::Source::base64, "A")}}}));
  auto request = asked();
  request.previous_response = "resp_1";
  CHECK(write(request).losses.refused == "previous_response_id");
  request = asked();
  request.stateful = "conversation";
  CHECK(write(request).losses.refused == "conversation");
  request = asked();
  request.stop = {"1", "2", "3", "4", "5", "6"};
  CHECK(write(request).losses.refused == "stop");
}

TEST_CASE("cohere_request/a_custom_call_of_the_past_and_a_failed_result") {
  auto request = asked();
  request.messages.push_back(says(hub::Role::assistant, {{.kind = hub::PartKind::tool_call,
                                                          .custom = true,
                                                          .name = "sh",
                                                          .arguments = {R"(say \"a\"\n)", true}}}));
  request.messages.push_back(
      says(hub::Role::tool, {{.kind = hub::PartKind::tool_result, .is_error = true}}));
  const auto got = write(request, DropParams::error);
  REQUIRE_FALSE(got.refused);
  CHECK(got.losses.dropped == std::vector<Bytes>{"is_error"});
  const auto body = test::read_tree(got.text);
  const auto& call = body->find("messages")->items[1].find("tool_calls")->items[0];
  const auto arguments = test::read_tree(call.find("function")->find("arguments")->text);
  REQUIRE(arguments.has_value());
  CHECK(arguments->find("input")->text == "say \"a\"\n");
  // Without ids the call and its result still agree.
  CHECK(call.find("id")->text == body->find("messages")->items[2].find("tool_call_id")->text);
}
