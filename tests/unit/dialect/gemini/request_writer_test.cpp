// Requests for AI Studio and Vertex.
#include "exchange.h"

using namespace penstock;
using namespace test;
using hub::PartKind;
using hub::Role;

namespace {

hub::Message say(Role role, Bytes text) {
  hub::Message message{.role = role};
  message.parts.push_back({.text = text});
  return message;
}
hub::Message call(Bytes id, Bytes name, Bytes arguments) {
  hub::Message message{.role = Role::assistant};
  hub::Part& part = message.parts.emplace_back();
  part.kind = PartKind::tool_call;
  part.id = id;
  part.name = name;
  part.arguments = {arguments, true};
  return message;
}
hub::Message result(Bytes id, Bytes text) {
  hub::Message message{.role = Role::tool};
  hub::Part& part = message.parts.emplace_back();
  part.kind = PartKind::tool_result;
  part.id = id;
  part.content.push_back({.text = text});
  return message;
}
hub::Part media(PartKind kind, hub::Source source, Bytes type, Bytes data) {
  hub::Part part{.kind = kind};
  part.media = {.source = source, .media_type = type, .data = data};
  return part;
}
hub::Request conversation() {
  hub::Request request;
  request.issuer = hub::Issuer::openai;
  request.messages = {say(Role::system, "S"), say(Role::user, "U"), call("a1", "f", "{}"),
                      call("a2", "g", R"({\"x\":1})")};
  request.messages.push_back(result("a2", "two"));
  request.messages.push_back(result("a1", R"({\"$ref\":\"#\"})"));
  return request;
}
hub::Request one_user(Bytes text) {
  hub::Request request;
  request.issuer = hub::Issuer::openai;
  request.messages = {say(Role::user, text)};
  return request;
}
hub::Tool function(Bytes name, Bytes schema) {
  hub::Tool tool;
  tool.name = name;
  tool.schema = schema;
  return tool;
}

}  // namespace

TEST_CASE("gemini_request_writer/merges_roles_and_orders_responses_as_the_calls") {
  const hub::Request request = conversation();
  const Written written = write(request, model("gemini-2.5-flash"));
  REQUIRE(written.result);
  CHECK(written.text ==
        R"({"systemInstruction":{"parts":[{"text":"S"}]},"contents":[)"
        R"({"role":"user","parts":[{"text":"U"}]},)"
        R"({"role":"model","parts":[{"functionCall":{"name":"f","args":{},"id":"a1"}},)"
        R"({"functionCall":{"name":"g","args":{"x":1},"id":"a2"}}]},)"
        R"({"role":"user","parts":[)"
        R"({"functionResponse":{"name":"f","id":"a1","response":{"output":"{\"$ref\":\"#\"}"}}},)"
        R"({"functionResponse":{"name":"g","id":"a2","response":{"output":"two"}}}]}]})");
}

TEST_CASE("gemini_request_writer/results_are_strings_under_output_trap_50") {
  const Written written = write(conversation(), model("gemini-3-flash"));
  const Tree response =
      written.at({"contents", "2", "parts", "0", "functionResponse", "response", "output"});
  CHECK(response.kind == Tree::Kind::string);
  CHECK(response.text == R"({"$ref":"#"})");
}

TEST_CASE("gemini_request_writer/call_ids_are_left_out_on_vertex_trap_49") {
  const Written vertex = write(conversation(), model("gemini-2.5-flash", true));
  CHECK(vertex.text.find("\"id\"") == std::string::npos);
  hub::Request made = conversation();
  made.messages[2].parts[0].id = "call_gem_0";
  made.messages[5].parts[0].id = "call_gem_0";
  const Written studio = write(made, model("gemini-2.5-flash"));
  CHECK(studio.text.find("call_gem_0") == std::string::npos);
  CHECK(studio.text.find("\"id\":\"a2\"") != std::string::npos);
}

TEST_CASE("gemini_request_writer/the_sentinel_stands_only_where_needed_trap_43") {
  constexpr Bytes sentinel = "skip_thought_signature_validator";
  hub::Request request = conversation();
  const std::vector<std::string> first{"contents", "1", "parts", "0", "thoughtSignature"};
  const std::vector<std::string> second{"contents", "1", "parts", "1", "thoughtSignature"};
  Written written = write(request, model("gemini-3-flash"));
  CHECK(written.at(first).text == sentinel);
  CHECK_FALSE(written.has(second));
  CHECK_FALSE(write(request, model("gemini-2.5-flash")).has(first));
  // A signature of its own, or one of another provider.
  request.messages[2].parts[0].signature = "c2ln";
  request.messages[2].parts[0].issuer = hub::Issuer::gemini;
  CHECK(write(request, model("gemini-3-flash")).at(first).text == "c2ln");
  request.messages[2].parts[0].issuer = hub::Issuer::anthropic;
  CHECK(write(request, model("gemini-3-flash")).at(first).text == sentinel);
  // A turn that is over is not verified.
  request.messages.push_back(say(Role::assistant, "done"));
  request.messages.push_back(say(Role::user, "next"));
  CHECK_FALSE(write(request, model("gemini-3-flash")).has(first));
}

TEST_CASE("gemini_request_writer/carried_reasoning_gives_its_signature_to_its_call_trap_43") {
  hub::Request request = conversation();
  hub::Part carried{.kind = PartKind::redacted_thinking, .issuer = hub::Issuer::gemini};
  carried.id = "a1";
  carried.signature = "Y2Fy";
  request.messages[2].parts.insert(request.messages[2].parts.begin(), carried);
  const Written written = write(request, model("gemini-3-flash"));
  CHECK(written.at({"contents", "1", "parts", "0", "thoughtSignature"}).text == "Y2Fy");
  CHECK(written.at({"contents", "1", "parts"}).items.size() == 2);
}

TEST_CASE("gemini_request_writer/signed_empty_text_is_kept_trap_44") {
  hub::Request request = one_user("x");
  hub::Message& answer = request.messages.emplace_back();
  answer.role = Role::assistant;
  answer.parts.push_back({.text = "hello"});
  answer.parts.push_back({.issuer = hub::Issuer::gemini, .text = "", .signature = "c2ln"});
  answer.parts.push_back({.text = ""});
  answer.parts.push_back({.kind = PartKind::thinking,
                          .issuer = hub::Issuer::anthropic,
                          .text = "theirs",
                          .signature = "Zm9y"});
  const Written written = write(request, model("gemini-3-flash"));
  CHECK(written.at({"contents", "1"}) == *read_tree(R"({"role":"model","parts":[{"text":"hello"},)"
                                                    R"({"text":"","thoughtSignature":"c2ln"}]})"));
}

TEST_CASE("gemini_request_writer/old_models_get_the_openapi_subset_trap_48") {
  hub::Request request = one_user("x");
  constexpr Bytes schema = R"({"$schema":"s","type":"object","title":"T","additionalProperties":
    false,"properties":{"a":{"type":["integer","null"],"default":1},"b":{"$ref":"#/$defs/B"},
    "c":{"const":5},"d":{"type":"string","format":"uri","examples":["x"]}},"required":["a"],
    "$defs":{"B":{"enum":[1,2]}}})";
  request.tools.push_back(function("f", schema));
  request.tools.push_back(function("nothing", R"({"type":"object","properties":{}})"));
  const Written old = write(request, model("gemini-1.5-pro"));
  CHECK(old.at({"tools", "0", "functionDeclarations", "0", "parameters"}) ==
        *read_tree(R"({"type":"OBJECT","properties":{"a":{"type":"INTEGER","nullable":true},
          "b":{"type":"STRING","enum":["1","2"]},"c":{"type":"STRING","enum":["5"]},
          "d":{"type":"STRING"}},"required":["a"]})"));
  CHECK_FALSE(old.has({"tools", "0", "functionDeclarations", "1", "parameters"}));
  const Written current = write(request, model("gemini-2.5-pro"));
  CHECK(current.at({"tools", "0", "functionDeclarations", "0", "parametersJsonSchema"}) ==
        *read_tree(schema));
}

TEST_CASE("gemini_request_writer/a_budget_of_zero_is_sent_trap_55") {
  hub::Request request = one_user("x");
  request.reasoning.budget = 0;
  const std::vector<std::string> budget{"generationConfig", "thinkingConfig", "thinkingBudget"};
  const std::vector<std::string> level{"generationConfig", "thinkingConfig", "thinkingLevel"};
  CHECK(write(request, model("gemini-2.5-flash")).at(budget).text == "0");
  const Written pro = write(request, model("gemini-2.5-pro"));
  CHECK(pro.at(budget).text == "128");
  CHECK(pro.losses.emulated.size() == 1);
  const Written third = write(request, model("gemini-3-flash"));
  CHECK(third.at(level).text == "MINIMAL");
  CHECK_FALSE(third.has(budget));
}

TEST_CASE("gemini_request_writer/zeros_are_values_trap_133") {
  hub::Request request = one_user("x");
  request.temperature = "0";
  request.top_p = "0.0";
  request.seed = "0";
  const Written written = write(request, model("gemini-2.5-flash"));
  CHECK(written.at({"generationConfig", "temperature"}).text == "0");
  CHECK(written.at({"generationConfig", "topP"}).text == "0.0");
  CHECK(written.at({"generationConfig", "seed"}).text == "0");
}

TEST_CASE("gemini_request_writer/thinking_by_model") {
  using hub::Effort;
  const auto config = [](Effort effort, Bytes name) {
    hub::Request request = one_user("x");
    request.reasoning.effort = effort;
    const Written written = write(request, model(name));
    REQUIRE(written.result);
    const std::string key = written.text.find("thinkingLevel") != std::string::npos
                                ? "thinkingLevel"
                                : "thinkingBudget";
    return written.at({"generationConfig", "thinkingConfig", key}).text;
  };
  CHECK(config(Effort::minimal, "gemini-2.5-flash") == "512");
  CHECK(config(Effort::low, "gemini-2.5-flash") == "1024");
  CHECK(config(Effort::medium, "gemini-2.5-flash") == "8192");
  CHECK(config(Effort::high, "gemini-2.5-flash") == "24576");
  CHECK(config(Effort::max, "gemini-2.5-pro") == "32768");
  CHECK(config(Effort::none, "gemini-3-pro-preview") == "LOW");
  CHECK(config(Effort::medium, "gemini-3-pro-preview") == "HIGH");
  CHECK(config(Effort::medium, "gemini-3.5-flash") == "MEDIUM");
  CHECK(config(Effort::xhigh, "gemini-4-argon") == "HIGH");
  CHECK(config(Effort::low, "gemini-2.0-flash") == "(missing)");
}

TEST_CASE("gemini_request_writer/roles_that_gemini_lacks_trap_56") {
  hub::Request request;
  request.messages = {say(Role::developer, "D"), say(Role::user, "U"), say(Role::system, "S"),
                      say(Role::user, "V")};
  const Written written = write(request, model("gemini-2.5-flash"));
  CHECK(written.at({"systemInstruction", "parts", "0", "text"}).text == "D");
  CHECK(written.at({"contents", "0", "parts"}).items.size() == 3);
  CHECK(written.at({"contents", "0", "parts", "1", "text"}).text == "S");
  const Written gemma = write(request, model("gemma-3-27b-it"));
  CHECK_FALSE(gemma.has({"systemInstruction"}));
  CHECK(gemma.at({"contents", "0", "parts", "0", "text"}).text == "D");
  // Contents must not be empty.
  request.messages.resize(1);
  CHECK(write(request, model("gemini-2.5-flash")).at({"contents", "0", "role"}).text == "user");
}

TEST_CASE("gemini_request_writer/addresses_go_where_google_reads_them_trap_57") {
  const auto sent = [](Bytes url, bool on_vertex) {
    hub::Request request = one_user("see");
    request.messages[0].parts.push_back(media(PartKind::image, hub::Source::url, "", url));
    return write(request, model("gemini-2.5-flash", on_vertex));
  };
  const Written bucket = sent("gs://b/cat.png", true);
  CHECK(bucket.at({"contents", "0", "parts", "1", "fileData"}) ==
        *read_tree(R"({"fileUri":"gs://b/cat.png","mimeType":"image/png"})"));
  CHECK(sent("https://example.org/cat", true).result);
  CHECK(sent("https:\\/\\/youtu.be/x", false).result);
  CHECK(sent("https://generativelanguage.googleapis.com/v1beta/files/x", false).result);
  for (const Bytes url : {"gs://b/cat.png", "https://example.org/cat.png", "file:///etc/passwd"}) {
    const Written refused = sent(url, false);
    REQUIRE_FALSE(refused.result);
    CHECK(refused.result.error().code == Code::unsupported_by_target);
    CHECK(refused.losses.refused == "messages");
  }
  CHECK_FALSE(sent("file:///etc/passwd", true).result);
}

TEST_CASE("gemini_request_writer/inline_media_and_resolution") {
  hub::Request request = one_user("see");
  request.messages[0].parts.push_back(
      media(PartKind::image, hub::Source::base64, "image/png", "AAAA"));
  request.messages[0].parts[1].media.detail = "low";
  request.messages[0].parts.push_back(
      media(PartKind::file, hub::Source::id, "application/pdf", "files/abc"));
  const Written third = write(request, model("gemini-3-flash"));
  CHECK(third.at({"contents", "0", "parts", "1"}) ==
        *read_tree(R"({"inlineData":{"mimeType":"image/png","data":"AAAA"},
                       "mediaResolution":{"level":"MEDIA_RESOLUTION_LOW"}})"));
  CHECK(third.at({"contents", "0", "parts", "2", "fileData", "fileUri"}).text ==
        "https://generativelanguage.googleapis.com/v1beta/files/abc");
  const Written second = write(request, model("gemini-2.5-flash"));
  CHECK(second.at({"generationConfig", "mediaResolution"}).text == "MEDIA_RESOLUTION_LOW");
}

TEST_CASE("gemini_request_writer/images_in_results") {
  hub::Request request = conversation();
  request.messages[4].parts[0].content.push_back(
      media(PartKind::image, hub::Source::base64, "image/png", "AAAA"));
  const Written third = write(request, model("gemini-3-flash"));
  CHECK(third.has({"contents", "2", "parts", "1", "functionResponse", "parts", "0", "inlineData"}));
  const Written second = write(request, model("gemini-2.5-flash"));
  CHECK(second.has({"contents", "2", "parts", "2", "inlineData"}));
}

TEST_CASE("gemini_request_writer/mixed_tools_trap_37_trap_60_trap_134") {
  hub::Request request = one_user("x");
  request.tools.push_back(function("f", ""));
  hub::Tool search{.kind = hub::ToolKind::server};
  search.raw = R"({"googleSearch":{}})";
  search.issuer = hub::Issuer::gemini;
  request.tools.push_back(search);
  const Written studio = write(request, model("gemini-3-flash"));
  CHECK(studio.at({"toolConfig"}) == *read_tree(R"({"functionCallingConfig":{"mode":"VALIDATED"},
                       "includeServerSideToolInvocations":true})"));
  CHECK(studio.at({"tools"}).items.size() == 2);
  const Written vertex = write(request, model("gemini-3-flash", true));
  CHECK_FALSE(vertex.has({"toolConfig", "includeServerSideToolInvocations"}));
  const Written old = write(request, model("gemini-2.5-flash"));
  CHECK_FALSE(old.result);
  CHECK(old.losses.refused == "tools");
  // Another provider's tool is refused, never lost: there is no Gemini tool of that name.
  request.tools[1].issuer = hub::Issuer::anthropic;
  const Written messages = write(request, model("gemini-3-flash"));
  CHECK_FALSE(messages.result);
  CHECK(messages.losses.refused == "tools");
}

TEST_CASE("gemini_request_writer/tool_choices") {
  using Mode = hub::ToolChoice::Mode;
  hub::Request request = one_user("x");
  request.tools.push_back(function("f", ""));
  const auto mode = [&] {
    return write(request, model("gemini-2.5-flash"))
        .at({"toolConfig", "functionCallingConfig", "mode"})
        .text;
  };
  CHECK(mode() == "(missing)");
  request.tool_choice.mode = Mode::none;
  CHECK(mode() == "NONE");
  request.tool_choice.mode = Mode::required;
  CHECK(mode() == "ANY");
  request.tool_choice.mode = Mode::automatic;
  CHECK(mode() == "AUTO");
  request.tools[0].strict = true;
  CHECK(mode() == "VALIDATED");
  request.tool_choice.mode = Mode::named;
  request.tool_choice.name = "f";
  CHECK(write(request, model("gemini-2.5-flash"))
            .at({"toolConfig", "functionCallingConfig", "allowedFunctionNames", "0"})
            .text == "f");
}

TEST_CASE("gemini_request_writer/tools_keep_their_order_trap_122") {
  hub::Request request = one_user("x");
  for (const Bytes name : {"z", "a", "m"}) request.tools.push_back(function(name, ""));
  const Tree list =
      write(request, model("gemini-3-flash")).at({"tools", "0", "functionDeclarations"});
  REQUIRE(list.items.size() == 3);
  CHECK(list.items[0].find("name")->text == "z");
  CHECK(list.items[2].find("name")->text == "m");
}

TEST_CASE("gemini_request_writer/forms_of_the_answer") {
  hub::Request request = one_user("x");
  request.format.kind = hub::ResponseFormat::Kind::json_schema;
  request.format.schema = R"({"type":"object","properties":{"a":{"type":"string"}}})";
  const Written current = write(request, model("gemini-2.5-flash"));
  CHECK(current.at({"generationConfig", "responseMimeType"}).text == "application/json");
  CHECK(current.has({"generationConfig", "responseJsonSchema"}));
  CHECK(write(request, model("gemini-2.0-flash"))
            .at({"generationConfig", "responseSchema", "type"})
            .text == "OBJECT");
  // With tools beside it only from the third generation on.
  request.tools.push_back(function("f", ""));
  CHECK(write(request, model("gemini-3-flash")).has({"generationConfig", "responseJsonSchema"}));
  const Written words = write(request, model("gemini-2.5-flash"));
  CHECK_FALSE(words.has({"generationConfig"}));
  CHECK(words.at({"systemInstruction", "parts", "0", "text"}).text.find("\"a\"") !=
        std::string::npos);
  CHECK(words.losses.emulated == std::vector<Bytes>{"response_format"});
}

TEST_CASE("gemini_request_writer/service_tier_by_platform_trap_61") {
  hub::Request request = one_user("x");
  request.service_tier = "flex";
  CHECK(write(request, model("gemini-3-flash")).at({"serviceTier"}).text == "flex");
  const Written vertex = write(request, model("gemini-3-flash", true));
  CHECK_FALSE(vertex.has({"serviceTier"}));
  CHECK(vertex.losses.dropped == std::vector<Bytes>{"service_tier"});
  request.service_tier = "default";
  CHECK(write(request, model("gemini-3-flash")).at({"serviceTier"}).text == "standard");
}

TEST_CASE("gemini_request_writer/losses_are_reported_or_refused") {
  hub::Request request = one_user("x");
  request.logit_bias = R"({"1":2})";
  request.user = "u";
  request.metadata = R"({"team":"blue"})";
  request.extra.push_back({.key = "safety_settings", .value = "[]"});
  request.extra.push_back({.key = "unheard_of", .value = "1"});
  const Written dropped = write(request, model("gemini-3-flash"));
  REQUIRE(dropped.result);
  CHECK(dropped.losses.dropped ==
        std::vector<Bytes>{"metadata", "unheard_of", "logit_bias", "user"});
  CHECK(dropped.has({"safetySettings"}));
  CHECK(write(request, model("gemini-3-flash", true)).at({"labels", "team"}).text == "blue");
  TargetTraits strict = model("gemini-3-flash");
  strict.drop_params = dialect::DropParams::error;
  const Written refused = write(request, strict);
  CHECK_FALSE(refused.result);
  CHECK(refused.losses.refused == "metadata");
}

TEST_CASE("gemini_request_writer/what_would_change_the_answer_is_refused") {
  hub::Request request = one_user("x");
  request.previous_response = "resp_1";
  CHECK(write(request, model("gemini-3-flash")).losses.refused == "previous_response_id");
  request = one_user("x");
  request.stateful = "conversation";
  CHECK(write(request, model("gemini-3-flash")).losses.refused == "conversation");
  request = one_user("x");
  request.tools.push_back({.kind = hub::ToolKind::server, .issuer = hub::Issuer::openai});
  CHECK(write(request, model("gemini-3-flash")).losses.refused == "tools");
  request = one_user("x");
  request.messages.push_back(result("unknown", "r"));
  CHECK(write(request, model("gemini-3-flash")).losses.refused == "messages");
}

TEST_CASE("gemini_request_writer/other_parameters") {
  const Asked asked(R"({"contents":[{"parts":[{"text":"x"}]}],"cachedContent":"cachedContents/1",
    "systemInstruction":"s","tools":[{"codeExecution":{}}],"modelArmorConfig":{"a":1},
    "generationConfig":{"seed":3,"stopSequences":["1","2","3","4","5","6"],"imageConfig":{}}})");
  const Written written = write(asked.request, model("gemini-3-flash"));
  CHECK_FALSE(written.has({"systemInstruction"}));
  CHECK_FALSE(written.has({"tools"}));
  CHECK(written.has({"modelArmorConfig"}));
  CHECK(written.has({"generationConfig", "imageConfig"}));
  CHECK(written.at({"generationConfig", "stopSequences"}).items.size() == 5);
  CHECK(written.losses.dropped == std::vector<Bytes>{"stop"});
  hub::Request audio = one_user("x");
  audio.seed = "9223372036854775807";
  audio.extra.push_back({.key = "modalities", .value = R"(["text","audio"])"});
  audio.extra.push_back({.key = "audio", .value = R"({"voice":"Kore","format":"wav"})"});
  const Written spoken = write(audio, model("gemini-2.5-flash"));
  CHECK(spoken.at({"generationConfig", "seed"}).text == "2147483647");
  CHECK(spoken.at({"generationConfig", "responseModalities", "1"}).text == "AUDIO");
  CHECK(spoken.has({"generationConfig", "speechConfig", "voiceConfig", "prebuiltVoiceConfig"}));
}

TEST_CASE("gemini_request_writer/streamed_arguments_are_never_asked_for_trap_52") {
  const Asked asked(R"({"contents":[{"parts":[{"text":"x"}]}],
    "tools":[{"functionDeclarations":[{"name":"f"}]}],"toolConfig":{"functionCallingConfig":
    {"mode":"AUTO","streamFunctionCallArguments":true}}})");
  REQUIRE(asked.result);
  const Written written = write(asked.request, model("gemini-3-flash", true));
  CHECK(written.text.find("streamFunctionCallArguments") == std::string::npos);
}

TEST_CASE("gemini_request_writer/a_body_that_does_not_fit_is_told") {
  const std::string longer(100'000, 'a');
  const hub::Request request = one_user(longer);
  json::Composer small(1000);
  Losses losses;
  (void)gemini_table().write_request(request, model("gemini-3-flash"), small, losses);
  CHECK_FALSE(small.fits());
}
