#include "composed_request.h"
#include "dialect/web_search.h"

using namespace penstock;
using namespace test;

TEST_CASE("anthropic_request_writer/system_stays_in_parts_and_limits_are_the_models") {
  hub::Request request = asking("Hi");
  request.messages.insert(request.messages.begin(),
                          {.role = Role::system, .parts = {text("One"), text("Two")}});
  request.messages.insert(request.messages.begin() + 1,
                          {.role = Role::developer, .parts = {text("Three")}});
  const Written written = write(request, target("claude-sonnet-4-5"));
  REQUIRE(written.ok);
  CHECK(
      written.body ==
      R"({"model":"claude-sonnet-4-5","max_tokens":64000,"system":[{"type":"text","text":"One"},)"
      R"({"type":"text","text":"Two"},{"type":"text","text":"Three"}],"messages":[{"role":"user",)"
      R"("content":[{"type":"text","text":"Hi"}]}]})");
}

TEST_CASE("anthropic_request_writer/limit_is_per_model_trap_26") {
  const auto limit = [](Bytes model) {
    return at(write(asking("x"), target(model)), "max_tokens");
  };
  CHECK(limit("claude-3-haiku-20240307") == "4096");
  CHECK(limit("claude-opus-4-1") == "32000");
  CHECK(limit("us.anthropic.claude-haiku-4-5-20251001-v1:0") == "64000");
  CHECK(limit("claude-opus-5-5") == "128000");
  CHECK(limit("claude-something-9") == "128000");
  dialect::TargetTraits configured = target("claude-opus-5");
  configured.max_output_default = 5000;
  CHECK(at(write(asking("x"), configured), "max_tokens") == "5000");
}

TEST_CASE("anthropic_request_writer/results_come_first_in_one_turn_trap_12") {
  hub::Request request = asking("Weather?");
  request.messages.push_back(call("call_1", "get", R"({\"at\":\"Oslo\"})"));
  request.messages.back().parts.push_back(call("functions.get:1", "get", "").parts[0]);
  request.messages.push_back({.role = Role::user, .parts = {text("Hurry.")}});
  request.messages.push_back(result("call_1", "7 C"));
  request.messages.push_back(result("functions.get:1", ""));
  request.tools.push_back(function("get"));
  const Written written = write(request, target("claude-sonnet-5"));
  REQUIRE(written.ok);
  CHECK(at(written, "messages") == "#3");
  CHECK(at(written, "messages.1.content.0.input.at") == "Oslo");
  CHECK(at(written, "messages.1.content.1.input") == "#0");
  CHECK(at(written, "messages.2.content") == "#3");
  CHECK(at(written, "messages.2.content.0.type") == "tool_result");
  CHECK(at(written, "messages.2.content.0.content") == "7 C");
  CHECK(at(written, "messages.2.content.1.content") == "-");
  CHECK(at(written, "messages.2.content.2.text") == "Hurry.");
  const std::string id = at(written, "messages.1.content.1.id");
  CHECK(id.find_first_of(".:") == std::string::npos);
  CHECK(at(written, "messages.2.content.1.tool_use_id") == id);
}

TEST_CASE("anthropic_request_writer/arguments_that_are_no_json_are_wrapped_trap_21") {
  hub::Request request = asking("x");
  request.messages.push_back(call("c", "f", R"({\"at\":)"));
  request.messages.push_back(result("c", "y"));
  const Written written = write(request, target("claude-sonnet-5"));
  CHECK(at(written, "messages.1.content.0.input._raw") == "{\"at\":");
}

TEST_CASE("anthropic_request_writer/every_form_of_tool_trap_23") {
  hub::Request request = asking("x");
  hub::Tool bare{.strict = true, .name = "bare"};
  hub::Tool union_schema{.name = "either",
                         .schema = R"({"anyOf":[{"type":"object"}],"title":"T"})"};
  hub::Tool strict{
      .strict = true,
      .name = "closed",
      .schema = R"({"type":"object","properties":{"n":{"type":"integer","minimum":1}}})"};
  request.tools = {function("plain"), bare, union_schema, strict};
  const Written written = write(request, target("claude-sonnet-5"));
  REQUIRE(written.ok);
  CHECK(at(written, "tools.0.name") == "plain");
  CHECK(at(written, "tools.0.description") == "-");
  CHECK(at(written, "tools.1.input_schema.type") == "object");
  CHECK(at(written, "tools.2.input_schema.type") == "object");
  CHECK(at(written, "tools.2.input_schema.anyOf") == "-");
  CHECK(at(written, "tools.2.input_schema.title") == "T");
  CHECK(at(written, "tools.3.input_schema.additionalProperties") == "false");
  CHECK(at(written, "tools.3.input_schema.properties.n.minimum") == "-");
  CHECK(at(written, "tools.3.strict") == "true");
  CHECK(has(written.losses.emulated, "tools"));
  CHECK(at(written, "tool_choice") == "-");
  CHECK(at(write(request, target("claude-sonnet-4-0")), "tools.3.strict") == "-");

  request.tools = {{.kind = hub::ToolKind::custom, .name = "free"}};
  request.messages.push_back(call("c", "free", R"(ls \"x\")"));
  request.messages.back().parts[0].custom = true;
  const Written custom = write(request, target("claude-sonnet-5"));
  CHECK(at(custom, "tools.0.input_schema.required.0") == "input");
  CHECK(at(custom, "messages.1.content.0.input.input") == "ls \"x\"");
  CHECK(has(custom.losses.emulated, "tools"));
}

TEST_CASE("anthropic_request_writer/choice_of_tools_trap_20") {
  hub::Request request = asking("x");
  request.tools = {function("f"), function("g")};
  using Mode = hub::ToolChoice::Mode;
  const auto choice = [&](Mode mode) {
    request.tool_choice.mode = mode;
    return at(write(request, target("claude-sonnet-5")), "tool_choice.type");
  };
  request.tool_choice.name = "g";
  CHECK(choice(Mode::unset) == "-");
  CHECK(choice(Mode::none) == "none");
  CHECK(choice(Mode::automatic) == "auto");
  CHECK(choice(Mode::required) == "any");
  CHECK(choice(Mode::named) == "tool");
  CHECK(at(write(request, target("claude-sonnet-5")), "tool_choice.name") == "g");
  request.tool_choice = {.mode = Mode::allowed, .required = true, .names = {"g"}};
  const Written allowed = write(request, target("claude-sonnet-5"));
  CHECK(at(allowed, "tools") == "#1");
  CHECK(at(allowed, "tool_choice.type") == "any");
  request.tool_choice = {};
  request.parallel_tool_calls = false;
  const Written one = write(request, target("claude-sonnet-5"));
  CHECK(at(one, "tool_choice.type") == "auto");
  CHECK(at(one, "tool_choice.disable_parallel_tool_use") == "true");
}

TEST_CASE("anthropic_request_writer/history_with_calls_but_no_tools_trap_70") {
  hub::Request request = asking("x");
  request.messages.push_back(call("c", "f", "{}"));
  request.messages.push_back(result("c", "y"));
  const Written written = write(request, target("claude-sonnet-5"));
  CHECK(at(written, "tools.0.name") == "f");
  CHECK(at(written, "tool_choice.type") == "none");
  CHECK(has(written.losses.emulated, "tools"));
}

TEST_CASE("anthropic_request_writer/late_system_text_keeps_its_place_trap_28") {
  hub::Request request = asking("First");
  request.messages.push_back({.role = Role::assistant, .parts = {text("Yes")}});
  request.messages.push_back({.role = Role::system, .parts = {text("Now French")}});
  request.messages.push_back({.role = Role::user, .parts = {text("Second")}});
  const Written merged = write(request, target("claude-sonnet-4-5"));
  CHECK(at(merged, "system") == "-");
  CHECK(at(merged, "messages.2.role") == "user");
  CHECK(at(merged, "messages.2.content.0.text") == "Now French");
  CHECK(at(merged, "messages.2.content.1.text") == "Second");
  CHECK(has(merged.losses.emulated, "messages"));
  const Written own = write(request, target("claude-opus-4-8"));
  CHECK(at(own, "messages.2.role") == "system");
  CHECK(at(own, "messages.3.content.0.text") == "Second");
}

TEST_CASE("anthropic_request_writer/first_and_last_turns_are_the_users") {
  hub::Request request = asking("Say a word");
  request.messages.push_back({.role = Role::assistant, .parts = {text("The word is \\n ")}});
  const Written begun = write(request, target("claude-sonnet-4-5"));
  CHECK(at(begun, "messages") == "#2");
  CHECK(at(begun, "messages.1.content.0.text") == "The word is");
  const Written asked = write(request, target("claude-opus-4-6"));
  CHECK(at(asked, "messages.2.role") == "user");
  CHECK(has(asked.losses.emulated, "messages"));
  request.messages.erase(request.messages.begin());
  CHECK(at(write(request, target("claude-sonnet-4-5")), "messages.0.role") == "user");
  request.messages.clear();
  request.messages.push_back({.role = Role::system, .parts = {text("Only this")}});
  CHECK(at(write(request, target("claude-sonnet-4-5")), "messages.0.role") == "user");
}

TEST_CASE("anthropic_request_writer/empty_text_goes_but_not_between_signed_thinking_trap_69") {
  hub::Request request = asking("x");
  request.messages[0].parts.push_back(text("  \\n"));
  const Part thought{
      .kind = PartKind::thinking, .issuer = Issuer::anthropic, .text = "Hm", .signature = "sig"};
  request.messages.push_back(
      {.role = Role::assistant, .parts = {text(""), thought, text(""), thought, text("Done")}});
  request.messages.push_back({.role = Role::user, .parts = {text("y")}});
  const Written written = write(request, target("claude-sonnet-5"));
  CHECK(at(written, "messages.0.content") == "#1");
  CHECK(at(written, "messages.1.content") == "#4");
  CHECK(at(written, "messages.1.content.0.signature") == "sig");
  CHECK(at(written, "messages.1.content.1.text") == "");
}

TEST_CASE("anthropic_request_writer/thinking_goes_back_to_its_issuer_only_trap_13") {
  hub::Request request = asking("x");
  Part own{.kind = PartKind::thinking, .issuer = Issuer::anthropic, .text = "A", .signature = "sa"};
  Part redacted{
      .kind = PartKind::redacted_thinking, .issuer = Issuer::anthropic, .signature = "data"};
  Part other{.kind = PartKind::thinking, .issuer = Issuer::gemini, .text = "B", .signature = "sb"};
  Part unsigned_text{.kind = PartKind::thinking, .text = "C"};
  request.messages.push_back(
      {.role = Role::assistant, .parts = {own, redacted, other, unsigned_text, text("T")}});
  request.messages.push_back({.role = Role::user, .parts = {text("y")}});
  const Written written = write(request, target("claude-sonnet-5"));
  CHECK(at(written, "messages.1.content") == "#3");
  CHECK(at(written, "messages.1.content.0.signature") == "sa");
  CHECK(at(written, "messages.1.content.1.data") == "data");
  CHECK(at(written, "messages.1.content.2.text") == "T");
  CHECK(has(written.losses.dropped, "reasoning"));
}

TEST_CASE("anthropic_request_writer/replayed_blocks_keep_their_bytes_trap_14") {
  const ReadRequest read(
      R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[ {"signature":"s\/1","type":"thinking" ,"thinking":"A\u00e9"},{"type":"tool_use","caller":{"type":"direct"},"id":"t1","name":"f","input":{ "b":1, "a":2}},{"type":"web_search_tool_result","tool_use_id":"srv","content":[]}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"ok"}]}],"tools":[{"name":"f","input_schema":{"type":"object"}}]})");
  REQUIRE(read.ok);
  dialect::TargetTraits to = target("anthropic.claude-sonnet-5");
  to.in_bedrock_invoke = true;
  const Written written = write(read.request, to);
  REQUIRE(written.ok);
  for (
      const Bytes block :
      {Bytes(R"({"signature":"s\/1","type":"thinking" ,"thinking":"A\u00e9"})"),
       Bytes(
           R"({"type":"tool_use","caller":{"type":"direct"},"id":"t1","name":"f","input":{ "b":1, "a":2}})"),
       Bytes(R"({"type":"web_search_tool_result","tool_use_id":"srv","content":[]})")})
    CHECK(written.body.find(block) != std::string::npos);
}

TEST_CASE("anthropic_request_writer/server_tool_results_keep_their_order_trap_25") {
  const ReadRequest read(
      R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[
      {"type":"server_tool_use","id":"s1","name":"web_search","input":{}},{"type":"tool_use","id":"t1","name":"f","input":{}},
      {"type":"web_search_tool_result","tool_use_id":"s1","content":[]},{"type":"text","text":"T"},{"type":"tool_use","id":"t2","name":"f","input":{}}]},
      {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1"},{"type":"tool_result","tool_use_id":"t2"}]}]})");
  REQUIRE(read.ok);
  const Written written = write(read.request, target("claude-sonnet-5"));
  std::string order;
  for (int i = 0; i < 5; ++i)
    order += at(written, "messages.1.content." + std::to_string(i) + ".type") + " ";
  CHECK(order == "server_tool_use tool_use web_search_tool_result text tool_use ");
}

TEST_CASE("anthropic_request_writer/a_paused_turn_goes_back_as_it_is") {
  const ReadRequest read(
      R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[
      {"type":"server_tool_use","id":"s1","name":"web_search","input":{}}]}]})");
  CHECK(at(write(read.request, target("claude-opus-5")), "messages") == "#2");
}

TEST_CASE("anthropic_request_writer/media") {
  hub::Request request = asking("x");
  const auto with = [&](PartKind kind, hub::Media media) {
    Part part{.kind = kind};
    part.media = media;
    request.messages[0].parts = {part};
    return write(request, target("claude-sonnet-5"));
  };
  using hub::Source;
  const Written sniffed = with(PartKind::image, {Source::base64, "image/png", "/9j/4AAQ"});
  CHECK(at(sniffed, "messages.0.content.0.source.media_type") == "image/jpeg");
  CHECK_FALSE(with(PartKind::image, {Source::base64, "image/tiff", "SUkq"}).ok);
  CHECK(at(with(PartKind::image, {Source::url, "", "https://x.example/a.png"}),
           "messages.0.content.0.source.url") == "https://x.example/a.png");
  const Written pdf =
      with(PartKind::file, {Source::base64, "application/pdf", "JVBERi0x", "a.pdf"});
  CHECK(at(pdf, "messages.0.content.0.type") == "document");
  CHECK(at(pdf, "messages.0.content.0.title") == "a.pdf");
  const Written plain = with(PartKind::file, {Source::base64, "text/plain", "aMOpbGxv"});
  CHECK(at(plain, "messages.0.content.0.source.data") == "h\xC3\xA9llo");
  CHECK_FALSE(with(PartKind::file, {Source::base64, "application/zip", "UEsD"}).ok);
  CHECK_FALSE(with(PartKind::file, {Source::id, "", "file-openai"}).ok);
  const Written audio = with(PartKind::audio, {Source::base64, "audio/wav", "UklG"});
  CHECK_FALSE(audio.ok);
  CHECK(audio.losses.refused == "messages");
  Part image{.kind = PartKind::image};
  image.media = {Source::url, "", "https://x.example/a.png"};
  request.messages[0].parts = {image};
  dialect::TargetTraits bedrock = target("claude-sonnet-5");
  bedrock.in_bedrock_invoke = true;
  CHECK_FALSE(write(request, bedrock).ok);
}

TEST_CASE("anthropic_request_writer/bodies_of_other_platforms") {
  hub::Request request = asking("x");
  request.stream = true;
  dialect::TargetTraits to = target("claude-sonnet-4-5@20250929");
  to.on_vertex = true;
  const Written vertex = write(request, to);
  CHECK(at(vertex, "anthropic_version") == "vertex-2023-10-16");
  CHECK(at(vertex, "model") == "-");
  CHECK(at(vertex, "stream") == "true");
  to = target("anthropic.claude-sonnet-4-5-v1:0");
  to.in_bedrock_invoke = true;
  const Written bedrock = write(request, to);
  CHECK(at(bedrock, "anthropic_version") == "bedrock-2023-05-31");
  CHECK(at(bedrock, "model") == "-");
  CHECK(at(bedrock, "stream") == "-");
}

TEST_CASE("anthropic_request_writer/search_gets_whole_keys_only_trap_24") {
  hub::Request request = asking("x");
  json::Document document;
  const auto options = document.read(
      R"({"user_location":{"type":"approximate","approximate":{"city":"Oslo","region":"","country":null}}})",
      json::Judge::request);
  REQUIRE(options.has_value());
  request.web_search = dialect::read_web_search(*options);
  const Written written = write(request, target("claude-sonnet-4-5"));
  CHECK(at(written, "tools.0.type") == "web_search_20250305");
  CHECK(at(written, "tools.0.user_location") == "#2");
  CHECK(at(written, "tools.0.user_location.city") == "Oslo");
  CHECK(has(written.losses.emulated, "web_search_options"));
}

TEST_CASE("anthropic_request_writer/what_is_lost_is_named") {
  hub::Request request = asking("x");
  request.seed = "7";
  request.presence_penalty = "0.5";
  request.frequency_penalty = "0.0";
  request.logit_bias = R"({"1":2})";
  request.logprobs = true;
  request.verbosity = "low";
  request.user = "me";
  request.service_tier = "flex";
  request.extra.push_back({"prediction", "{}"});
  const Written written = write(request, target("claude-sonnet-5"));
  REQUIRE(written.ok);
  CHECK(written.losses.dropped == std::vector<Bytes>{"service_tier", "seed", "presence_penalty",
                                                     "logit_bias", "logprobs", "verbosity",
                                                     "prediction"});
  CHECK(at(written, "metadata.user_id") == "me");
  request.previous_response = "resp_1";
  CHECK(write(request, target("claude-sonnet-5")).losses.refused == "previous_response_id");
  request.previous_response = {};
  request.stateful = "conversation";
  CHECK(write(request, target("claude-sonnet-5")).losses.refused == "conversation");
}

TEST_CASE("anthropic_request_writer/unknown_members_of_its_own_clients_pass") {
  const ReadRequest read(
      R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}],"anthropic_beta":["b"],"anthropic_version":"v",
      "context_management":{"edits":[]},"thinking":{"type":"between_tools"},"output_config":{"effort":"low","task_budget":{"total":1}}})");
  REQUIRE(read.ok);
  const Written plain = write(read.request, target("claude-opus-5"));
  CHECK(at(plain, "context_management") == "#1");
  CHECK(at(plain, "thinking.type") == "between_tools");
  CHECK(at(plain, "output_config.task_budget.total") == "1");
  CHECK(at(plain, "output_config.effort") == "low");
  CHECK(at(plain, "anthropic_beta") == "-");
  CHECK(at(plain, "anthropic_version") == "-");
  dialect::TargetTraits bedrock = target("claude-opus-5");
  bedrock.in_bedrock_invoke = true;
  const Written invoke = write(read.request, bedrock);
  CHECK(at(invoke, "anthropic_beta") == "#1");
  CHECK(at(invoke, "anthropic_version") == "bedrock-2023-05-31");
}

// What goes on holds only the newest messages: a target without the others must not answer.
TEST_CASE("anthropic_request_writer/threads_are_for_anthropic_itself") {
  const auto asked = [](const std::string& thread) {
    return R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}],"thread":)" +
           thread + "}";
  };
  const ReadRequest begins(asked(R"({"type":"create"})"));
  const ReadRequest goes_on(asked(R"({"type":"continue","previous_message_id":"msg_1"})"));
  REQUIRE((begins.ok && goes_on.ok));
  CHECK(begins.request.stateful.empty());
  CHECK(goes_on.request.stateful == "thread");
  CHECK(at(write(begins.request, target("claude-opus-5")), "thread.type") == "create");
  CHECK(at(write(goes_on.request, target("claude-opus-5")), "thread.previous_message_id") ==
        "msg_1");
  dialect::TargetTraits bedrock = target("claude-opus-5");
  bedrock.in_bedrock_invoke = true;
  dialect::TargetTraits vertex = target("claude-opus-5");
  vertex.on_vertex = true;
  for (const auto& other : {bedrock, vertex}) {
    const Written first = write(begins.request, other);
    CHECK(at(first, "thread") == "-");
    CHECK(first.losses.dropped == std::vector<Bytes>{"thread"});
    CHECK(write(goes_on.request, other).losses.refused == "thread");
  }
}

TEST_CASE("anthropic_request_writer/its_server_tools_pass_from_other_dialects_trap_40") {
  hub::Request request = asking("x");
  const Bytes raw = R"({"type":"tool_search_tool_regex_20251119","name":"tool_search_tool_regex"})";
  request.tools = {{.kind = hub::ToolKind::server, .raw = raw, .issuer = Issuer::openai}};
  const Written written = write(request, target("claude-sonnet-5"));
  REQUIRE(written.ok);
  CHECK(at(written, "tools.0.type") == "tool_search_tool_regex_20251119");
  request.tools[0].raw = R"({"type":"web_search_preview"})";
  request.tools[0].web_search = true;
  request.web_search = hub::WebSearch{.city = "Oslo"};
  CHECK(at(write(request, target("claude-sonnet-5")), "tools.0.user_location.city") == "Oslo");
  request.tools[0].raw = R"({"type":"file_search","vector_store_ids":[]})";
  request.tools[0].web_search = false;
  CHECK(write(request, target("claude-sonnet-5")).losses.refused == "tools");
}

TEST_CASE("anthropic_request_writer/tools_keep_their_order_trap_122") {
  hub::Request request = asking("x");
  request.tools = {function("z"), function("a"), function("m")};
  const Written written = write(request, target("claude-sonnet-5"));
  CHECK(at(written, "tools.0.name") + at(written, "tools.1.name") + at(written, "tools.2.name") ==
        "zam");
}

TEST_CASE("anthropic_request_writer/reasoning_nobody_signed_is_not_sent_trap_77") {
  hub::Request request = asking("x");
  request.messages.push_back(
      {.role = Role::assistant, .parts = {{.kind = PartKind::thinking, .text = "Hm"}, text("T")}});
  request.messages.push_back({.role = Role::user, .parts = {text("y")}});
  const Written written = write(request, target("claude-sonnet-5"));
  CHECK(at(written, "messages.1.content") == "#1");
}
