// The hub's request for OpenAI and for servers that are less than that.
#include "replay.h"

using namespace test;
using hub::Issuer;
using hub::Part;
using hub::PartKind;
using hub::Role;

namespace {

Asked asked_with(const std::string& members,
                 const std::string& messages = R"({"role":"user","content":"q"})") {
  return Asked(R"({"model":"alias","messages":[)" + messages + "]" + (members.empty() ? "" : ",") +
               members + "}");
}

Part call(hub::Escaped id, hub::Escaped name) {
  Part part;
  part.kind = PartKind::tool_call;
  part.id = id;
  part.name = name;
  return part;
}

Part text(hub::Escaped said) {
  Part part;
  part.text = said;
  return part;
}

constexpr Quirks small{.max_tokens = "max_tokens",
                       .required_choice = "any",
                       .seed_field = "random_seed",
                       .developer_role = false,
                       .stream_options = false,
                       .json_schema = false,
                       .strict = false,
                       .tool_choice_named = false,
                       .parallel_tool_calls = false,
                       .n = false,
                       .logprobs = false,
                       .logit_bias = false,
                       .user = false,
                       .metadata = false,
                       .store = false,
                       .service_tier = false,
                       .verbosity = false,
                       .image_url = false,
                       .audio_input = false,
                       .file_input = false,
                       .prediction = false,
                       .short_tool_ids = true};

}  // namespace

TEST_CASE("chat_target/openai_gets_it_all_back") {
  const std::string members =
      R"("max_completion_tokens":7,"n":2,"temperature":0.70,"seed":5,"stop":["x"],"logprobs":true,"top_logprobs":2,"user":"u","metadata":{"a":"b"},"store":true,"service_tier":"flex","verbosity":"low","reasoning_effort":"high","prompt_cache_key":"k","strange":{"a":1},"parallel_tool_calls":false,)"
      R"("tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"},"strict":true}},{"type":"custom","custom":{"name":"g","format":{"type":"text"}}}],"tool_choice":{"type":"custom","custom":{"name":"g"}},)"
      R"("response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"},"strict":true}})";
  const std::string messages =
      R"({"role":"developer","content":"d"},{"role":"user","content":[{"type":"text","text":"q"},{"type":"image_url","image_url":{"url":"https://x/a.png"}}]},)"
      R"({"role":"assistant","content":null,"tool_calls":[{"id":"t1","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}},{"id":"t2","type":"custom","custom":{"name":"g","input":"raw"}}]},)"
      R"({"role":"tool","tool_call_id":"t1","content":"r"},{"role":"tool","tool_call_id":"t2","content":"r"})";
  const Asked asked = asked_with(members, messages);
  REQUIRE(asked.result.has_value());
  const Sent sent = send(asked.request);
  REQUIRE(sent.good);
  CHECK(sent.dropped == "");
  CHECK(sent.emulated == "");
  const Tree got = tree(sent.body);
  const Tree want = tree(asked.body);
  for (const std::string& key : want.keys) {
    if (key != "model") CHECK_MESSAGE(at(got, key) == at(want, key), key);
  }
  CHECK(text_at(sent.body, "model") == "m1");
}

TEST_CASE("chat_target/usage_is_always_asked_for_in_streams") {
  const Asked asked = asked_with(R"("stream":true)");
  CHECK(text_at(send(asked.request).body, "stream_options.include_usage") == "true");
  CHECK_FALSE(holds(send(asked.request, small).body, "stream_options"));
  CHECK_FALSE(holds(send(asked_with("").request).body, "stream"));
}

TEST_CASE("chat_target/a_small_server_gets_its_own_words") {
  const Asked asked = asked_with(
      R"("max_completion_tokens":7,"n":1,"seed":5,"logprobs":true,"logit_bias":{"1":1},"user":"u","metadata":{},"store":true,"service_tier":"flex","verbosity":"low","top_k":3,"modalities":["text"],"prediction":{},"tools":[{"type":"function","function":{"name":"f","strict":true}},{"type":"function","function":{"name":"h"}}],"parallel_tool_calls":false,"tool_choice":{"type":"function","function":{"name":"f"}})",
      R"({"role":"developer","content":"d"},{"role":"user","content":"q"})");
  REQUIRE(asked.result.has_value());
  const Sent sent = send(asked.request, small);
  REQUIRE(sent.good);
  CHECK(text_at(sent.body, "max_tokens") == "7");
  CHECK(text_at(sent.body, "random_seed") == "5");
  CHECK(text_at(sent.body, "messages.0.role") == "system");
  CHECK(text_at(sent.body, "tool_choice") == "any");
  CHECK(at(tree(sent.body), "tools").items.size() == 1);
  CHECK(sent.dropped ==
        "tools.strict parallel_tool_calls top_k logit_bias logprobs verbosity service_tier user "
        "metadata store prediction");
  CHECK(sent.emulated == "tool_choice");
  const Sent strict = send(asked.request, small, DropParams::error);
  CHECK_FALSE(strict.good);
  CHECK(strict.refused == "tools.strict");
}

TEST_CASE("chat_target/a_schema_in_words") {
  const Asked asked = asked_with(
      R"("response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object","title":"T"}}})",
      R"({"role":"system","content":"s"},{"role":"user","content":"q"})");
  const Sent sent = send(asked.request, small);
  REQUIRE(sent.good);
  CHECK(text_at(sent.body, "response_format.type") == "json_object");
  CHECK(text_at(sent.body, "messages.0.content").starts_with("s\n\nAnswer with one JSON object"));
  CHECK(holds(text_at(sent.body, "messages.0.content"), R"("title":"T")"));
  CHECK(at(tree(sent.body), "messages").items.size() == 2);
  CHECK(sent.emulated == "response_format");
}

TEST_CASE("chat_target/custom_tools_become_functions") {
  const Asked asked = asked_with(
      R"("tools":[{"type":"custom","custom":{"name":"g"}}])",
      R"({"role":"user","content":"q"},{"role":"assistant","tool_calls":[{"id":"t2","type":"custom","custom":{"name":"g","input":"a\"b"}}]},{"role":"tool","tool_call_id":"t2","content":"r"})");
  const Sent sent = send(asked.request, small);
  REQUIRE(sent.good);
  CHECK(text_at(sent.body, "tools.0.function.parameters.properties.input.type") == "string");
  CHECK(text_at(text_at(sent.body, "messages.1.tool_calls.0.function.arguments"), "input") ==
        "a\"b");
  const std::string id = text_at(sent.body, "messages.1.tool_calls.0.id");
  CHECK(id.size() == 9);
  CHECK(text_at(sent.body, "messages.2.tool_call_id") == id);
}

TEST_CASE("chat_target/images_of_tools_follow_as_the_user_s") {
  hub::Request request;
  request.issuer = Issuer::anthropic;
  request.messages = {{.role = Role::assistant, .parts = {call("t1", "f"), call("t2", "f")}},
                      {.role = Role::user}};
  Part image;
  image.kind = PartKind::image;
  image.media = {.source = hub::Source::base64, .media_type = "image/png", .data = "AAAA"};
  for (const char* id : {"t1", "t2"}) {
    Part result;
    result.kind = PartKind::tool_result;
    result.id = id;
    result.content = {text("r"), image};
    request.messages[1].parts.push_back(result);
  }
  request.messages[1].parts.push_back(text("and?"));
  const Sent sent = send(request);
  REQUIRE(sent.good);
  const Tree messages = at(tree(sent.body), "messages");
  REQUIRE(messages.items.size() == 4);
  CHECK(at(messages, "0.content").kind == Tree::Kind::null);
  CHECK(at(messages, "0.tool_calls.0.function.arguments").text == "{}");
  CHECK(at(messages, "1.role").text == "tool");
  CHECK(at(messages, "2.tool_call_id").text == "t2");
  CHECK(at(messages, "2.content").text == "r");
  CHECK(at(messages, "3.role").text == "user");
  CHECK(at(messages, "3.content").items.size() == 5);
  CHECK(holds(at(messages, "3.content.0.text").text, "t1"));
  CHECK(at(messages, "3.content.3.image_url.url").text == "data:image/png;base64,AAAA");
  CHECK(at(messages, "3.content.4.text").text == "and?");
}

TEST_CASE("chat_target/content_of_assistants_trap_89") {
  hub::Request request;
  request.messages = {{.role = Role::assistant, .parts = {text(""), call("t1", "f")}},
                      {.role = Role::assistant, .parts = {text("")}}};
  const Sent sent = send(request);
  CHECK(at(tree(sent.body), "messages.0.content").kind == Tree::Kind::null);
  CHECK(at(tree(sent.body), "messages.1.content").kind == Tree::Kind::string);
}

TEST_CASE("chat_target/reasoning_goes_back_where_it_must_trap_109_trap_111_trap_118") {
  const Asked asked = asked_with(
      "",
      R"({"role":"user","content":"q"},{"role":"assistant","reasoning_content":"hm","tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"{}"}}]},
      {"role":"assistant","reasoning_details":[{"type":"reasoning.text","text":"s","signature":"S","format":"anthropic-claude-v1"}],"tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"assistant","content":"a"})");
  REQUIRE(asked.result.has_value());
  CHECK_FALSE(holds(send(asked.request).body, "hm"));
  constexpr Quirks deepseek{.reasoning_back = true};
  const Tree back = tree(send(asked.request, deepseek).body);
  CHECK(at(back, "messages.1.reasoning_content").text == "hm");
  CHECK(at(back, "messages.2.reasoning_content").kind == Tree::Kind::string);
  CHECK(at(back, "messages.2.reasoning_content").text == "");  // signed by another
  CHECK(at(back, "messages.3").find("reasoning_content") == nullptr);
  constexpr Quirks router{
      .reasoning_field = "reasoning", .reasoning_back = true, .reasoning_details = true};
  const Tree routed = tree(send(asked.request, router).body);
  CHECK(at(routed, "messages.1.reasoning").text == "hm");
  CHECK(at(routed, "messages.2").find("reasoning") ==
        nullptr);  // an empty one is a 400 at Groq: trap 109
  CHECK(at(routed, "messages.2.reasoning_details.0.signature").text == "S");
  constexpr Quirks mistral{.reasoning_field = "thinking", .reasoning_back = true};
  const Tree parts = tree(send(asked.request, mistral).body);
  CHECK(at(parts, "messages.1.content.0.thinking.0.text").text == "hm");
}

TEST_CASE("chat_target/budgets_become_levels") {
  hub::Request request;
  request.messages = {{.role = Role::user, .parts = {text("q")}}};
  const std::pair<std::int64_t, const char*> cases[] = {
      {0, "none"}, {1024, "low"}, {8000, "medium"}, {30000, "high"}};
  for (const auto& [budget, level] : cases) {
    request.reasoning.budget = budget;
    const Sent sent = send(request);
    CHECK(text_at(sent.body, "reasoning_effort") == level);
    CHECK(sent.emulated == "thinking");
  }
  request.reasoning.budget = -1;
  CHECK_FALSE(holds(send(request).body, "reasoning_effort"));
}

// No list of names decides what a model takes, so a new name is no special case.
TEST_CASE("chat_target/the_model_s_name_changes_nothing_trap_92") {
  const Asked asked =
      asked_with(R"("temperature":0.5,"top_p":0.9,"max_tokens":9,"reasoning_effort":"none")");
  const auto body_for = [&](Bytes name) {
    TargetTraits target = target_with(plain_quirks);
    target.model = target.base_model = name;
    json::Composer out;
    Losses losses;
    CHECK(chat().write_request(asked.request, target, out, losses).has_value());
    CHECK(losses.dropped.empty());
    return std::string(out.text());
  };
  const std::string expected = body_for("x");
  CHECK(holds(expected, R"("temperature":0.5)"));
  CHECK(holds(expected, R"("reasoning_effort":"none")"));
  for (const Bytes name : {"gpt-4o", "o1", "o3-mini", "gpt-5.1", "gpt-9-unheard-of"}) {
    std::string body = body_for(name);
    const auto at = body.find(name);
    REQUIRE(at != std::string::npos);
    CHECK(body.replace(at, name.size(), "x") == expected);
  }
}

TEST_CASE("chat_target/what_would_change_the_answer_is_refused") {
  hub::Request request;
  request.messages = {{.role = Role::user, .parts = {{}}}};
  Part& part = request.messages[0].parts[0];
  part.kind = PartKind::image;
  part.media = {.source = hub::Source::url, .data = "https://x"};
  CHECK(send(request).good);
  CHECK(send(request, small).refused == "messages.content");
  part.kind = PartKind::audio;
  part.media = {.source = hub::Source::base64, .media_type = "audio/flac", .data = "AAAA"};
  CHECK_FALSE(send(request).good);
  part.kind = PartKind::video;
  CHECK_FALSE(send(request).good);
  part = {};
  request.tools = {{.kind = hub::ToolKind::server, .raw = "{}", .issuer = Issuer::anthropic}};
  CHECK(send(request).refused == "tools");
  request.tools = {};
  request.previous_response = "resp_1";
  CHECK(send(request).refused == "previous_response_id");
  request.previous_response = {};
  request.stateful = "background";
  CHECK(send(request).refused == "background");
}

TEST_CASE("chat_target/extras_are_for_their_own_dialect_trap_129") {
  hub::Request request;
  request.issuer = Issuer::anthropic;
  request.messages = {{.role = Role::user, .parts = {text("q")}}};
  request.extra = {{"container", "\"c\""}};
  const Sent sent = send(request);
  CHECK(sent.dropped == "container");
  CHECK_FALSE(holds(sent.body, "container"));
}

TEST_CASE("chat_target/marks_of_caches") {
  const Asked asked = asked_with(
      "",
      R"({"role":"user","content":[{"type":"text","text":"q","cache_control":{"type":"ephemeral","ttl":"1h"}}]})");
  const Sent plain = send(asked.request);
  CHECK_FALSE(holds(plain.body, "cache_control"));
  CHECK(plain.dropped == "cache_control");
  constexpr Quirks router{.cache_control = true};
  CHECK(text_at(send(asked.request, router).body, "messages.0.content.0.cache_control.ttl") ==
        "1h");
}
