#include "dialect/openai_responses/input_tokens.h"
#include "driving.h"

using namespace penstock;
using namespace test;
using hub::Issuer;
using hub::Part;
using hub::PartKind;
using hub::Role;
using hub::Source;

namespace {

// What is wrong with a body: "code param".
std::string fault(std::string_view body) {
  const Read read(body);
  if (!read.error) return "none";
  CHECK(read.error->side == Side::client);
  return std::string(describe(read.error->code).code) + " " + std::string(read.issue.param);
}

std::string with_input(std::string_view items) {
  return R"({"model":"m","input":[)" + std::string(items) + "]}";
}

}  // namespace

TEST_CASE("responses_request/items_become_messages") {
  const Read read(R"({"model":"m","instructions":"Be brief.","input":[
    {"role":"user","content":"Hi"},
    {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"a"},
      {"type":"summary_text","text":"b"}],"encrypted_content":"gAAA"},
    {"type":"message","role":"assistant","id":"msg_1","status":"completed","content":[
      {"type":"output_text","text":"Wait.","annotations":[]}]},
    {"type":"function_call","id":"fc_1","call_id":"call_a","name":"f","arguments":"{\"x\":1}"},
    {"type":"custom_tool_call","call_id":"call_b","name":"sql","input":"SELECT 1"},
    {"type":"function_call_output","call_id":"call_a","output":"42"},
    {"type":"custom_tool_call_output","call_id":"call_b","output":[
      {"type":"input_text","text":"row"},
      {"type":"input_image","image_url":"data:image/png;base64,AAAA"}]},
    {"role":"developer","content":[{"type":"input_text","text":"More."}]}]})");
  REQUIRE_FALSE(read.error.has_value());
  const auto& messages = read.request.messages;
  REQUIRE(messages.size() == 6);
  CHECK(messages[0].role == Role::system);
  CHECK(messages[1].parts[0].text == "Hi");
  const auto& said = messages[2].parts;
  REQUIRE(said.size() == 4);
  CHECK(said[0].kind == PartKind::thinking);
  CHECK(said[0].text == "a\\n\\nb");
  CHECK(said[0].signature == "gAAA");
  CHECK(said[0].id == "rs_1");
  CHECK(said[0].issuer == Issuer::openai);
  CHECK(said[1].text == "Wait.");
  CHECK(said[2].id == "call_a");
  CHECK(said[2].arguments.bytes == "{\\\"x\\\":1}");
  CHECK(said[3].custom);
  CHECK(messages[3].role == Role::tool);
  CHECK(messages[3].parts[0].name == "f");
  CHECK(messages[4].parts[0].custom);
  CHECK(messages[4].parts[0].content[1].media.data == "AAAA");
  CHECK(messages[5].role == Role::developer);
}

TEST_CASE("responses_request/every_kind_of_part") {
  const Read read(with_input(R"({"role":"user","content":[
    {"type":"input_text","text":"t","cache_control":{"type":"ephemeral","ttl":"1h"}},
    {"type":"input_image","image_url":"https://e.com/a.png","detail":"low"},
    {"type":"input_image","file_id":"file_1"},
    {"type":"input_file","file_data":"data:application/pdf;base64,JV","filename":"a.pdf"},
    {"type":"input_file","file_url":"https://e.com/a.pdf"},
    {"type":"input_audio","input_audio":{"data":"UklG","format":"mp3"}},
    {"type":"input_image","image_url":"data:image/webp;base64,UklG"},
    {"type":"input_hologram","x":1}]})"));
  REQUIRE_FALSE(read.error.has_value());
  const auto& parts = read.request.messages[0].parts;
  REQUIRE(parts.size() == 8);
  CHECK(parts[0].cache == hub::CacheTtl::hour1);
  CHECK(parts[1].media.source == Source::url);
  CHECK(parts[1].media.detail == "low");
  CHECK(parts[2].media.source == Source::id);
  CHECK(parts[3].media.media_type == "application/pdf");
  CHECK(parts[3].media.name == "a.pdf");
  CHECK(parts[4].media.source == Source::url);
  CHECK(parts[5].media.media_type == "audio/mpeg");
  CHECK(parts[6].media.media_type == "image/webp");
  CHECK(parts[7].kind == PartKind::opaque);
  CHECK(parts[7].issuer == Issuer::openai);
  const Read again(write_request(read.request).text);
  REQUIRE_FALSE(again.error.has_value());
  REQUIRE(again.request.messages[0].parts.size() == 8);
  for (std::size_t i = 0; i < 8; ++i) {
    CHECK(again.request.messages[0].parts[i].kind == parts[i].kind);
    CHECK(again.request.messages[0].parts[i].media.data == parts[i].media.data);
    CHECK(again.request.messages[0].parts[i].media.source == parts[i].media.source);
  }
}

TEST_CASE("responses_request/members_come_back_as_they_were") {
  constexpr std::string_view body = R"({"model":"m","input":"Hi","instructions":"I",
    "temperature":0.70,"top_p":1e-1,"max_output_tokens":100,"top_logprobs":3,
    "parallel_tool_calls":false,"user":"u","metadata":{"k":"v"},"service_tier":"flex",
    "prompt_cache_key":"p","store":true,"previous_response_id":"resp_9","truncation":"auto",
    "max_tool_calls":4,"reasoning":{"effort":"minimal","summary":"concise","context":"all_turns"},
    "text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object"},"strict":true},
      "verbosity":"low"},
    "tools":[{"type":"function","name":"f","parameters":{"type":"object"},"strict":false},
      {"type":"custom","name":"c","format":{"type":"text"}},{"type":"web_search"}],
    "tool_choice":{"type":"allowed_tools","mode":"required","tools":[
      {"type":"function","name":"f"},{"type":"custom","name":"c"}]},
    "include":["web_search_call.results","message.output_text.logprobs"]})";
  const Read read(body);
  REQUIRE_FALSE(read.error.has_value());
  const Written written = write_request(read.request);
  REQUIRE_FALSE(written.error.has_value());
  CHECK(written.losses.dropped.empty());
  const Tree before = tree(body);
  const Tree after = tree(written.text);
  for (const std::string& key : before.keys) {
    if (key == "model" || key == "input" || key == "include") continue;
    CHECK_MESSAGE(sorted(at(after, key)) == sorted(at(before, key)), key);
  }
  CHECK(at(after, "include").items.size() == 3);
  CHECK(text_at(after, "model") == "upstream-model");
  CHECK(write_request(Read(written.text).request).text == written.text);
}

TEST_CASE("responses_request/faults_name_their_field") {
  CHECK(fault("[]") == "invalid_value ");
  CHECK(fault(R"({"input":"x"})") == "missing_field model");
  CHECK(fault(R"({"model":"m"})") == "missing_field input");
  CHECK(fault(R"({"model":"m","previous_response_id":"resp_1"})") == "none");
  CHECK(fault(R"({"model":7,"input":"x"})") == "invalid_value model");
  CHECK(fault(R"({"model":"m","input":7})") == "invalid_value input");
  CHECK(fault(R"({"model":"m","input":"x","stream":1})") == "invalid_value stream");
  CHECK(fault(R"({"model":"m","input":"x","max_output_tokens":1.5})") ==
        "invalid_value max_output_tokens");
  CHECK(fault(R"({"model":"m","input":"x","temperature":"hot"})") == "invalid_value temperature");
  CHECK(fault(R"({"model":"m","input":"x","temperature":null})") == "none");
  CHECK(fault(R"({"model":"m","input":"x","reasoning":{"effort":"huge"}})") ==
        "invalid_value reasoning.effort");
  CHECK(fault(R"({"model":"m","input":"x","text":{"format":{"type":"json_schema"}}})") ==
        "missing_field text.format.name");
  CHECK(fault(R"({"model":"m","input":"x","tools":[{"type":"function"}]})") ==
        "missing_field tools[0].name");
  CHECK(fault(R"({"model":"m","input":"x","tool_choice":"any"})") == "invalid_value tool_choice");
  CHECK(fault(with_input("3")) == "invalid_value input[0]");
  CHECK(fault(with_input(R"({"role":"robot","content":"x"})")) == "invalid_value input[0].role");
  CHECK(fault(with_input(R"({"role":"user"})")) == "missing_field input[0].content");
  CHECK(fault(with_input(R"({"role":"user","content":[{"type":"input_text","text":"a"},
    {"type":"input_text"}]})")) == "invalid_value input[0].content[1].text");
  CHECK(fault(with_input(R"({"type":"function_call","name":"f","arguments":"{}"})")) ==
        "missing_field input[0].call_id");
  CHECK(fault(with_input(R"({"type":"function_call","call_id":"c","name":"f","arguments":{}})")) ==
        "invalid_value input[0].arguments");
  CHECK(fault(with_input(R"({"type":"function_call_output","call_id":"c"})")) ==
        "missing_field input[0].output");
  CHECK(fault(with_input(R"({"content":"x"})")) == "missing_field input[0].type");
}

TEST_CASE("responses_request/state_is_named_and_refused_where_there_is_none") {
  CHECK(Read(R"({"model":"m","input":"x","background":true})").request.stateful == "background");
  CHECK(Read(R"({"model":"m","input":"x","background":false})").request.stateful.empty());
  CHECK(Read(R"({"model":"m","input":"x","conversation":"conv_1"})").request.stateful ==
        "conversation");
  const Read item(
      with_input(R"({"role":"user","content":"a"},{"type":"item_reference","id":"x"})"));
  CHECK(item.request.stateful == "input[1]");
  CHECK(text_at(tree(write_request(item.request).text), "input.1.type") == "item_reference");

  Quirks stateless;
  stateless.store = false;
  TargetTraits target;
  target.quirks = &stateless;
  const auto refused = [&](const hub::Request& request) {
    const Written written = write_request(request, target);
    REQUIRE(written.error.has_value());
    CHECK(*written.error == Error{Code::unsupported_by_target, Side::client});
    CHECK_FALSE(written.losses.reason.empty());
    return std::string(written.losses.refused);
  };
  CHECK(refused(item.request) == "input[1]");
  CHECK(refused(Read(R"({"model":"m","input":"x","background":true})").request) == "background");
  CHECK(refused(Read(R"({"model":"m","previous_response_id":"resp_1"})").request) ==
        "previous_response_id");
  // Another dialect's state is none of a server that keeps responses.
  hub::Request thread;
  thread.issuer = Issuer::anthropic;
  thread.stateful = "thread";
  CHECK(write_request(thread).losses.refused == "thread");
}

TEST_CASE("responses_request/of_a_chat_client") {
  hub::Request request;
  request.issuer = Issuer::openai;
  request.stream = true;
  request.max_output_tokens = 5;
  request.stop.push_back("END");
  request.extra.push_back({"prediction", "{}"});
  request.extra.push_back({"max_tool_calls", "3"});
  auto& system = request.messages.emplace_back();
  system.role = Role::system;
  system.parts.emplace_back().text = "S";
  request.messages.emplace_back().parts.emplace_back().text = "Hi";
  auto& assistant = request.messages.emplace_back();
  assistant.role = Role::assistant;
  Part& thought = assistant.parts.emplace_back();
  thought.kind = PartKind::redacted_thinking;
  thought.signature = "gAAA";
  thought.id = "rs_1";
  thought.issuer = Issuer::openai;
  assistant.parts.emplace_back().text = "Let me see.";
  Part& call = assistant.parts.emplace_back();
  call.kind = PartKind::tool_call;
  call.id = "call_a";
  call.name = "f";
  auto& tool = request.messages.emplace_back();
  tool.role = Role::tool;
  Part& result = tool.parts.emplace_back();
  result.kind = PartKind::tool_result;
  result.id = "call_a";
  result.content.emplace_back().text = "42";
  hub::Tool& function = request.tools.emplace_back();
  function.name = "f";

  const Written written = write_request(request);
  REQUIRE_FALSE(written.error.has_value());
  const Tree body = tree(written.text);
  CHECK(text_at(body, "instructions") == "S");
  CHECK(text_at(body, "store") == "false");
  CHECK(text_at(body, "include.0") == "reasoning.encrypted_content");
  CHECK(text_at(body, "max_output_tokens") == "16");
  CHECK(text_at(body, "max_tool_calls") == "3");
  CHECK(text_at(body, "tools.0.strict") == "false");
  CHECK(text_at(body, "input.0.content.0.type") == "input_text");
  CHECK(text_at(body, "input.1.content.0.type") == "output_text");
  CHECK(text_at(body, "input.2.type") == "reasoning");
  CHECK(text_at(body, "input.2.id") == "rs_1");
  CHECK(text_at(body, "input.2.encrypted_content") == "gAAA");
  CHECK(text_at(body, "input.3.type") == "function_call");
  CHECK(text_at(body, "input.3.arguments") == "{}");
  CHECK(text_at(body, "input.4.output") == "42");
  CHECK(written.losses.dropped == std::vector<Bytes>{"stop", "prediction"});

  TargetTraits strict;
  strict.drop_params = DropParams::error;
  const Written refused = write_request(request, strict);
  REQUIRE(refused.error.has_value());
  CHECK(refused.losses.refused == "stop");
}

TEST_CASE("responses_request/what_changes_the_meaning_is_refused") {
  hub::Request request;
  Part& part = request.messages.emplace_back().parts.emplace_back();
  part.kind = PartKind::video;
  CHECK(write_request(request).losses.refused == "video");
  part.kind = PartKind::text;
  hub::Tool& tool = request.tools.emplace_back();
  tool.kind = hub::ToolKind::server;
  tool.issuer = Issuer::anthropic;
  CHECK(write_request(request).losses.refused == "tools");
}

TEST_CASE("responses_request/reasoning_items_are_accepted_trap_96") {
  const Read read(with_input(R"({"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":
    "gAAA"},{"type":"reasoning","id":"rs_2","summary":[{"type":"summary_text","text":"t"}]},
    {"type":"message","role":"assistant","content":"x"})"));
  REQUIRE_FALSE(read.error.has_value());
  const auto& parts = read.request.messages[0].parts;
  REQUIRE(parts.size() == 3);
  CHECK(parts[0].kind == PartKind::redacted_thinking);
  CHECK(parts[1].kind == PartKind::thinking);
  CHECK(parts[1].signature.empty());
}

TEST_CASE("responses_request/reasoning_without_data_is_not_replayed_trap_100") {
  const Read read(with_input(R"({"type":"reasoning","id":"rs_2","summary":[
    {"type":"summary_text","text":"t"}]},{"role":"assistant","content":"x"})"));
  const Written written = write_request(read.request);
  CHECK(at(tree(written.text), "input").items.size() == 1);
  CHECK(written.losses.dropped == std::vector<Bytes>{"reasoning"});
}

TEST_CASE("responses_request/the_id_of_reasoning_is_kept_trap_38") {
  const Read read(with_input(R"({"type":"reasoning","id":"rs_7","summary":[],
    "encrypted_content":"gAAA"},{"type":"function_call","call_id":"c","name":"f",
    "arguments":"{}"})"));
  const Tree body = tree(write_request(read.request).text);
  CHECK(text_at(body, "input.0.id") == "rs_7");
  CHECK(text_at(body, "input.1.call_id") == "c");
}

TEST_CASE("responses_request/items_of_unknown_kind_are_kept_trap_95") {
  const std::string body = with_input(R"({"type":"apply_patch_call","call_id":"p1",
    "operation":{"type":"update_file"}},{"type":"apply_patch_call_output","call_id":"p1",
    "status":"completed"},{"role":"user","content":"go on"})");
  const Read read(body);
  REQUIRE_FALSE(read.error.has_value());
  const Tree after = tree(write_request(read.request).text);
  CHECK(at(after, "input.0") == at(tree(body), "input.0"));
  CHECK(at(after, "input.1") == at(tree(body), "input.1"));
}

TEST_CASE("responses_request/tool_call_ids_survive_trap_104") {
  const Read read(with_input(R"({"type":"function_call","id":"fc_1","call_id":"functions.f:0",
    "name":"f","arguments":"{}"},{"type":"function_call","call_id":"b","name":"g",
    "arguments":"{}"},{"type":"function_call_output","call_id":"functions.f:0","output":"1"},
    {"type":"function_call_output","call_id":"b","output":"2"})"));
  REQUIRE(read.request.messages.size() == 3);
  CHECK(read.request.messages[0].parts.size() == 2);
  const Tree body = tree(write_request(read.request).text);
  CHECK(text_at(body, "input.0.call_id") == "functions.f:0");
  CHECK(text_at(body, "input.2.call_id") == "functions.f:0");
  CHECK(text_at(body, "input.3.call_id") == "b");
}

TEST_CASE("responses_request/zero_is_not_unset_trap_133") {
  const Read read(R"({"model":"m","input":"x","temperature":0,"top_logprobs":0,
    "reasoning":{"effort":"none"}})");
  const Tree body = tree(write_request(read.request).text);
  CHECK(text_at(body, "temperature") == "0");
  CHECK(text_at(body, "top_logprobs") == "0");
  CHECK(text_at(body, "reasoning.effort") == "none");
}

TEST_CASE("responses_request/the_order_of_tools_is_kept_trap_122") {
  const Read read(R"({"model":"m","input":"x","tools":[{"type":"function","name":"z"},
    {"type":"function","name":"a"},{"type":"function","name":"m"}]})");
  const Tree body = tree(write_request(read.request).text);
  CHECK(text_at(body, "tools.0.name") == "z");
  CHECK(text_at(body, "tools.1.name") == "a");
  CHECK(text_at(body, "tools.2.name") == "m");
}

TEST_CASE("responses_request/counting_asks_for_the_prompt_alone") {
  const Read read(R"({"model":"m","input":"Hi","instructions":"I","max_output_tokens":99,
    "temperature":0.5,"store":true,"user":"u","metadata":{"a":"b"},"stream":true,
    "reasoning":{"effort":"low"},"tools":[{"type":"function","name":"f","parameters":{}}]})");
  REQUIRE_FALSE(read.error.has_value());
  json::Composer out;
  dialect::Losses losses;
  REQUIRE(
      dialect::openai_responses::write_count_request(read.request, {.model = "up"}, out, losses));
  const Tree body = tree(std::string(out.text()));
  CHECK(text_at(body, "model") == "up");
  CHECK(text_at(body, "instructions") == "I");
  for (const char* const name : {"input", "tools", "reasoning"}) CHECK(body.find(name) != nullptr);
  for (const char* const name :
       {"max_output_tokens", "temperature", "store", "user", "metadata", "stream", "include"}) {
    CAPTURE(name);
    CHECK(body.find(name) == nullptr);
  }
}
