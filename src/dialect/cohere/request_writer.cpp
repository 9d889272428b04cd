// The hub's request as the body of Cohere's POST /v2/chat.
#include <algorithm>
#include <array>
#include <charconv>

#include "dialect/cohere/cohere.h"
#include "dialect/demands.h"
#include "dialect/loss.h"

namespace penstock::dialect::cohere {
namespace {

using hub::ResponseFormat;
using hub::Tool;
using hub::ToolChoice;
using hub::ToolKind;

// Members of Cohere's body that have no word in the hub and may be sent by a client of any dialect.
constexpr std::array<Bytes, 5> own_members{"documents", "citation_options", "safety_mode",
                                           "strict_tools", "priority"};
constexpr std::size_t stop_sequences_max = 5;

// Cohere takes penalties from 0 to 1 only.
bool is_fraction(hub::Raw number) {
  double value = 0;
  const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
  return read.ec == std::errc{} && value >= 0 && value <= 1;
}

class RequestWriter {
 public:
  RequestWriter(const hub::Request& request, const TargetTraits& target, json::Composer& out,
                Losses& losses)
      : request_(request), target_(target), out_(out), losses_(losses) {}

  Result<> write();

 private:
  Result<> tools();
  Result<> tool(const Tool& tool);
  Result<> tool_choice();
  Result<> sampling();
  Result<> unknown_to_target();
  Result<> extras();
  void documents(const Documents& documents);
  void format();
  void thinking();
  void number(Bytes key, hub::Raw value) {
    if (!value.empty()) out_.key(key).raw(value);
  }
  Result<> lose(bool set, Bytes field) {
    return set ? dialect::lose(field, target_, losses_) : Result<>{};
  }
  bool offered(const Tool& tool) const;
  bool wants_format() const { return request_.format.kind > ResponseFormat::Kind::text; }
  bool has_member(Bytes key) const {
    return std::ranges::any_of(request_.extra, [&](const auto& one) { return one.key == key; });
  }

  const hub::Request& request_;
  const TargetTraits& target_;
  json::Composer& out_;
  Losses& losses_;
  bool has_tools_ = false;
};

// A choice among some tools is told by sending only them.
bool RequestWriter::offered(const Tool& tool) const {
  const ToolChoice& choice = request_.tool_choice;
  if (choice.mode == ToolChoice::Mode::named) return tool.name == choice.name;
  if (choice.mode == ToolChoice::Mode::allowed)
    return std::ranges::find(choice.names, tool.name) != choice.names.end();
  return true;
}

Result<> RequestWriter::tool(const Tool& tool) {
  out_.begin_object().key("type").string("function").key("function").begin_object();
  out_.key("name").escaped_string(tool.name);
  if (!tool.description.empty()) out_.key("description").escaped_string(tool.description);
  out_.key("parameters");
  if (tool.kind == ToolKind::custom)
    out_.raw(custom_input_schema);
  else
    out_.raw(tool.schema.empty() ? Bytes(R"({"type":"object","properties":{}})") : tool.schema);
  out_.end_object().end_object();
  if (tool.cache != hub::CacheTtl::none) losses_.drop("cache_control");
  return {};
}

Result<> RequestWriter::tools() {
  std::size_t strict = 0;
  std::size_t written = 0;
  for (const Tool& one : request_.tools) {
    if (!offered(one)) continue;
    if (one.kind == ToolKind::server)
      return refuse("tools", "The target runs no tools itself.", losses_);
    if (one.kind == ToolKind::custom) PENSTOCK_CHECK(emulate_custom_tool(one, target_, losses_));
    if (written++ == 0) out_.key("tools").begin_array();
    strict += one.strict.value_or(false) ? 1 : 0;
    PENSTOCK_CHECK(tool(one));
  }
  has_tools_ = written != 0;
  if (has_tools_) out_.end_array();
  // One switch for all tools; a tool that is not strict must not be made so.
  if (has_tools_ && strict == written && !has_member("strict_tools"))
    out_.key("strict_tools").boolean(true);
  else
    PENSTOCK_CHECK(lose(strict != 0 && strict != written, "tools.strict"));
  return tool_choice();
}

Result<> RequestWriter::tool_choice() {
  const ToolChoice& choice = request_.tool_choice;
  using Mode = ToolChoice::Mode;
  const bool required = forces_a_tool(choice);
  if (required && !has_tools_)
    return refuse("tool_choice", "No tool that must be called can be sent to the target.", losses_);
  if (choice.mode == Mode::named || choice.mode == Mode::allowed) losses_.emulate("tool_choice");
  if (required)
    out_.key("tool_choice").string("REQUIRED");
  else if (choice.mode == Mode::none && has_tools_)
    out_.key("tool_choice").string("NONE");
  return {};
}

void RequestWriter::documents(const Documents& documents) {
  if (documents.parts.empty()) return;
  out_.key("documents").begin_array();
  std::int64_t count = 0;
  for (const hub::Part* part : documents.parts) {
    out_.begin_object().key("id").open_string().more("doc:");
    std::array<char, 20> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), count++).ptr;
    out_.more({digits.data(), static_cast<std::size_t>(end - digits.data())}).close_string();
    out_.key("data").begin_object();
    if (!part->media.name.empty()) out_.key("title").escaped_string(part->media.name);
    out_.key("text").escaped_string(part->media.data).end_object().end_object();
  }
  out_.end_array();
}

void RequestWriter::format() {
  out_.key("response_format").begin_object().key("type").string("json_object");
  if (request_.format.kind == ResponseFormat::Kind::json_schema && !request_.format.schema.empty())
    out_.key("json_schema").raw(request_.format.schema);
  out_.end_object();
}

void RequestWriter::thinking() {
  const hub::Reasoning& asked = request_.reasoning;
  const bool level = asked.effort != hub::Effort::unset && asked.effort != hub::Effort::none;
  const bool off = asked.budget ? *asked.budget == 0 : asked.effort == hub::Effort::none;
  if (!asked.budget && !level && !off && !asked.adaptive) return;
  out_.key("thinking").begin_object().key("type").string(off ? "disabled" : "enabled");
  if (!off && asked.budget && *asked.budget > 0) out_.key("token_budget").integer(*asked.budget);
  out_.end_object();
  // Cohere knows on and off and a number of tokens, no levels.
  if (!off && level && !asked.budget) losses_.emulate("reasoning_effort");
}

Result<> RequestWriter::sampling() {
  if (request_.max_output_tokens) out_.key("max_tokens").integer(*request_.max_output_tokens);
  number("temperature", request_.temperature);
  number("p", request_.top_p);
  if (request_.top_k) out_.key("k").integer(*request_.top_k);
  number("seed", request_.seed);
  const auto penalty = [&](Bytes key, hub::Raw value) -> Result<> {
    if (value.empty() || !is_fraction(value)) return lose(!value.empty(), key);
    out_.key(key).raw(value);
    return {};
  };
  PENSTOCK_CHECK(penalty("presence_penalty", request_.presence_penalty));
  PENSTOCK_CHECK(penalty("frequency_penalty", request_.frequency_penalty));
  if (request_.stop.size() > stop_sequences_max)
    return refuse("stop", "The target takes at most 5 stop sequences.", losses_);
  if (!request_.stop.empty()) {
    out_.key("stop_sequences").begin_array();
    for (const hub::Escaped one : request_.stop) out_.escaped_string(one);
    out_.end_array();
  }
  if (request_.logprobs) out_.key("logprobs").boolean(*request_.logprobs);
  return {};
}

Result<> RequestWriter::unknown_to_target() {
  const std::int64_t top = request_.top_logprobs.value_or(0);
  PENSTOCK_CHECK(lose(top != 0, "top_logprobs"));
  if (request_.cache != hub::CacheTtl::none) losses_.drop("cache_control");
  return lose_openai_fields(request_, target_, losses_);
}

Result<> RequestWriter::extras() {
  for (const hub::Extra& one : request_.extra) {
    if (std::ranges::find(own_members, one.key) != own_members.end())
      out_.key(one.key).raw(one.value);
    else
      PENSTOCK_CHECK(dialect::lose(one.key, target_, losses_));
  }
  return {};
}

Result<> RequestWriter::write() {
  PENSTOCK_CHECK(judge_demands(request_, {}, losses_));
  out_.begin_object().key("model").string(target_.model);
  PENSTOCK_CHECK(tools());
  // Cohere refuses a format together with tools or documents; then the format is asked for in
  // words.
  const bool format_in_text = wants_format() && (has_tools_ || has_member("documents"));
  Documents found{.allowed = !wants_format() && !has_member("documents")};
  out_.key("messages");
  PENSTOCK_CHECK(write_messages(request_, target_, format_in_text, out_, losses_, found));
  documents(found);
  if (format_in_text)
    losses_.emulate("response_format");
  else if (wants_format())
    format();
  thinking();
  PENSTOCK_CHECK(sampling());
  PENSTOCK_CHECK(unknown_to_target());
  PENSTOCK_CHECK(extras());
  out_.key("stream").boolean(request_.stream).end_object();
  return {};
}

}  // namespace

Result<> write_request(const hub::Request& request, const TargetTraits& target, json::Composer& out,
                       Losses& losses) {
  return RequestWriter(request, target, out, losses).write();
}

}  // namespace penstock::dialect::cohere
