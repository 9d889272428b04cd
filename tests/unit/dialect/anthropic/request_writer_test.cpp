#include <algorithm>

#include "exchange.h"

using namespace penstock;
using namespace test;
using hub::CacheTtl;
using hub::Effort;
using hub::Issuer;
using hub::Part;
using hub::PartKind;
using hub::Role;

namespace {

Part text(Bytes words) {
  return {.text = words};
}

hub::Request asking(Bytes words) {
  hub::Request request;
  request.issuer = Issuer::openai;
  request.messages.push_back({.role = Role::user, .parts = {text(words)}});
  return request;
}

hub::Message call(Bytes id, Bytes name, Bytes arguments) {
  return {
      .role = Role::assistant,
      .parts = {
          {.kind = PartKind::tool_call, .id = id, .name = name, .arguments = {arguments, true}}}};
}

hub::Message result(Bytes id, Bytes words) {
  Part part{.kind = PartKind::tool_result, .id = id};
  part.content.push_back(text(words));
  return {.role = Role::tool, .parts = {part}};
}

hub::Tool function(Bytes name) {
  return {.name = name, .schema = R"({"type":"object","properties":{}})"};
}

// The member of a path such as "messages.0.content.1.type", printed: strings plain, a missing one
// as "-", arrays and objects by their sizes.
std::string at(const Written& written, const std::string& path) {
  const Tree root = written.tree();
  const Tree* found = &root;
  std::size_t begin = 0;
  while (begin <= path.size()) {
    const std::size_t end = std::min(path.find('.', begin), path.size());
    const std::string step = path.substr(begin, end - begin);
    if (found->kind == Tree::Kind::array) {
      const std::size_t i = std::stoul(step);
      if (i >= found->items.size()) return "-";
      found = &found->items[i];
    } else {
      found = found->find(step);
      if (found == nullptr) return "-";
    }
    begin = end + 1;
  }
  if (found->kind == Tree::Kind::array || found->kind == Tree::Kind::object)
    return "#" + std::to_string(found->items.size());
  return found->text;
}

bool has(const std::vector<Bytes>& list, Bytes name) {
  return std::ranges::find(list, name) != list.end();
}

}  // namespace

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
  const Written refused = write(request, target("claude-sonnet-5"));
  CHECK_FALSE(refused.ok);
  CHECK(refused.losses.refused == "tools");
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

TEST_CASE("anthropic_request_writer/sampling_trap_15") {
  hub::Request request = asking("x");
  request.temperature = "1.7";
  request.top_p = "0.5";
  request.top_k = 3;
  const Written older = write(request, target("claude-sonnet-4-5"));
  CHECK(at(older, "temperature") == "1");
  CHECK(at(older, "top_p") == "-");
  CHECK(at(older, "top_k") == "3");
  CHECK(has(older.losses.dropped, "top_p"));
  const Written newer = write(request, target("claude-opus-4-8"));
  CHECK(at(newer, "temperature") == "-");
  CHECK(at(newer, "top_k") == "-");
  CHECK(has(newer.losses.dropped, "temperature"));
  const Written foreign = write(request, target("minimax-m3"));
  CHECK(at(foreign, "top_p") == "0.5");
  dialect::TargetTraits strict = target("claude-opus-4-8");
  strict.drop_params = dialect::DropParams::error;
  const Written refused = write(request, strict);
  CHECK_FALSE(refused.ok);
  CHECK(refused.losses.refused == "temperature");
}

TEST_CASE("anthropic_request_writer/sampling_gives_way_to_thinking_trap_84") {
  hub::Request request = asking("x");
  request.reasoning.effort = Effort::low;
  request.temperature = "0.2";
  request.top_k = 3;
  const Written written = write(request, target("claude-sonnet-4-6"));
  CHECK(at(written, "thinking.type") == "adaptive");
  CHECK(at(written, "temperature") == "-");
  CHECK(at(written, "top_k") == "-");
}

TEST_CASE("anthropic_request_writer/thinking_in_the_form_the_model_takes") {
  hub::Request request = asking("x");
  request.reasoning.effort = Effort::xhigh;
  const Written newest = write(request, target("claude-sonnet-5"));
  CHECK(at(newest, "thinking.type") == "adaptive");
  CHECK(at(newest, "output_config.effort") == "xhigh");
  CHECK(at(write(request, target("claude-opus-4-6")), "output_config.effort") == "high");
  const Written budget = write(request, target("claude-sonnet-4-5"));
  CHECK(at(budget, "thinking.type") == "enabled");
  CHECK(at(budget, "output_config") == "-");
  CHECK(at(write(request, target("claude-opus-4-5")), "output_config.effort") == "high");
  const Written none = write(request, target("claude-3-haiku"));
  CHECK(at(none, "thinking") == "-");
  CHECK(has(none.losses.dropped, "reasoning_effort"));

  request.reasoning = {.budget = 6000, .show = true};
  CHECK(at(write(request, target("claude-opus-4-6")), "thinking.budget_tokens") == "6000");
  const Written adaptive = write(request, target("claude-opus-4-7"));
  CHECK(at(adaptive, "thinking.type") == "adaptive");
  CHECK(at(adaptive, "thinking.display") == "summarized");
  CHECK(at(adaptive, "output_config.effort") == "medium");
}

TEST_CASE("anthropic_request_writer/a_budget_stays_below_the_limit") {
  hub::Request request = asking("x");
  request.reasoning.effort = Effort::low;
  request.max_output_tokens = 500;
  const Written raised = write(request, target("claude-sonnet-4-5"));
  CHECK(at(raised, "max_tokens") == "2548");
  CHECK(at(raised, "thinking.budget_tokens") == "2048");
}

TEST_CASE("anthropic_request_writer/thinking_off_is_said_trap_16") {
  hub::Request request = asking("x");
  request.reasoning = {.effort = Effort::none};
  CHECK(at(write(request, target("claude-sonnet-5")), "thinking.type") == "disabled");
  request.reasoning = {.effort = Effort::max, .budget = 0};
  const Written off = write(request, target("claude-opus-5"));
  CHECK(at(off, "thinking.type") == "disabled");
  CHECK(at(off, "output_config.effort") == "high");
}

TEST_CASE("anthropic_request_writer/zero_is_a_value_trap_133") {
  hub::Request request = asking("x");
  request.reasoning.budget = 0;
  request.temperature = "0";
  request.max_output_tokens = 0;
  request.top_k = 0;
  const Written written = write(request, target("claude-sonnet-4-5"));
  CHECK(at(written, "thinking.type") == "disabled");
  CHECK(at(written, "temperature") == "0");
  CHECK(at(written, "max_tokens") == "0");
  CHECK(at(written, "top_k") == "0");
}

TEST_CASE("anthropic_request_writer/budget_models_think_only_where_they_may") {
  hub::Request request = asking("x");
  request.reasoning.effort = Effort::high;
  request.tools.push_back(function("f"));
  request.tool_choice.mode = hub::ToolChoice::Mode::required;
  const Written forced = write(request, target("claude-sonnet-4-5"));
  CHECK(at(forced, "thinking.type") == "disabled");
  CHECK(at(forced, "tool_choice.type") == "any");
  CHECK(has(forced.losses.dropped, "reasoning_effort"));
  request.tool_choice = {};
  request.messages.push_back(call("c", "f", "{}"));
  request.messages.push_back(result("c", "y"));
  CHECK(at(write(request, target("claude-sonnet-4-5")), "thinking.type") == "disabled");
  CHECK(at(write(request, target("claude-sonnet-5")), "thinking.type") == "adaptive");
  Part thought{.kind = PartKind::thinking, .issuer = Issuer::anthropic, .signature = "s"};
  auto& said = request.messages[1].parts;
  said.insert(said.begin(), thought);
  CHECK(at(write(request, target("claude-sonnet-4-5")), "thinking.type") == "enabled");
}

TEST_CASE("anthropic_request_writer/structured_answers_trap_78") {
  hub::Request request = asking("x");
  request.format = {.kind = hub::ResponseFormat::Kind::json_schema,
                    .name = "dog",
                    .schema =
                        R"({"type":"object","properties":{"age":{"type":"integer","maximum":30},)"
                        R"("tags":{"type":"array","items":{"type":"object","properties":{}}}}})"};
  const Written native = write(request, target("claude-sonnet-5"));
  CHECK(at(native, "output_config.format.type") == "json_schema");
  CHECK(at(native, "output_config.format.schema.additionalProperties") == "false");
  CHECK(at(native, "output_config.format.schema.properties.age.maximum") == "-");
  CHECK(at(native, "output_config.format.schema.properties.tags.items.additionalProperties") ==
        "false");
  const Written forced = write(request, target("claude-sonnet-4-0"));
  CHECK(at(forced, "output_config") == "-");
  CHECK(at(forced, "tools.0.name") == "penstock_json_output");
  CHECK(at(forced, "tool_choice.type") == "tool");
  CHECK(at(forced, "tool_choice.disable_parallel_tool_use") == "true");
  CHECK(has(forced.losses.emulated, "response_format"));
  request.format = {.kind = hub::ResponseFormat::Kind::json_object};
  CHECK(at(write(request, target("claude-sonnet-5")), "system") == "#1");
}

TEST_CASE("anthropic_request_writer/at_most_four_marks_and_long_ones_first") {
  hub::Request request;
  request.issuer = Issuer::openai;
  Part marked = text("a");
  marked.cache = CacheTtl::standard;
  request.messages.push_back({.role = Role::system, .parts = {marked, marked}});
  Part hour = text("b");
  hour.cache = CacheTtl::hour1;
  request.messages.push_back({.role = Role::user, .parts = {marked, marked, hour}});
  const Written written = write(request, target("claude-sonnet-5"));
  CHECK(at(written, "system.0.cache_control") == "-");
  CHECK(at(written, "system.1.cache_control.type") == "ephemeral");
  CHECK(at(written, "messages.0.content.2.cache_control.ttl") == "5m");
  request.messages[0].parts = {hour};
  request.messages[1].parts = {marked};
  const Written ordered = write(request, target("claude-sonnet-5"));
  CHECK(at(ordered, "system.0.cache_control.ttl") == "1h");
  CHECK(at(ordered, "messages.0.content.0.cache_control.ttl") == "-");
}

TEST_CASE("anthropic_request_writer/marks_are_kept_behind_an_arn_trap_39") {
  hub::Request request = asking("x");
  request.messages[0].parts[0].cache = CacheTtl::standard;
  dialect::TargetTraits to{.model = "arn:aws:bedrock:eu:1:application-inference-profile/abc"};
  to.base_model = "anthropic.claude-sonnet-4-5-20250929-v1:0";
  to.in_bedrock_invoke = true;
  const Written written = write(request, to);
  CHECK(at(written, "messages.0.content.0.cache_control.type") == "ephemeral");
  CHECK(at(written, "max_tokens") == "64000");
}

TEST_CASE("anthropic_request_writer/automatic_marks_on_the_stable_prefix") {
  hub::Request request = asking("One");
  request.messages.insert(request.messages.begin(), {.role = Role::system, .parts = {text("S")}});
  request.tools = {function("f"), function("g")};
  dialect::TargetTraits to = target("claude-sonnet-5");
  to.prompt_cache = dialect::PromptCache::automatic;
  const Written first = write(request, to);
  CHECK(at(first, "tools.0.cache_control") == "-");
  CHECK(at(first, "tools.1.cache_control.type") == "ephemeral");
  CHECK(at(first, "system.0.cache_control.type") == "ephemeral");
  CHECK(at(first, "messages.0.content.0.cache_control") == "-");
  request.messages.push_back({.role = Role::assistant, .parts = {text("Two")}});
  request.messages.push_back({.role = Role::user, .parts = {text("Three")}});
  const Written later = write(request, to);
  CHECK(at(later, "messages.0.content.0.cache_control.type") == "ephemeral");
  CHECK(at(later, "messages.2.content.0.cache_control.type") == "ephemeral");
  request.messages[1].parts[0].cache = CacheTtl::standard;  // the client's own marks alone
  const Written own = write(request, to);
  CHECK(at(own, "system.0.cache_control") == "-");
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
  request.extra.push_back(
      {"web_search_options",
       R"({"user_location":{"type":"approximate","approximate":{"city":"Oslo","region":"","country":null}}})"});
  const Written written = write(request, target("claude-sonnet-4-5"));
  CHECK(at(written, "tools.0.type") == "web_search_20250305");
  CHECK(at(written, "tools.0.user_location") == "#2");
  CHECK(at(written, "tools.0.user_location.city") == "Oslo");
  CHECK(has(written.losses.emulated, "web_search_options"));
}

TEST_CASE("anthropic_request_writer/what_is_lost_is_named") {
  hub::Request request = asking("x");
  request.n = 2;
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
  CHECK(written.losses.dropped == std::vector<Bytes>{"service_tier", "n", "seed",
                                                     "presence_penalty", "logit_bias", "logprobs",
                                                     "verbosity", "prediction"});
  CHECK(at(written, "metadata.user_id") == "me");
  request.previous_response = "resp_1";
  CHECK(write(request, target("claude-sonnet-5")).losses.refused == "previous_response_id");
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
