#include "dialect/anthropic/request_reader.h"

#include "exchange.h"

using namespace penstock;
using namespace test;
using hub::CacheTtl;
using hub::PartKind;
using hub::Role;

namespace {

constexpr Bytes claude_code = R"({
  "model":"claude-sonnet-5","max_tokens":32000,"stream":true,
  "system":[{"type":"text","text":"You help."},
            {"type":"text","text":"Rules.","cache_control":{"type":"ephemeral","ttl":"1h"}}],
  "messages":[
    {"role":"user","content":"Hi \"there\""},
    {"role":"assistant","content":[
      {"type":"thinking","thinking":"Hm.","signature":"EqQB"},
      {"type":"redacted_thinking","data":"opaque=="},
      {"type":"text","text":"Looking."},
      {"type":"tool_use","id":"toolu_1","name":"look","input":{"at":"x"},"caller":{"type":"direct"}},
      {"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"query":"q"}}]},
    {"role":"user","content":[
      {"type":"tool_result","tool_use_id":"toolu_1","is_error":true,
       "content":[{"type":"text","text":"no"},
                  {"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}}]},
      {"type":"document","title":"D","context":"c","source":{"type":"url","url":"https://x.example/d.pdf"}},
      {"type":"image","source":{"type":"file","file_id":"file_1"}},
      {"type":"text","text":"Go on.","cache_control":{"type":"ephemeral"}}]},
    {"role":"system","content":"Be brief."}],
  "tools":[{"name":"look","description":"Looks.","input_schema":{"type":"object","properties":{}},"strict":true},
           {"name":"late","input_schema":{"type":"object"},"defer_loading":true},
           {"type":"web_search_20250305","name":"web_search","max_uses":null}],
  "tool_choice":{"type":"any","disable_parallel_tool_use":true},
  "thinking":{"type":"adaptive","display":"summarized"},
  "output_config":{"effort":"xhigh","format":{"type":"json_schema","schema":{"type":"object"}}},
  "stop_sequences":["a","b"],"metadata":{"user_id":"u1"},"service_tier":"standard_only",
  "temperature":1.0,"top_p":0.95,"top_k":40,"context_management":{"edits":[]},
  "cache_control":{"type":"ephemeral","ttl":"5m"},"container":null})";

std::string refused(const std::string& body) {
  const ReadRequest read(body);
  CHECK_FALSE(read.ok);
  return std::string(read.issue.param) + ": " + std::string(read.issue.reason);
}

}  // namespace

TEST_CASE("anthropic_request_reader/reads_all_that_claude_code_sends") {
  const ReadRequest read{std::string(claude_code)};
  REQUIRE(read.ok);
  const hub::Request& request = read.request;
  CHECK(request.model == "claude-sonnet-5");
  CHECK(request.stream);
  CHECK(request.max_output_tokens == 32000);
  REQUIRE(request.messages.size() == 6);
  CHECK(request.messages[0].role == Role::system);
  CHECK(request.messages[0].parts[0].text == "You help.");
  CHECK(request.messages[0].parts[1].cache == CacheTtl::hour1);
  CHECK(request.messages[1].parts[0].text == "Hi \\\"there\\\"");
  const auto& said = request.messages[2].parts;
  REQUIRE(said.size() == 5);
  CHECK(said[0].kind == PartKind::thinking);
  CHECK(said[0].signature == "EqQB");
  CHECK(said[0].issuer == hub::Issuer::anthropic);
  CHECK(said[1].kind == PartKind::redacted_thinking);
  CHECK(said[1].signature == "opaque==");
  CHECK(said[3].kind == PartKind::tool_call);
  CHECK(said[3].arguments.bytes == R"({"at":"x"})");
  CHECK_FALSE(said[3].arguments.in_string);
  CHECK(said[4].kind == PartKind::opaque);
  CHECK(request.messages[3].role == Role::tool);
  const hub::Part& result = request.messages[3].parts.at(0);
  CHECK(result.id == "toolu_1");
  CHECK(result.name == "look");
  CHECK(result.is_error);
  REQUIRE(result.content.size() == 2);
  CHECK(result.content[1].media.media_type == "image/png");
  CHECK(request.messages[4].role == Role::user);
  CHECK(request.messages[4].parts[0].media.source == hub::Source::url);
  CHECK(request.messages[4].parts[1].media.source == hub::Source::id);
  CHECK(request.messages[4].parts[2].cache == CacheTtl::standard);
  CHECK(request.messages[5].role == Role::system);
}

TEST_CASE("anthropic_request_reader/reads_what_steers_the_answer") {
  const ReadRequest read{std::string(claude_code)};
  REQUIRE(read.ok);
  const hub::Request& request = read.request;
  REQUIRE(request.tools.size() == 3);
  CHECK(request.tools[0].strict == true);
  CHECK(request.tools[0].raw.empty());
  CHECK_FALSE(request.tools[1].raw.empty());
  CHECK(request.tools[2].kind == hub::ToolKind::server);
  CHECK(request.tool_choice.mode == hub::ToolChoice::Mode::required);
  CHECK(request.parallel_tool_calls == false);
  CHECK(request.reasoning.adaptive);
  CHECK(request.reasoning.show == true);
  CHECK(request.reasoning.effort == hub::Effort::xhigh);
  CHECK(request.format.kind == hub::ResponseFormat::Kind::json_schema);
  CHECK(request.stop == std::vector<hub::Escaped>{"a", "b"});
  CHECK(request.user == "u1");
  CHECK(request.service_tier == "default");
  CHECK(request.temperature == "1.0");
  CHECK(request.top_k == 40);
  CHECK(request.cache == CacheTtl::minutes5);
  REQUIRE(request.extra.size() == 1);
  CHECK(request.extra[0].key == "context_management");
  CHECK(request.issuer == hub::Issuer::anthropic);
}

TEST_CASE("anthropic_request_reader/thinking_in_its_forms") {
  const auto reasoning = [](const std::string& thinking) {
    const ReadRequest read(
        R"({"model":"m","max_tokens":9000,"messages":[{"role":"user","content":"x"}],"thinking":)" +
        thinking + "}");
    REQUIRE(read.ok);
    return std::pair(read.request.reasoning, read.request.extra.size());
  };
  CHECK(reasoning(R"({"type":"enabled","budget_tokens":2048})").first.budget == 2048);
  const auto off = reasoning(R"({"type":"disabled"})").first;
  CHECK(off.budget == 0);
  CHECK(off.effort == hub::Effort::none);
  CHECK(reasoning(R"({"type":"adaptive","display":"omitted"})").first.show == false);
  CHECK(reasoning(R"({"type":"between_tools"})").second == 1);
}

TEST_CASE("anthropic_request_reader/says_what_is_wrong_in_anthropics_words") {
  CHECK(refused(R"({"model":"m","messages":[{"role":"user","content":"x"}]})") ==
        "max_tokens: Field required");
  CHECK(refused(R"({"max_tokens":1,"messages":[]})") == "model: Field required");
  CHECK(refused(R"({"model":"m","max_tokens":1})") == "messages: Field required");
  CHECK(refused(R"({"model":"m","max_tokens":1,"messages":[]})") ==
        "messages: at least one message is required");
  CHECK(refused(R"({"model":"m","max_tokens":1,"messages":[{"role":"tool","content":"x"}]})") ==
        "messages.0.role: Input should be 'user' or 'assistant'");
  CHECK(refused(R"({"model":"m","max_tokens":1,"messages":[{"role":"user"}]})") ==
        "messages.0.content: Field required");
  CHECK(
      refused(
          R"({"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"text":"x"}]}]})") ==
      "messages.0.content.0.type: Field required");
  CHECK(refused(R"({"model":"m","max_tokens":"1","messages":[{"role":"user","content":"x"}]})") ==
        "max_tokens: Input should be a valid integer");
  CHECK(
      refused(
          R"({"model":"m","max_tokens":1,"temperature":1.5,"messages":[{"role":"user","content":"x"}]})") ==
      "temperature: Input should be between 0 and 1");
  CHECK(
      refused(
          R"({"model":"m","max_tokens":1,"tools":[{"name":"f"}],"messages":[{"role":"user","content":"x"}]})") ==
      "tools.0.input_schema: Field required");
  CHECK(
      refused(
          R"({"model":"m","max_tokens":1,"metadata":{"x":1},"messages":[{"role":"user","content":"x"}]})") ==
      "metadata.x: Extra inputs are not permitted");
  CHECK(
      refused(
          R"({"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text"}]}]}]})") ==
      "messages.0.content.0.content.0.text: Field required");
}

TEST_CASE("anthropic_request_reader/counting_needs_no_limit") {
  json::Document document;
  const auto root = document.read(R"({"model":"m","messages":[{"role":"user","content":"x"}]})",
                                  json::Judge::request);
  hub::Request request;
  dialect::RequestIssue issue;
  CHECK(dialect::anthropic::read_count_request(*root, request, issue).has_value());
}

TEST_CASE("anthropic_request_reader/carried_signatures_go_back_to_what_was_signed") {
  const ReadRequest read(
      R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[
      {"type":"thinking","thinking":"Hm","signature":"pk1.openai.rs_1.blob"},
      {"type":"thinking","thinking":"Unsigned","signature":"pk1.none.."},
      {"type":"text","text":"T"},
      {"type":"thinking","thinking":"","signature":"pk1.gemini.@text.textsig"},
      {"type":"thinking","thinking":"","signature":"pk1.gemini.toolu_1.callsig=="},
      {"type":"tool_use","id":"toolu_1","name":"f","input":{}}]}]})");
  REQUIRE(read.ok);
  const auto& parts = read.request.messages[1].parts;
  REQUIRE(parts.size() == 4);
  CHECK(parts[0].issuer == hub::Issuer::openai);
  CHECK(parts[0].id == "rs_1");
  CHECK(parts[0].signature == "blob");
  CHECK(parts[1].issuer == hub::Issuer::none);
  CHECK(parts[1].signature.empty());
  CHECK(parts[2].signature == "textsig");
  CHECK(parts[3].signature == "callsig==");
  CHECK(parts[3].issuer == hub::Issuer::gemini);
}
