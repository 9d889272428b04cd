// A client's body becomes the hub's request, or a 400 that says where it is wrong.
#include "replay.h"

using namespace test;
using hub::Issuer;
using hub::PartKind;
using hub::Role;
using hub::Source;

namespace {

std::string with_messages(const std::string& messages) {
  return R"({"model":"m1","messages":[)" + messages + "]}";
}
std::string with(const std::string& members) {
  return R"({"model":"m1","messages":[{"role":"user","content":"q"}],)" + members + "}";
}
const DialectTable& completions() {
  return openai_completions_table();
}

struct Fault {
  std::string body;
  std::string param;
};

}  // namespace

TEST_CASE("chat_request/roles_and_parts") {
  const Asked asked(with_messages(
      R"({"role":"system","content":"s"},{"role":"developer","content":[{"type":"text","text":"d","cache_control":{"type":"ephemeral","ttl":"1h"}}]},
      {"role":"user","name":"ann","content":[{"type":"text","text":"q"},{"type":"image_url","image_url":{"url":"https:\/\/x\/a.png","detail":"low"}},
      {"type":"image_url","image_url":{"url":"data:image\/png;base64,AAAA"}},{"type":"input_audio","input_audio":{"data":"BBBB","format":"mp3"}},
      {"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,CCCC"}},{"type":"file","file":{"file_id":"file-1"}}]},
      {"role":"assistant","content":"a"},{"role":"assistant","refusal":"no","content":null})"));
  REQUIRE(asked.result.has_value());
  const auto& messages = asked.request.messages;
  REQUIRE(messages.size() == 5);
  CHECK(messages[0].role == Role::system);
  CHECK(messages[1].role == Role::developer);
  CHECK(messages[1].parts.at(0).cache == hub::CacheTtl::hour1);
  CHECK(messages[2].name == "ann");
  const auto& parts = messages[2].parts;
  REQUIRE(parts.size() == 6);
  CHECK(parts[1].media.source == Source::url);
  CHECK(parts[1].media.detail == "low");
  CHECK(parts[2].media.media_type == "image/png");
  CHECK(parts[2].media.data == "AAAA");
  CHECK(parts[3].kind == PartKind::audio);
  CHECK(parts[3].media.media_type == "audio/mpeg");
  CHECK(parts[4].kind == PartKind::file);
  CHECK(parts[4].media.name == "a.pdf");
  CHECK(parts[5].media.source == Source::id);
  CHECK(messages[4].parts.at(0).kind == PartKind::refusal);
}

TEST_CASE("chat_request/calls_and_their_results") {
  const Asked asked(with_messages(
      R"({"role":"user","content":"q"},{"role":"assistant","content":"","tool_calls":[
      {"id":"t1","type":"function","function":{"name":"f","arguments":"{\"x\":1}"},"extra_content":{"google":{"thought_signature":"S"}}},
      {"id":"t2","type":"custom","custom":{"name":"g","input":"raw"}}]},
      {"role":"tool","tool_call_id":"t2","content":[{"type":"text","text":"r2"}]},{"role":"tool","tool_call_id":"t1","content":"r1"})"));
  REQUIRE(asked.result.has_value());
  const auto& calls = asked.request.messages.at(1).parts;
  REQUIRE(calls.size() == 2);
  CHECK(calls[0].arguments.bytes == R"({\"x\":1})");
  CHECK(calls[0].arguments.in_string);
  CHECK(calls[0].signature == "S");
  CHECK(calls[0].issuer == Issuer::gemini);
  CHECK(calls[1].custom);
  const auto& result = asked.request.messages.at(2).parts.at(0);
  CHECK(result.kind == PartKind::tool_result);
  CHECK(result.name == "g");
  CHECK(result.custom);
  CHECK(result.content.at(0).text == "r2");
  CHECK(asked.request.messages.at(3).parts.at(0).name == "f");
}

TEST_CASE("chat_request/deprecated_functions") {
  const Asked asked(
      R"({"model":"m1","functions":[{"name":"f","parameters":{"type":"object"}}],"function_call":{"name":"f"},
      "messages":[{"role":"user","content":"q"},{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},
      {"role":"function","name":"f","content":"r"}]})");
  REQUIRE(asked.result.has_value());
  CHECK(asked.request.legacy_functions);
  CHECK(asked.request.tools.at(0).name == "f");
  CHECK(asked.request.tool_choice.mode == hub::ToolChoice::Mode::named);
  const auto& call = asked.request.messages.at(1).parts.at(0);
  const auto& result = asked.request.messages.at(2).parts.at(0);
  CHECK_FALSE(call.id.empty());
  CHECK(result.id == call.id);
}

TEST_CASE("chat_request/reasoning_comes_back_in_every_form_trap_13") {
  const auto parts_of = [](const std::string& members) {
    Asked asked(with_messages(
        R"({"role":"user","content":"q"},{"role":"assistant","content":"a",)" + members + "}"));
    REQUIRE(asked.result.has_value());
    std::string text;
    for (const auto& part : asked.request.messages.at(1).parts) {
      text += std::to_string(static_cast<int>(part.issuer)) + ':' + std::string(part.text) + ':' +
              std::string(part.signature) + ' ';
    }
    return text;
  };
  CHECK(parts_of(R"("reasoning_content":"hm")") == "0:hm: 0:a: ");
  CHECK(parts_of(R"("reasoning":"hm")") == "0:hm: 0:a: ");
  CHECK(
      parts_of(
          R"("reasoning_content":"hm","thinking_blocks":[{"type":"thinking","thinking":"hm","signature":"S"},{"type":"redacted_thinking","data":"R"}])") ==
      "2:hm:S 2::R 0:a: ");
  CHECK(
      parts_of(
          R"("reasoning":"hm","reasoning_details":[{"type":"reasoning.text","text":"h","format":"anthropic-claude-v1","index":0},{"type":"reasoning.text","text":"m","signature":"S","format":"anthropic-claude-v1","index":0}])") ==
      "2:hm:S 0:a: ");
  CHECK(
      parts_of(
          R"("reasoning_content":"hm","reasoning_details":[{"type":"reasoning.text","signature":"S","format":"anthropic-claude-v1"}])") ==
      "2:hm:S 0:a: ");
  CHECK(
      parts_of(
          R"("reasoning_details":[{"type":"reasoning.summary","summary":"s","format":"openai-responses-v1","index":0},{"type":"reasoning.encrypted","data":"E","id":"rs","format":"openai-responses-v1","index":0}])") ==
      "1:s:E 0:a: ");
  CHECK(
      parts_of(
          R"("reasoning_details":[{"type":"reasoning.encrypted","data":"E","format":"strange"}])") ==
      "7::E 0:a: ");
  CHECK(parts_of(R"("extra_content":{"google":{"thought_signature":"G"}})") == "3:a:G ");
}

TEST_CASE("chat_request/a_seal_by_call_id_goes_on_the_call") {
  const Asked asked(with_messages(
      R"({"role":"user","content":"q"},{"role":"assistant","reasoning_details":[{"type":"reasoning.encrypted","id":"t1","data":"E","format":"google-gemini-v1"}],
      "tool_calls":[{"id":"t1","type":"function","function":{"name":"f","arguments":"{}"}}]})"));
  REQUIRE(asked.result.has_value());
  const auto& parts = asked.request.messages.at(1).parts;
  REQUIRE(parts.size() == 1);
  CHECK(parts[0].signature == "E");
  CHECK(parts[0].issuer == Issuer::gemini);
}

TEST_CASE("chat_request/parameters") {
  const Asked asked(with(
      R"("max_tokens":5,"max_completion_tokens":7,"temperature":0.70,"top_p":1,"n":2,"seed":-3,"stop":"x","presence_penalty":-2,"frequency_penalty":0.5,
      "logprobs":true,"top_logprobs":3,"logit_bias":{"1":2},"user":"u","metadata":{"a":"b"},"store":false,"service_tier":"flex","verbosity":"low","top_k":4,
      "reasoning_effort":"minimal","parallel_tool_calls":false,"prompt_cache_key":"k","stream":true,"stream_options":{"include_usage":true},"web_search_options":{},"strange":[1],"seedling":null)"));
  REQUIRE(asked.result.has_value());
  const hub::Request& got = asked.request;
  CHECK(got.max_output_tokens == 7);
  CHECK(got.temperature == "0.70");
  CHECK(got.n == 2);
  CHECK(got.seed == "-3");
  CHECK(got.stop == std::vector<hub::Escaped>{"x"});
  CHECK(got.top_logprobs == 3);
  CHECK(got.logit_bias == R"({"1":2})");
  CHECK(got.store == false);
  CHECK(got.top_k == 4);
  CHECK(got.reasoning.effort == hub::Effort::minimal);
  CHECK(got.parallel_tool_calls == false);
  CHECK(got.stream);
  CHECK(got.include_usage);
  REQUIRE(got.extra.size() == 2);
  CHECK(got.extra[1].key == "strange");
  CHECK(got.extra[1].value == "[1]");
}

TEST_CASE("chat_request/zero_is_not_unset_trap_55_133") {
  const Asked asked(with(R"("temperature":0,"top_k":0,"thinking":{"type":"disabled"})"));
  REQUIRE(asked.result.has_value());
  CHECK(asked.request.temperature == "0");
  CHECK(asked.request.top_k == 0);
  CHECK(asked.request.reasoning.effort == hub::Effort::none);
  const Asked budget(with(R"("reasoning":{"max_tokens":0,"exclude":true})"));
  REQUIRE(budget.result.has_value());
  CHECK(budget.request.reasoning.budget == 0);
  CHECK(budget.request.reasoning.show == false);
}

TEST_CASE("chat_request/tools_and_formats") {
  const Asked asked(with(
      R"("tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"},"strict":true},"cache_control":{"type":"ephemeral"}},
      {"type":"custom","custom":{"name":"g","format":{"type":"text"}}}],
      "tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"f"}}]}},
      "response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"},"strict":true}})"));
  REQUIRE(asked.result.has_value());
  const hub::Request& got = asked.request;
  CHECK(got.tools.at(0).strict == true);
  CHECK(got.tools.at(0).cache == hub::CacheTtl::standard);
  CHECK(got.tools.at(1).kind == hub::ToolKind::custom);
  CHECK(got.tool_choice.mode == hub::ToolChoice::Mode::allowed);
  CHECK(got.tool_choice.required);
  CHECK(got.tool_choice.names == std::vector<hub::Escaped>{"f"});
  CHECK(got.format.kind == hub::ResponseFormat::Kind::json_schema);
  CHECK(got.format.schema == R"({"type":"object"})");
}

TEST_CASE("chat_request/mistakes_are_told_by_their_place") {
  const std::string tool = R"("tools":[{"type":"function","function":{"name":"f"}}],)";
  const Fault faults[] = {
      {R"([])", ""},
      {R"({"messages":[]})", "model"},
      {R"({"model":1,"messages":[]})", "model"},
      {R"({"model":"m"})", "messages"},
      {R"({"model":"m","messages":[]})", "messages"},
      {R"({"model":"m","messages":{}})", "messages"},
      {with_messages("7"), "messages[0]"},
      {with_messages(R"({"content":"q"})"), "messages[0].role"},
      {with_messages(R"({"role":"boss","content":"q"})"), "messages[0].role"},
      {with_messages(R"({"role":"user"})"), "messages[0].content"},
      {with_messages(R"({"role":"user","content":7})"), "messages[0].content"},
      {with_messages(R"({"role":"user","content":[]})"), "messages[0].content"},
      {with_messages(
           R"({"role":"user","content":"a"},{"role":"user","content":"a"},{"role":"user","content":[{"type":"blob"}]})"),
       "messages[2].content[0].type"},
      {with_messages(R"({"role":"user","content":[{"type":"text","text":"a"},{"text":"a"}]})"),
       "messages[0].content[1].type"},
      {with_messages(R"({"role":"user","content":[{"type":"text"}]})"),
       "messages[0].content[0].text"},
      {with_messages(R"({"role":"user","content":[{"type":"image_url"}]})"),
       "messages[0].content[0].image_url"},
      {with_messages(R"({"role":"user","content":[{"type":"image_url","image_url":{}}]})"),
       "messages[0].content[0].image_url.url"},
      {with_messages(
           R"({"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png,zz"}}]})"),
       "messages[0].content[0].image_url.url"},
      {with_messages(
           R"({"role":"user","content":[{"type":"input_audio","input_audio":{"data":"A"}}]})"),
       "messages[0].content[0].input_audio.format"},
      {with_messages(R"({"role":"user","content":[{"type":"file","file":{}}]})"),
       "messages[0].content[0].file.file_data"},
      {with_messages(
           R"({"role":"system","content":[{"type":"image_url","image_url":{"url":"u"}}]})"),
       "messages[0].content[0].type"},
      {with_messages(R"({"role":"assistant"})"), "messages[0].content"},
      {with_messages(R"({"role":"assistant","tool_calls":{}})"), "messages[0].tool_calls"},
      {with_messages(
           R"({"role":"assistant","tool_calls":[{"type":"function","function":{"name":"f"}}]})"),
       "messages[0].tool_calls[0].id"},
      {with_messages(R"({"role":"assistant","tool_calls":[{"id":"a","type":"odd"}]})"),
       "messages[0].tool_calls[0].type"},
      {with_messages(
           R"({"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{}}]})"),
       "messages[0].tool_calls[0].function.name"},
      {with_messages(R"({"role":"tool","content":"r"})"), "messages[0].tool_call_id"},
      {with_messages(R"({"role":"tool","tool_call_id":"a"})"), "messages[0].content"},
      {with(R"("temperature":2.1)"), "temperature"},
      {with(R"("temperature":"hot")"), "temperature"},
      {with(R"("top_p":-1)"), "top_p"},
      {with(R"("n":0)"), "n"},
      {with(R"("n":129)"), "n"},
      {with(R"("max_tokens":0)"), "max_tokens"},
      {with(R"("max_completion_tokens":1.5)"), "max_completion_tokens"},
      {with(R"("top_logprobs":21)"), "top_logprobs"},
      {with(R"("stop":["a",1])"), "stop[1]"},
      {with(R"("stream":"yes")"), "stream"},
      {with(R"("stream_options":{"include_usage":1})"), "stream_options.include_usage"},
      {with(R"("reasoning_effort":"huge")"), "reasoning_effort"},
      {with(R"("tools":[{"function":{"name":"f"}}])"), "tools[0].type"},
      {with(R"("tools":[{"type":"function","function":{}}])"), "tools[0].function.name"},
      {with(R"("tools":[{"type":"function","function":{"name":"f","parameters":[]}}])"),
       "tools[0].function.parameters"},
      {with(R"("tool_choice":"required")"), "tool_choice"},
      {with(tool + R"("tool_choice":{"type":"function","function":{"name":"g"}})"), "tool_choice"},
      {with(tool + R"("tool_choice":{"type":"function"})"), "tool_choice.function.name"},
      {with(tool + R"("tool_choice":"sometimes")"), "tool_choice"},
      {with(R"("response_format":{"type":"xml"})"), "response_format.type"},
      {with(R"("response_format":{"type":"json_schema","json_schema":{"schema":{}}})"),
       "response_format.json_schema.name"},
      {with(R"("metadata":[])"), "metadata"},
  };
  for (const Fault& fault : faults) {
    const Asked asked(fault.body);
    CHECK_MESSAGE(!asked.result.has_value(), fault.body);
    CHECK_MESSAGE(asked.issue.param == fault.param, fault.body);
    CHECK_FALSE(asked.issue.reason.empty());
    if (!asked.result) CHECK(asked.result.error().side == Side::client);
  }
}

TEST_CASE("chat_request/a_completion_is_one_user_message") {
  for (const char* prompt : {R"("p")", R"(["p"])"}) {
    const Asked asked(
        std::string(
            R"({"model":"m1","max_tokens":5,"stop":["x"],"echo":false,"best_of":1,"suffix":"","prompt":)") +
            prompt + "}",
        completions());
    REQUIRE(asked.result.has_value());
    REQUIRE(asked.request.messages.size() == 1);
    CHECK(asked.request.messages[0].parts.at(0).text == "p");
    CHECK(asked.request.max_output_tokens == 5);
    CHECK(asked.request.extra.empty());
  }
}

TEST_CASE("chat_request/what_a_chat_cannot_complete_is_refused") {
  const Fault faults[] = {
      {R"({"model":"m"})", "prompt"},
      {R"({"model":"m","prompt":["a","b"]})", "prompt"},
      {R"({"model":"m","prompt":[1,2]})", "prompt"},
      {R"({"model":"m","prompt":[[1]]})", "prompt"},
      {R"({"model":"m","prompt":[]})", "prompt"},
      {R"({"model":"m","prompt":"p","echo":true})", "echo"},
      {R"({"model":"m","prompt":"p","suffix":"s"})", "suffix"},
      {R"({"model":"m","prompt":"p","best_of":2})", "best_of"},
      {R"({"model":"m","prompt":"p","logprobs":1})", "logprobs"},
      {R"({"model":"m","prompt":"p","n":0})", "n"},
  };
  for (const Fault& fault : faults) {
    const Asked asked(fault.body, completions());
    CHECK_MESSAGE(!asked.result.has_value(), fault.body);
    CHECK_MESSAGE(asked.issue.param == fault.param, fault.body);
  }
}

TEST_CASE("chat_request/what_would_cost_too_much_is_refused") {
  std::string many;
  std::string names;
  for (int i = 0; i <= 256; ++i) {
    many += (i == 0 ? "\"a" : ",\"a") + std::to_string(i) + "\":1";
    names += std::string(i == 0 ? "" : ",") + R"({"type":"function","function":{"name":"f"}})";
  }
  CHECK_FALSE(Asked(with(many)).result.has_value());
  const Asked named(with(
      R"("tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"tools":[)" +
      names + "]}}"));
  CHECK_FALSE(named.result.has_value());
  CHECK(named.issue.param == "tool_choice.allowed_tools.tools");
}

TEST_CASE("chat_request/a_thought_in_many_pieces_is_joined_once") {
  std::string pieces;
  for (int i = 0; i < 1000; ++i) {
    pieces += std::string(i == 0 ? "" : ",") + R"({"type":"reasoning.text","text":"ab","index":0})";
  }
  const Asked asked(
      with_messages(R"({"role":"assistant","content":"a","reasoning_details":[)" + pieces + "]}"));
  REQUIRE(asked.result.has_value());
  REQUIRE(asked.request.messages.at(0).parts.size() == 2);
  CHECK(asked.request.messages.at(0).parts[0].text.size() == 2000);
}
