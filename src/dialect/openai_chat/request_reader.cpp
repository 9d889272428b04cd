// The body of POST /chat/completions.
#include "dialect/openai_chat/chat.h"
#include "dialect/openai_chat/request_reading.h"
#include "dialect/openai_chat/words.h"

namespace penstock::dialect::openai_chat {
namespace {

using hub::Effort;

constexpr std::int64_t any_number = std::int64_t{1} << 53;

// Extensions that some servers and clients have for `reasoning_effort`.
Result<> read_reasoning_member(json::View value, const Path& path, Judge& judge) {
  PENSTOCK_CHECK(judge.object(value, path));
  hub::Reasoning& out = judge.request().reasoning;
  if (const json::View effort = value["effort"]) {
    out.effort = effort_of(effort);
    if (out.effort == Effort::unset)
      return judge.invalid(path.member("effort"), "Invalid value: not a known level of effort.");
  }
  PENSTOCK_TRY(budget,
               judge.integer(value["max_tokens"], 0, any_number, path.member("max_tokens")));
  if (budget) out.budget = budget;
  PENSTOCK_TRY(exclude, judge.flag(value["exclude"], path.member("exclude")));
  if (exclude) out.show = !*exclude;
  if (value["enabled"].is_false()) out.effort = Effort::none;
  if (value["enabled"].is_true() && out.effort == Effort::unset && !out.budget) out.adaptive = true;
  return {};
}

// Anthropic's form, as clients of LiteLLM and of DeepSeek send it.
Result<> read_thinking_member(json::View value, const Path& path, Judge& judge) {
  PENSTOCK_CHECK(judge.object(value, path));
  hub::Reasoning& out = judge.request().reasoning;
  PENSTOCK_TRY(budget,
               judge.integer(value["budget_tokens"], 0, any_number, path.member("budget_tokens")));
  const json::View type = value["type"];
  if (type.is("disabled")) {
    out.effort = Effort::none;
    out.budget = 0;
  } else if (type.is("enabled") || type.is("adaptive")) {
    out.budget = budget;
    out.adaptive = !budget;
  } else {
    return judge.invalid(path.member("type"), "Invalid value: expected enabled or disabled.");
  }
  return {};
}

Result<bool> read_reasoning_controls(json::View value, const Path& root, Judge& judge) {
  hub::Request& out = judge.request();
  if (value.key_is("reasoning_effort")) {
    out.reasoning.effort = effort_of(value);
    if (out.reasoning.effort == Effort::unset)
      return judge.invalid(
          root.member("reasoning_effort"),
          "Invalid value: expected none, minimal, low, medium, high, xhigh or max.");
  } else if (value.key_is("reasoning")) {
    PENSTOCK_CHECK(read_reasoning_member(value, root.member("reasoning"), judge));
  } else if (value.key_is("thinking")) {
    PENSTOCK_CHECK(read_thinking_member(value, root.member("thinking"), judge));
  } else if (value.key_is("verbosity")) {
    if (!value.is("low") && !value.is("medium") && !value.is("high"))
      return judge.invalid(root.member("verbosity"),
                           "Invalid value: expected low, medium or high.");
    out.verbosity = value.text();
  } else {
    return false;
  }
  return true;
}

Result<bool> read_tool_members(json::View value, const Path& root, Judge& judge) {
  hub::Request& out = judge.request();
  if (value.key_is("tools")) {
    PENSTOCK_CHECK(read_tools(value, root.member("tools"), judge));
  } else if (value.key_is("functions")) {
    PENSTOCK_CHECK(read_functions(value, root.member("functions"), judge));
  } else if (value.key_is("tool_choice")) {
    PENSTOCK_CHECK(read_tool_choice(value, root.member("tool_choice"), judge));
  } else if (value.key_is("function_call")) {
    PENSTOCK_CHECK(read_function_choice(value, root.member("function_call"), judge));
  } else if (value.key_is("parallel_tool_calls")) {
    PENSTOCK_TRY(parallel, judge.flag(value, root.member("parallel_tool_calls")));
    out.parallel_tool_calls = parallel;
  } else {
    return false;
  }
  return true;
}

Result<bool> read_prompt_members(json::View value, const Path& root, Judge& judge) {
  hub::Request& out = judge.request();
  if (value.key_is("messages")) {
    PENSTOCK_CHECK(read_messages(value, root.member("messages"), judge));
  } else if (value.key_is("response_format")) {
    PENSTOCK_CHECK(read_response_format(value, root.member("response_format"), judge));
  } else if (value.key_is("logprobs")) {
    PENSTOCK_TRY(wanted, judge.flag(value, root.member("logprobs")));
    out.logprobs = wanted;
  } else if (value.key_is("top_logprobs")) {
    PENSTOCK_TRY(top, judge.integer(value, 0, 20, root.member("top_logprobs")));
    out.top_logprobs = top;
  } else if (value.key_is("max_completion_tokens")) {
    PENSTOCK_TRY(most, judge.integer(value, 1, any_number, root.member("max_completion_tokens")));
    out.max_output_tokens = most;
  } else if (value.key_is("cache_control")) {
    out.cache = hub::CacheTtl::standard;
    if (value["ttl"].is("5m")) out.cache = hub::CacheTtl::minutes5;
    if (value["ttl"].is("1h")) out.cache = hub::CacheTtl::hour1;
  } else if (value.key_is("prompt_cache_key")) {
    PENSTOCK_TRY(key, judge.text(value, root.member("prompt_cache_key")));
    out.prompt_cache_key = key;
  } else if (value.key_is("store")) {
    PENSTOCK_TRY(store, judge.flag(value, root.member("store")));
    out.store = store;
  } else {
    return false;
  }
  return true;
}

}  // namespace

Result<> read_request(json::View body, hub::Request& out, RequestIssue& issue) {
  Judge judge(out, issue);
  const Path root;
  if (!body.is_object()) return judge.invalid(root, "The body must be a JSON object.");
  out.issuer = hub::Issuer::openai;
  PENSTOCK_TRY(model, judge.demand_text(body["model"], root.member("model")));
  out.model = model;
  if (!body["messages"]) return judge.missing(root.member("messages"));
  for (const json::View value : body) {
    if (!value || value.key_is("model")) continue;
    PENSTOCK_TRY(in_prompt, read_prompt_members(value, root, judge));
    if (in_prompt) continue;
    // The newer name wins, wherever it stands.
    if (value.key_is("max_tokens") && body["max_completion_tokens"]) continue;
    PENSTOCK_TRY(in_sampling, read_sampling(value, root, judge));
    if (in_sampling) continue;
    PENSTOCK_TRY(in_tools, read_tool_members(value, root, judge));
    if (in_tools) continue;
    PENSTOCK_TRY(in_delivery, read_delivery(value, root, judge));
    if (in_delivery) continue;
    PENSTOCK_TRY(in_reasoning, read_reasoning_controls(value, root, judge));
    if (in_reasoning) continue;
    PENSTOCK_TRY(in_media, read_answer_media(value, root, judge));
    if (in_media) continue;
    // The newer name of `user`.
    if (value.key_is("safety_identifier") && !body["user"] && value.is_string())
      out.user = value.text();
    else
      PENSTOCK_CHECK(read_extra(value, judge));
  }
  return check_tool_choice(root.member("tool_choice"), judge);
}

}  // namespace penstock::dialect::openai_chat
