#include "composed_request.h"

using namespace penstock;
using namespace test;

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
