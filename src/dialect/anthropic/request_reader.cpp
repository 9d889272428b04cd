#include "dialect/anthropic/request_reader.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "dialect/anthropic/block_reader.h"
#include "dialect/anthropic/issue.h"
#include "dialect/anthropic/tool_reader.h"
#include "dialect/anthropic/words.h"

namespace penstock::dialect::anthropic {
namespace {

using hub::Message;
using hub::Part;
using hub::PartKind;
using hub::Role;

constexpr Bytes not_a_dictionary = "Input should be a valid dictionary";
constexpr std::int64_t budget_least = 1024;

class RequestReader {
 public:
  RequestReader(hub::Request& out, RequestIssue& issue)
      : out_(out), judge_(out, issue), blocks_(judge_) {}

  Result<> read(json::View body, Demands demands);

 private:
  Result<bool> prompt(json::View value);
  Result<bool> sampling(json::View value);
  Result<bool> control(json::View value);
  Result<> read_system(json::View value);
  Result<> messages(json::View value);
  Result<> message(json::View value, const Path& path);
  void split_results(Message& message);
  Result<> stop(json::View value);
  Result<> thinking(json::View value);
  Result<> output_config(json::View value);
  Result<> format(json::View value, const Path& path);
  Result<> metadata(json::View value);
  Result<> number(json::View value, double most, const Path& path, hub::Raw& out);

  hub::Request& out_;
  Judge judge_;
  BlockReader blocks_;
  Path root_;
};

Result<> RequestReader::read(json::View body, Demands demands) {
  if (!body.is_object()) return judge_.invalid(root_, not_a_dictionary);
  out_.issuer = hub::Issuer::anthropic;
  out_.include_usage = true;
  if (demands.model && !body["model"].exists()) return judge_.missing(root_.member("model"));
  if (demands.max_tokens && !body["max_tokens"]) return judge_.missing(root_.member("max_tokens"));
  if (!body["messages"].exists()) return judge_.missing(root_.member("messages"));
  PENSTOCK_CHECK(read_system(body["system"]));
  for (const json::View value : body) {
    if (!value) continue;
    PENSTOCK_TRY(in_prompt, prompt(value));
    if (in_prompt) continue;
    PENSTOCK_TRY(in_sampling, sampling(value));
    if (in_sampling) continue;
    PENSTOCK_TRY(in_control, control(value));
    if (!in_control) out_.extra.push_back({value.key(), value.raw()});
  }
  if (out_.reasoning.budget == 0 && out_.reasoning.effort == hub::Effort::unset)
    out_.reasoning.effort = hub::Effort::none;
  return {};
}

// The members that make up the prompt. True: `value` was one.
Result<bool> RequestReader::prompt(json::View value) {
  if (value.key_is("system")) return true;  // read before the messages
  if (value.key_is("messages")) {
    PENSTOCK_CHECK(messages(value));
  } else if (value.key_is("tools")) {
    PENSTOCK_CHECK(read_tools(value, root_.member("tools"), judge_, out_));
  } else if (value.key_is("tool_choice")) {
    PENSTOCK_CHECK(read_tool_choice(value, root_.member("tool_choice"), judge_, out_));
  } else if (value.key_is("cache_control")) {
    out_.cache = ttl_of(value);
  } else {
    return false;
  }
  return true;
}

Result<bool> RequestReader::sampling(json::View value) {
  if (value.key_is("temperature")) {
    PENSTOCK_CHECK(number(value, 1, root_.member("temperature"), out_.temperature));
  } else if (value.key_is("top_p")) {
    PENSTOCK_CHECK(number(value, 1, root_.member("top_p"), out_.top_p));
  } else if (value.key_is("top_k")) {
    PENSTOCK_TRY(top_k, judge_.integer(value, 0, root_.member("top_k")));
    out_.top_k = top_k;
  } else if (value.key_is("max_tokens")) {
    PENSTOCK_TRY(limit, judge_.integer(value, 0, root_.member("max_tokens")));
    out_.max_output_tokens = limit;
  } else if (value.key_is("stop_sequences")) {
    PENSTOCK_CHECK(stop(value));
  } else {
    return false;
  }
  return true;
}

Result<bool> RequestReader::control(json::View value) {
  if (value.key_is("model")) {
    PENSTOCK_TRY(model, judge_.demand_text(value, root_.member("model")));
    out_.model = model;
  } else if (value.key_is("stream")) {
    PENSTOCK_TRY(stream, judge_.flag(value, root_.member("stream")));
    out_.stream = stream.value_or(false);
  } else if (value.key_is("thinking")) {
    PENSTOCK_CHECK(thinking(value));
  } else if (value.key_is("output_config")) {
    PENSTOCK_CHECK(output_config(value));
  } else if (value.key_is("output_format")) {  // the name it had as a beta
    PENSTOCK_CHECK(format(value, root_.member("output_format")));
  } else if (value.key_is("metadata")) {
    PENSTOCK_CHECK(metadata(value));
  } else if (value.key_is("service_tier")) {
    PENSTOCK_TRY(tier, judge_.text(value, root_.member("service_tier")));
    out_.service_tier = tier == "standard_only" ? Bytes("default") : tier;
  } else if (value.key_is("thread")) {
    // One that goes on holds only the newest messages: without it they would be all there is.
    if (value["type"].is("continue")) out_.stateful = "thread";
    out_.extra.push_back({value.key(), value.raw()});
  } else {
    return false;
  }
  return true;
}

Result<> RequestReader::read_system(json::View value) {
  if (!value) return {};
  Message message{.role = Role::system};
  const Path path = root_.member("system");
  PENSTOCK_CHECK(blocks_.content(value, path, message.parts));
  std::uint32_t index = 0;
  for (const Part& part : message.parts) {
    if (part.kind != PartKind::text && part.kind != PartKind::opaque)
      return judge_.invalid(path.at(index), "Input should be a text block");
    ++index;
  }
  if (!message.parts.empty()) out_.messages.push_back(std::move(message));
  return {};
}

Result<> RequestReader::messages(json::View value) {
  const Path path = root_.member("messages");
  if (!value.is_array()) return judge_.invalid(path, "Input should be a valid array");
  if (value.empty()) return judge_.invalid(path, "at least one message is required");
  out_.messages.reserve(out_.messages.size() + value.size());
  std::uint32_t index = 0;
  for (const json::View each : value) PENSTOCK_CHECK(message(each, path.at(index++)));
  return {};
}

Result<> RequestReader::message(json::View value, const Path& path) {
  if (!value.is_object()) return judge_.invalid(path, not_a_dictionary);
  const json::View role = value["role"];
  if (!role.exists()) return judge_.missing(path.member("role"));
  Message message;
  if (role.is("assistant"))
    message.role = Role::assistant;
  else if (role.is("system"))
    message.role = Role::system;
  else if (!role.is("user"))
    return judge_.invalid(path.member("role"), "Input should be 'user' or 'assistant'");
  PENSTOCK_CHECK(blocks_.content(value["content"], path.member("content"), message.parts));
  if (message.role == Role::assistant) restore_carried(message.parts);
  split_results(message);
  if (!message.parts.empty()) out_.messages.push_back(std::move(message));
  return {};
}

// Results of tools stand in the user's turn here and in messages of their own elsewhere.
void RequestReader::split_results(Message& message) {
  const auto is_result = [](const Part& part) { return part.kind == PartKind::tool_result; };
  if (message.role != Role::user || std::ranges::none_of(message.parts, is_result)) return;
  std::vector<Part> others;
  for (Part& part : message.parts) {
    if (!is_result(part)) {
      others.push_back(std::move(part));
      continue;
    }
    Message result{.role = Role::tool};
    result.parts.push_back(std::move(part));
    out_.messages.push_back(std::move(result));
  }
  message.parts = std::move(others);
}

Result<> RequestReader::stop(json::View value) {
  const Path path = root_.member("stop_sequences");
  if (!value.is_array()) return judge_.invalid(path, "Input should be a valid array");
  std::uint32_t index = 0;
  for (const json::View each : value) {
    PENSTOCK_TRY(text, judge_.demand_text(each, path.at(index++)));
    out_.stop.push_back(text);
  }
  return {};
}

// Kinds of thinking that the hub has no word for stay as they are, for Anthropic's models.
Result<> RequestReader::thinking(json::View value) {
  const Path path = root_.member("thinking");
  if (!value.is_object()) return judge_.invalid(path, not_a_dictionary);
  const json::View type = value["type"];
  if (!type.exists()) return judge_.missing(path.member("type"));
  if (value["display"].is("summarized")) out_.reasoning.show = true;
  if (value["display"].is("omitted")) out_.reasoning.show = false;
  if (type.is("adaptive")) {
    out_.reasoning.adaptive = true;
  } else if (type.is("enabled")) {
    const Path budget_path = path.member("budget_tokens");
    if (!value["budget_tokens"]) return judge_.missing(budget_path);
    PENSTOCK_TRY(budget, judge_.integer(value["budget_tokens"], budget_least, budget_path));
    out_.reasoning.budget = budget;
  } else if (type.is("disabled")) {
    out_.reasoning.budget = 0;
  } else {
    out_.extra.push_back({"thinking", value.raw()});
  }
  return {};
}

Result<> RequestReader::output_config(json::View value) {
  const Path path = root_.member("output_config");
  if (!value.is_object()) return judge_.invalid(path, not_a_dictionary);
  bool more = false;
  for (const json::View member : value) {
    if (member.key_is("effort")) {
      if (!member) continue;
      out_.reasoning.effort = effort_of(member);
      if (out_.reasoning.effort == hub::Effort::unset)
        return judge_.invalid(path.member("effort"),
                              "Input should be 'low', 'medium', 'high', 'xhigh' or 'max'");
    } else if (member.key_is("format")) {
      if (member) PENSTOCK_CHECK(format(member, path.member("format")));
    } else if (member) {
      more = true;
    }
  }
  if (more) out_.extra.push_back({"output_config", value.raw()});
  return {};
}

Result<> RequestReader::format(json::View value, const Path& path) {
  if (!value.is_object()) return judge_.invalid(path, not_a_dictionary);
  const json::View type = value["type"];
  if (!type.exists()) return judge_.missing(path.member("type"));
  if (!type.is("json_schema"))
    return judge_.invalid(path.member("type"), "Input should be 'json_schema'");
  const json::View schema = value["schema"];
  if (!schema.exists()) return judge_.missing(path.member("schema"));
  if (!schema.is_object()) return judge_.invalid(path.member("schema"), not_a_dictionary);
  out_.format = {.kind = hub::ResponseFormat::Kind::json_schema,
                 .strict = true,
                 .name = "response",
                 .schema = schema.raw()};
  return {};
}

Result<> RequestReader::metadata(json::View value) {
  const Path path = root_.member("metadata");
  if (!value.is_object()) return judge_.invalid(path, not_a_dictionary);
  for (const json::View member : value) {
    if (!member.key_is("user_id")) return judge_.unknown(path.member(member.key()));
    PENSTOCK_TRY(user, judge_.text(member, path.member("user_id")));
    out_.user = user;
  }
  return {};
}

Result<> RequestReader::number(json::View value, double most, const Path& path, hub::Raw& out) {
  const auto number = value.number();
  if (!number) return judge_.invalid(path, "Input should be a valid number");
  if (*number < 0 || *number > most) return judge_.invalid(path, "Input should be between 0 and 1");
  out = value.raw();
  return {};
}

}  // namespace

Result<> read_body(json::View body, Demands demands, hub::Request& out, RequestIssue& issue) {
  return RequestReader(out, issue).read(body, demands);
}

Result<> read_request(json::View body, hub::Request& out, RequestIssue& issue) {
  return read_body(body, Demands{}, out, issue);
}

Result<> read_count_request(json::View body, hub::Request& out, RequestIssue& issue) {
  return read_body(body, Demands{.max_tokens = false}, out, issue);
}

}  // namespace penstock::dialect::anthropic
