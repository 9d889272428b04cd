// Requests of Gemini clients.
#include "exchange.h"

using namespace penstock;
using namespace test;

TEST_CASE("gemini_request_reader/reads_both_spellings_alike") {
  const Asked camel(R"({"systemInstruction":{"parts":[{"text":"Be kind."}]},
    "contents":[{"parts":[{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]}],
    "generationConfig":{"maxOutputTokens":9,"topP":0.5,"stopSequences":["x"]}})");
  const Asked snake(R"({"system_instruction":{"parts":{"text":"Be kind."}},
    "contents":{"parts":{"inline_data":{"mime_type":"image/png","data":"AAAA"}}},
    "generation_config":{"max_output_tokens":9.0,"top_p":0.5,"stop_sequences":["x"]}})");
  for (const Asked* const asked : {&camel, &snake}) {
    REQUIRE(asked->result);
    const hub::Request& request = asked->request;
    REQUIRE(request.messages.size() == 2);
    CHECK(request.messages[0].role == hub::Role::system);
    CHECK(request.messages[0].parts[0].text == "Be kind.");
    CHECK(request.messages[1].role == hub::Role::user);
    CHECK(request.messages[1].parts[0].kind == hub::PartKind::image);
    CHECK(request.messages[1].parts[0].media.data == "AAAA");
    CHECK(request.max_output_tokens == 9);
    CHECK(request.top_p == "0.5");
    CHECK(request.stop == std::vector<hub::Escaped>{"x"});
    CHECK(request.issuer == hub::Issuer::gemini);
  }
  CHECK(Asked(R"({"systemInstruction":"Hi","contents":[{"parts":[{"text":"x"}]}]})")
            .request.messages.size() == 2);
}

TEST_CASE("gemini_request_reader/matches_responses_by_id_and_else_by_name_and_order") {
  const Asked asked(R"({"contents":[
    {"role":"user","parts":[{"text":"go"}]},
    {"role":"model","parts":[{"functionCall":{"name":"f","args":{"a":1}}},
                             {"functionCall":{"name":"g","args":{},"id":"g7"}},
                             {"functionCall":{"name":"f","args":{"a":2}}}]},
    {"role":"function","parts":[{"functionResponse":{"name":"f","response":{"output":"one"}}},
                            {"functionResponse":{"name":"g","id":"g7","response":{"error":"no"}}},
                            {"functionResponse":{"name":"f","response":{"x":[1]}}},
                            {"text":"and now?"}]}]})");
  REQUIRE(asked.result);
  const auto& messages = asked.request.messages;
  REQUIRE(messages.size() == 6);
  const auto& calls = messages[1].parts;
  CHECK(calls[0].id != calls[2].id);
  CHECK_FALSE(calls[0].id.empty());
  CHECK(calls[0].arguments.bytes == R"({"a":1})");
  CHECK(messages[2].role == hub::Role::tool);
  CHECK(messages[2].parts[0].id == calls[0].id);
  CHECK(messages[2].parts[0].content[0].text == "one");
  CHECK(messages[3].parts[0].id == "g7");
  CHECK(messages[3].parts[0].is_error);
  CHECK(messages[4].parts[0].id == calls[2].id);
  CHECK(messages[4].parts[0].content[0].text == R"({\"x\":[1]})");
  CHECK(messages[5].role == hub::Role::user);
  CHECK(messages[5].parts[0].text == "and now?");
}

TEST_CASE("gemini_request_reader/keeps_signatures_on_their_parts") {
  const Asked asked(R"({"contents":[{"role":"model","parts":[
    {"text":"hm","thought":true},{"text":"","thoughtSignature":"c2ln"},
    {"functionCall":{"name":"f"},"thoughtSignature":"ZnVu"},
    {"executableCode":{"language":"PYTHON","code":"1"},"thoughtSignature":"eA=="}]}]})");
  REQUIRE(asked.result);
  const auto& parts = asked.request.messages[0].parts;
  REQUIRE(parts.size() == 4);
  CHECK(parts[0].kind == hub::PartKind::thinking);
  CHECK(parts[1].kind == hub::PartKind::text);
  CHECK(parts[1].signature == "c2ln");
  CHECK(parts[2].signature == "ZnVu");
  CHECK(parts[2].issuer == hub::Issuer::gemini);
  CHECK(parts[3].kind == hub::PartKind::opaque);
  CHECK(parts[3].raw.find("thoughtSignature") != Bytes::npos);
}

TEST_CASE("gemini_request_reader/reads_tools_and_their_schemas") {
  const Asked asked(R"({"contents":[{"parts":[{"text":"x"}]}],"tools":[
    {"functionDeclarations":[
      {"name":"a","description":"d","parameters":{"type":"OBJECT","properties":
        {"n":{"type":3,"nullable":true,"minItems":"2"},"type":{"type":"STRING"}},
        "propertyOrdering":["n"]}},
      {"name":"b","parameters_json_schema":{"type":"object"}}],"googleSearch":{}}],
    "toolConfig":{"functionCallingConfig":{"mode":"any","allowedFunctionNames":["a"]}}})");
  REQUIRE(asked.result);
  const hub::Request& request = asked.request;
  REQUIRE(request.tools.size() == 3);
  CHECK(request.tools[0].schema ==
        R"({"type":"object","properties":{"n":{"type":["integer","null"],"minItems":2},)"
        R"("type":{"type":"string"}}})");
  CHECK(request.tools[1].schema == R"({"type":"object"})");
  CHECK(request.tools[2].kind == hub::ToolKind::server);
  CHECK(request.tools[2].raw == R"({"googleSearch":{}})");
  CHECK(request.tool_choice.mode == hub::ToolChoice::Mode::named);
  CHECK(request.tool_choice.name == "a");
}

TEST_CASE("gemini_request_reader/reads_the_whole_generation_config") {
  const Asked asked(R"({"contents":[{"parts":[{"text":"x"}]}],"serviceTier":"standard",
    "safetySettings":[1],"labels":null,"generationConfig":{"temperature":0.70,"topK":40,
    "candidateCount":2,"seed":-3,"presencePenalty":0.1,"frequencyPenalty":-0.1,
    "responseLogprobs":true,"logprobs":4,"responseMimeType":"application/json",
    "responseSchema":{"type":"STRING"},"speechConfig":{"x":1},"responseModalities":["TEXT"],
    "thinkingConfig":{"includeThoughts":false,"thinkingBudget":0,"thinking_level":"low"}}})");
  REQUIRE(asked.result);
  const hub::Request& request = asked.request;
  CHECK(request.temperature == "0.70");
  CHECK(request.top_k == 40);
  CHECK(request.n == 2);
  CHECK(request.seed == "-3");
  CHECK(request.logprobs == true);
  CHECK(request.top_logprobs == 4);
  CHECK(request.format.kind == hub::ResponseFormat::Kind::json_schema);
  CHECK(request.format.schema == R"({"type":"string"})");
  CHECK(request.reasoning.budget == 0);
  CHECK(request.reasoning.show == false);
  CHECK(request.reasoning.effort == hub::Effort::low);
  CHECK(request.service_tier == "default");
  REQUIRE(request.extra.size() == 2);
  CHECK(request.extra[0].key == "safetySettings");
  CHECK(request.extra[1].key == "generationConfig.speechConfig");
}

TEST_CASE("gemini_request_reader/names_the_field_at_fault") {
  const auto fault = [](const std::string& body) {
    const Asked asked(body);
    CHECK_FALSE(asked.result);
    return std::string(asked.issue.param);
  };
  CHECK(fault("{}") == "contents");
  CHECK(fault(R"({"contents":[]})") == "contents");
  CHECK(fault(R"({"contents":[{"role":"assistant","parts":[]}]})") == "contents[0].role");
  CHECK(fault(R"({"contents":[{"parts":[{"text":"a"},{"text":1}]}]})") ==
        "contents[0].parts[1].text");
  CHECK(fault(R"({"contents":[{"parts":[{"text":"a"}]}],"generationConfig":{"topK":"x"}})") ==
        "generationConfig.topK");
  CHECK(fault(R"({"contents":[{"parts":[{"text":"a"}]}],
                  "tools":[{"functionDeclarations":[{"description":"x"}]}]})") ==
        "tools[].functionDeclarations[].name");
}

TEST_CASE("gemini_request_reader/a_long_list_of_calls_is_read_in_little_time") {
  std::string calls;
  std::string responses;
  for (int i = 0; i < 20000; ++i) {
    calls += R"({"functionCall":{"name":"f"}},)";
    responses += R"({"functionResponse":{"name":"g","response":{}}},)";
  }
  calls.pop_back();
  responses.pop_back();
  const Asked asked(R"({"contents":[{"role":"model","parts":[)" + calls + R"(]},{"parts":[)" +
                    responses + "]}]}");
  CHECK(asked.result);
  CHECK(asked.request.messages.size() == 20001);
}
