#include <doctest/doctest.h>

#include "request_of.h"

using namespace test;
using hub::Effort;
using hub::Role;
using penstock::Bytes;
using Mode = hub::ToolChoice::Mode;
using Format = hub::ResponseFormat::Kind;

namespace {

hub::Request asking() {
  hub::Request request;
  say(request, Role::user, {text("Hi")});
  return request;
}

}  // namespace

TEST_CASE("bedrock_writer/inference_parameters") {
  hub::Request request = asking();
  request.max_output_tokens = 300;
  request.temperature = "0.70";
  request.top_p = "0.9";
  request.stop = {"END", " ", "\\n\\n"};
  const Written got = written(request, llama);
  CHECK(same(got.at("inferenceConfig"),
             R"({"maxTokens":300,"temperature":0.70,"topP":0.9,"stopSequences":["END"]})"));
  CHECK(got.dropped("stop"));
  request.temperature = "1.5";
  CHECK(written(request, llama).word("inferenceConfig", "temperature") == "1");
  request.temperature = "0";
  CHECK(written(request, llama).word("inferenceConfig", "temperature") == "0");
  CHECK(written(request).word("inferenceConfig", "topP") == "-");  // never both
  CHECK(same(written(request).at("additionalModelResponseFieldPaths"), R"(["/stop_sequence"])"));
  request.stream = true;
  CHECK(same(written(request).at("additionalModelResponseFieldPaths"),
             R"(["/delta/stop_sequence"])"));
  CHECK(written(request, opus_5).dropped("temperature"));
  CHECK(written(asking(), {.model = llama, .base_model = llama, .max_output_default = 77})
            .word("inferenceConfig", "maxTokens") == "77");
}

TEST_CASE("bedrock_writer/top_k_has_a_name_per_family") {
  hub::Request request = asking();
  request.top_k = 5;
  const auto fields = [&](Bytes model) {
    return written(request, model).at("additionalModelRequestFields") != nullptr;
  };
  CHECK(same(written(request).at("additionalModelRequestFields"), R"({"top_k":5})"));
  CHECK(same(written(request, nova_2).at("additionalModelRequestFields"),
             R"({"inferenceConfig":{"topK":5}})"));
  CHECK_FALSE(fields(llama));
  CHECK(written(request, llama).dropped("top_k"));
}

TEST_CASE("bedrock_writer/budgets_fit_into_the_limit_and_sampling_goes_trap_84") {
  hub::Request request = asking();
  request.reasoning.effort = Effort::low;
  request.max_output_tokens = 1000;
  request.temperature = "0.5";
  request.top_k = 3;
  const Written got = written(request);
  CHECK(same(got.at("additionalModelRequestFields"),
             R"({"thinking":{"type":"enabled","budget_tokens":2048}})"));
  CHECK(same(got.at("inferenceConfig"), R"({"maxTokens":3048})"));
  CHECK(got.dropped("temperature"));
  CHECK(got.dropped("top_k"));
  request.reasoning = {};
  request.reasoning.budget = 500;  // an exact one, below what is allowed
  CHECK(written(request).word("additionalModelRequestFields", "thinking", "budget_tokens") ==
        "1024");
  request.reasoning.budget = 4000;
  request.max_output_tokens = 9000;  // holds both already
  CHECK(written(request).word("inferenceConfig", "maxTokens") == "9000");
  request.reasoning.budget = INT64_MAX;
  request.max_output_tokens = INT64_MAX;
  const Written huge = written(request);
  CHECK(huge.word("additionalModelRequestFields", "thinking", "budget_tokens") == "63999");
  CHECK(huge.word("inferenceConfig", "maxTokens") == "64000");
}

TEST_CASE("bedrock_writer/a_budget_of_zero_is_an_order_trap_55") {
  hub::Request request = asking();
  request.reasoning.budget = 0;
  CHECK(same(written(request).at("additionalModelRequestFields"),
             R"({"thinking":{"type":"disabled"}})"));
  CHECK(same(written(request, nova_2).at("additionalModelRequestFields"),
             R"({"reasoningConfig":{"type":"disabled"}})"));
  CHECK(written(request, llama).at("additionalModelRequestFields") == nullptr);
  CHECK(written(request, llama).losses.dropped.empty());
  CHECK(written(request, gpt_oss).dropped("reasoning_effort"));
}

TEST_CASE("bedrock_writer/effort_in_each_familys_words") {
  hub::Request request = asking();
  request.reasoning.effort = Effort::xhigh;
  const Written newest = written(request, opus_5);
  CHECK(same(newest.at("additionalModelRequestFields"), R"({"thinking":{"type":"adaptive"}})"));
  CHECK(newest.word("outputConfig", "effort") == "xhigh");
  CHECK(written(request, "anthropic.claude-opus-4-6-v1").word("outputConfig", "effort") == "high");
  CHECK(same(written(request, gpt_oss).at("additionalModelRequestFields"),
             R"({"reasoning_effort":"high"})"));
  CHECK(same(written(request, nova_2).at("additionalModelRequestFields"),
             R"({"reasoningConfig":{"type":"enabled","maxReasoningEffort":"high"}})"));
  CHECK(written(request, "amazon.nova-pro-v1:0").dropped("reasoning_effort"));
  request.reasoning = {};
  request.reasoning.budget = 1500;
  request.reasoning.show = false;
  const Written shown = written(request, opus_5);
  CHECK(shown.word("outputConfig", "effort") == "low");
  CHECK(shown.word("additionalModelRequestFields", "thinking", "display") == "omitted");
}

TEST_CASE("bedrock_writer/no_thinking_where_its_past_is_missing_or_a_tool_is_forced") {
  hub::Request request = asking();
  request.reasoning.effort = Effort::high;
  offer(request, "f");
  request.tool_choice.mode = Mode::required;
  CHECK(written(request).word("additionalModelRequestFields", "thinking", "type") == "disabled");
  request.tool_choice = {};
  say(request, Role::assistant, {call("a", "f", "{}")});
  say(request, Role::tool, {result("a", "1")});
  const Written lacking = written(request);
  CHECK(lacking.word("additionalModelRequestFields", "thinking", "type") == "disabled");
  CHECK(lacking.dropped("reasoning_effort"));
  request.messages[1].parts.insert(request.messages[1].parts.begin(),
                                   thinking("t", "S", hub::Issuer::anthropic));
  CHECK(written(request).word("additionalModelRequestFields", "thinking", "type") == "enabled");
}

TEST_CASE("bedrock_writer/tools_without_empty_words_trap_68") {
  hub::Request request = asking();
  offer(request, "f");
  request.tools[0].schema = {};
  request.tools.emplace_back().name = "g";
  request.tools[1].description = "Does g";
  request.tools[1].schema = R"({"$schema":"x","properties":{}})";
  CHECK(same(written(request).at("toolConfig"),
             R"({"tools":[
               {"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object","properties":{}}}}},
               {"toolSpec":{"name":"g","description":"Does g","inputSchema":{"json":
                 {"type":"object","$schema":"x","properties":{}}}}}]})"));
  CHECK(same(
      written(request, nova_2).at("toolConfig", "tools", "1", "toolSpec", "inputSchema", "json"),
      R"({"type":"object","properties":{}})"));
  request.tools[1].name = {};
  CHECK(written(request).losses.refused == "tools");
}

TEST_CASE("bedrock_writer/tool_choice") {
  hub::Request request = asking();
  offer(request, "f");
  offer(request, "g");
  const auto choice = [&](Mode mode, Bytes model = sonnet_45) {
    request.tool_choice.mode = mode;
    return written(request, model);
  };
  CHECK(choice(Mode::unset).at("toolConfig", "toolChoice") == nullptr);
  CHECK(same(choice(Mode::automatic).at("toolConfig", "toolChoice"), R"({"auto":{}})"));
  CHECK(same(choice(Mode::required).at("toolConfig", "toolChoice"), R"({"any":{}})"));
  request.tool_choice.name = "g";
  CHECK(same(choice(Mode::named).at("toolConfig", "toolChoice"), R"({"tool":{"name":"g"}})"));
  const Written unable = choice(Mode::named, llama);
  CHECK(same(unable.at("toolConfig", "toolChoice"), R"({"auto":{}})"));
  CHECK(unable.word("system", "0", "text") == "Answer by calling the tool g.");
  CHECK(unable.emulated("tool_choice"));
  CHECK(choice(Mode::required, llama).word("system", "0", "text") ==
        "Answer by calling one of the tools.");
  request.tool_choice.names = {"g"};
  request.tool_choice.required = true;
  const Written subset = choice(Mode::allowed);
  CHECK(subset.at("toolConfig", "tools")->items.size() == 1);
  CHECK(subset.word("toolConfig", "tools", "0", "toolSpec", "name") == "g");
  CHECK(same(subset.at("toolConfig", "toolChoice"), R"({"any":{}})"));
}

TEST_CASE("bedrock_writer/no_tool_is_no_tools_unless_there_were_some_trap_20") {
  hub::Request request = asking();
  offer(request, "f");
  request.tool_choice.mode = Mode::none;
  CHECK(written(request).at("toolConfig") == nullptr);
  CHECK(written(request).emulated("tool_choice"));
  say(request, Role::assistant, {call("a", "f", "{}")});
  say(request, Role::tool, {result("a", "1")});
  CHECK(written(request).at("toolConfig", "tools")->items.size() == 1);
  CHECK(written(request).at("toolConfig", "toolChoice") == nullptr);
}

TEST_CASE("bedrock_writer/tools_are_made_up_for_a_history_with_calls_trap_70") {
  hub::Request request = asking();
  say(request, Role::assistant, {call("a", "f", "{}"), call("b", "g", "{}"), call("c", "f", "{}")});
  say(request, Role::tool, {result("a", "1"), result("b", "2"), result("c", "3")});
  CHECK(same(written(request).at("toolConfig"),
             R"({"tools":[
               {"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object","properties":{}}}}},
               {"toolSpec":{"name":"g","inputSchema":{"json":{"type":"object","properties":{}}}}}]})"));
}

TEST_CASE("bedrock_writer/structured_output_by_what_the_model_has_trap_78") {
  hub::Request request = asking();
  request.format.kind = Format::json_schema;
  request.format.name = "city";
  request.format.schema = R"({"type":"object","properties":{"n":{"const":"a\"b"}}})";
  const Written native = written(request);
  CHECK(same(native.at("outputConfig"),
             R"({"textFormat":{"type":"json_schema","structure":{"jsonSchema":{"schema":
               "{\"type\":\"object\",\"properties\":{\"n\":{\"const\":\"a\\\"b\"}}}",
               "name":"city"}}}})"));
  CHECK(native.losses.emulated.empty());
  const Written tool = written(request, sonnet_4);
  CHECK(tool.at("outputConfig") == nullptr);
  CHECK(tool.word("toolConfig", "tools", "0", "toolSpec", "name") == "penstock_json_output");
  CHECK(same(tool.at("toolConfig", "toolChoice"), R"({"tool":{"name":"penstock_json_output"}})"));
  CHECK(tool.emulated("response_format"));
  const Written words = written(request, llama);
  CHECK(words.at("toolConfig") == nullptr);
  CHECK(words.word("system", "0", "text").find(R"({"n":{"const":"a\"b"}})") != std::string::npos);
  request.reasoning.effort = Effort::high;
  CHECK(written(request, sonnet_4).at("toolConfig") == nullptr);
  request.format = {};
  request.format.kind = Format::json_object;
  CHECK(written(request).word("system", "0", "text") ==
        "Answer with one JSON object and with nothing else.");

  hub::Request strict = asking();
  offer(strict, "f");
  strict.tools[0].strict = true;
  CHECK(written(strict).word("toolConfig", "tools", "0", "toolSpec", "strict") == "true");
  CHECK(written(strict, nova_2).at("toolConfig", "tools", "0", "toolSpec", "strict") == nullptr);
  CHECK(written(strict, nova_2).dropped("tools.strict"));
}

TEST_CASE("bedrock_writer/tools_of_providers") {
  hub::Request request = asking();
  hub::Tool& tool = request.tools.emplace_back();
  tool.kind = hub::ToolKind::server;
  tool.issuer = hub::Issuer::anthropic;
  tool.raw = R"({"type":"web_search_20260318","name":"web_search"})";
  tool.web_search = true;
  request.web_search.emplace();
  CHECK(same(written(request, nova_2).at("toolConfig", "tools"),
             R"([{"systemTool":{"name":"nova_grounding"}}])"));
  CHECK(written(request).losses.refused == "tools");
  hub::Request option = asking();
  option.extra.push_back({"web_search_options", "{}"});
  option.web_search.emplace();
  CHECK(same(written(option, nova_2).at("toolConfig", "tools"),
             R"([{"systemTool":{"name":"nova_grounding"}}])"));
  CHECK(written(option, llama).losses.refused == "web_search_options");
  hub::Request custom = asking();
  offer(custom, "shell");
  custom.tools[0].kind = hub::ToolKind::custom;
  CHECK(same(written(custom).at("toolConfig", "tools", "0", "toolSpec", "inputSchema", "json"),
             R"({"type":"object","properties":{"input":{"type":"string"}},"required":["input"]})"));
}

TEST_CASE("bedrock_writer/betas_go_into_the_body_trap_75") {
  hub::Request request = asking();
  request.extra.push_back({"anthropic_beta", R"(["context-1m-2025-08-07"])"});
  CHECK(same(written(request).at("additionalModelRequestFields"),
             R"({"anthropic_beta":["context-1m-2025-08-07"]})"));
  CHECK(written(request, llama).dropped("anthropic_beta"));
}

TEST_CASE("bedrock_writer/converses_own_members_pass") {
  hub::Request request = asking();
  request.top_k = 4;
  request.extra = {{"guardrailConfig", R"({"guardrailIdentifier":"g"})"},
                   {"additionalModelRequestFields", R"({"top_k":9,"x":{"y":1}})"},
                   {"unheard_of", "1"}};
  const Written got = written(request);
  CHECK(same(got.at("guardrailConfig"), R"({"guardrailIdentifier":"g"})"));
  CHECK(same(got.at("additionalModelRequestFields"), R"({"top_k":4,"x":{"y":1}})"));
  CHECK(got.losses.dropped == std::vector<Bytes>{"unheard_of"});
}

TEST_CASE("bedrock_writer/metadata_and_tier") {
  hub::Request request = asking();
  request.metadata = R"({"team":"a b","bad":"<x>","n":1})";
  request.user = "u-1";
  request.service_tier = "flex";
  const Written got = written(request);
  CHECK(same(got.at("requestMetadata"), R"({"team":"a b","user":"u-1"})"));
  CHECK(got.dropped("metadata"));
  CHECK(same(got.at("serviceTier"), R"({"type":"flex"})"));
  request.service_tier = "auto";
  CHECK(written(request).at("serviceTier") == nullptr);
  request.service_tier = "scale";
  CHECK(written(request).dropped("service_tier"));
  request.user = "\\u0001";
  CHECK(written(request).dropped("user"));
}

TEST_CASE("bedrock_writer/what_converse_lacks_is_named_or_refused") {
  hub::Request request = asking();
  offer(request, "f");
  request.seed = "7";
  request.presence_penalty = "0";
  request.frequency_penalty = "0.1";
  request.logit_bias = "{}";
  request.logprobs = true;
  request.top_logprobs = 2;
  request.parallel_tool_calls = false;
  request.verbosity = "low";
  request.prompt_cache_key = "k";
  request.store = true;
  request.n = 1;
  const Written got = written(request);
  REQUIRE(got.done);
  for (const Bytes field :
       {"seed", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs",
        "parallel_tool_calls", "verbosity", "prompt_cache_key", "store"})
    CHECK(got.dropped(field));
  const Written strict = written(
      request,
      {.model = llama, .base_model = llama, .drop_params = penstock::dialect::DropParams::error});
  CHECK(strict.losses.refused == "seed");
  hub::Request two = asking();
  two.n = 2;
  CHECK(written(two).losses.refused == "n");
  hub::Request earlier = asking();
  earlier.previous_response = "resp_1";
  CHECK(written(earlier).losses.refused == "previous_response_id");
  hub::Request kept = asking();
  kept.stateful = "conversation";
  CHECK(written(kept).losses.refused == "conversation");
  hub::Request spoken = asking();
  spoken.extra.push_back({"modalities", R"(["text","audio"])"});
  spoken.media_output = {.audio = true, .field = "modalities"};
  CHECK(written(spoken).losses.refused == "modalities");
}

TEST_CASE("bedrock_writer/an_arn_needs_its_base_model_trap_67") {
  hub::Request request = asking();
  request.reasoning.effort = Effort::low;
  constexpr Bytes arn = "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc";
  CHECK(written(request, {.model = arn, .base_model = sonnet_45})
            .word("additionalModelRequestFields", "thinking", "type") == "enabled");
  CHECK(written(request, {.model = arn, .base_model = arn}).dropped("reasoning_effort"));
}
