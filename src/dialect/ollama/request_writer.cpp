// The hub's request as the body of Ollama's POST /api/chat. What steers the sampling stands in
// `options`; a tool call cannot be forced, only asked for in words.
#include <algorithm>
#include <array>

#include "dialect/demands.h"
#include "dialect/loss.h"
#include "dialect/ollama/ollama.h"

namespace penstock::dialect::ollama {
namespace {

using hub::Effort;
using hub::ResponseFormat;
using hub::Tool;
using hub::ToolChoice;
using hub::ToolKind;

// Members that have no word in the hub and may be sent by a client of any dialect: at the top, and
// in `options`. What steers the server's machine (num_gpu, num_thread …) is not the client's.
constexpr std::array<Bytes, 3> own_members{"keep_alive", "truncate", "shift"};
constexpr std::array<Bytes, 6> own_options{"num_ctx",        "min_p",         "typical_p",
                                           "repeat_penalty", "repeat_last_n", "num_keep"};

bool among(std::span<const Bytes> names, Bytes name) {
  return std::ranges::find(names, name) != names.end();
}

class RequestWriter {
 public:
  RequestWriter(const hub::Request& request, const TargetTraits& target, json::Composer& out,
                Losses& losses)
      : request_(request), target_(target), out_(out), losses_(losses) {}

  Result<> write();

 private:
  Result<> tools();
  void tool(const Tool& tool);
  Result<> options();
  Result<> extra_options(hub::Raw value);
  Result<> extras();
  void format();
  void think();
  void number(Bytes key, hub::Raw value) {
    if (!value.empty()) option(key).raw(value);
  }
  void number(Bytes key, std::optional<std::int64_t> value) {
    if (value) option(key).integer(*value);
  }
  json::Writer& option(Bytes key);
  bool offered(const Tool& tool) const;

  const hub::Request& request_;
  const TargetTraits& target_;
  json::Composer& out_;
  Losses& losses_;
  bool options_open_ = false;
};

bool RequestWriter::offered(const Tool& tool) const {
  const ToolChoice& choice = request_.tool_choice;
  switch (choice.mode) {
    case ToolChoice::Mode::none:
      return false;
    case ToolChoice::Mode::named:
      return tool.name == choice.name;
    case ToolChoice::Mode::allowed:
      return among(choice.names, tool.name);
    case ToolChoice::Mode::unset:
    case ToolChoice::Mode::automatic:
    case ToolChoice::Mode::required:
      return true;
  }
  PENSTOCK_UNREACHABLE();
}

void RequestWriter::tool(const Tool& tool) {
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
}

Result<> RequestWriter::tools() {
  const ToolChoice& choice = request_.tool_choice;
  bool any = false;
  for (const Tool& one : request_.tools) {
    if (!offered(one)) continue;
    if (one.kind == ToolKind::server)
      return refuse("tools", "The target runs no tools itself.", losses_);
    if (one.kind == ToolKind::custom) PENSTOCK_CHECK(emulate_custom_tool(one, target_, losses_));
    if (!any) out_.key("tools").begin_array();
    any = true;
    tool(one);
    if (one.strict.value_or(false)) PENSTOCK_CHECK(lose("tools.strict", target_, losses_));
  }
  if (any) out_.end_array();
  const bool forced = forces_a_tool(choice);
  if (forced && !any)
    return refuse("tool_choice", "No tool that must be called can be sent to the target.", losses_);
  if (forced || choice.mode == ToolChoice::Mode::allowed) losses_.emulate("tool_choice");
  return {};
}

void RequestWriter::format() {
  if (request_.format.kind == ResponseFormat::Kind::json_schema && !request_.format.schema.empty())
    out_.key("format").raw(request_.format.schema);
  else if (request_.format.kind > ResponseFormat::Kind::text)
    out_.key("format").string("json");
}

// Most models only know on and off; gpt-oss knows levels and cannot be silenced.
void RequestWriter::think() {
  const hub::Reasoning& asked = request_.reasoning;
  const bool off = asked.budget ? *asked.budget == 0 : asked.effort == Effort::none;
  if (asked.effort == Effort::unset && !asked.budget && !asked.adaptive) return;
  out_.key("think");
  if (off || target_.base_model.find("gpt-oss") == Bytes::npos) {
    out_.boolean(!off);
    if (!off && (asked.effort != Effort::unset || asked.budget))
      losses_.emulate("reasoning_effort");
    return;
  }
  switch (asked.effort) {
    case Effort::minimal:
    case Effort::low:
      out_.string("low");
      return;
    case Effort::high:
      out_.string("high");
      return;
    case Effort::xhigh:
    case Effort::max:
      out_.string("max");
      return;
    case Effort::unset:
    case Effort::none:
    case Effort::medium:
      out_.string("medium");
      return;
  }
  PENSTOCK_UNREACHABLE();
}

json::Writer& RequestWriter::option(Bytes key) {
  if (!options_open_) out_.key("options").begin_object();
  options_open_ = true;
  return out_.key(key);
}

// A client's own `options` object.
Result<> RequestWriter::extra_options(hub::Raw value) {
  json::Document document;
  const auto members = document.read(value, json::Judge::answer);
  if (!members || !members->is_object()) return lose("options", target_, losses_);
  for (const json::View one : *members) {
    const auto known =
        std::ranges::find_if(own_options, [&](Bytes name) { return one.key_is(name); });
    if (known == own_options.end())
      PENSTOCK_CHECK(lose("options", target_, losses_));
    else
      option(*known).raw(one.raw());
  }
  return {};
}

Result<> RequestWriter::options() {
  number("num_predict", request_.max_output_tokens);
  number("temperature", request_.temperature);
  number("top_p", request_.top_p);
  number("top_k", request_.top_k);
  number("seed", request_.seed);
  number("presence_penalty", request_.presence_penalty);
  number("frequency_penalty", request_.frequency_penalty);
  if (!request_.stop.empty()) {
    option("stop").begin_array();
    for (const hub::Escaped one : request_.stop) out_.escaped_string(one);
    out_.end_array();
  }
  for (const hub::Extra& one : request_.extra) {
    if (among(own_options, one.key))
      option(one.key).raw(one.value);
    else if (one.key == "options")
      PENSTOCK_CHECK(extra_options(one.value));
  }
  if (options_open_) out_.end_object();
  return {};
}

Result<> RequestWriter::extras() {
  for (const hub::Extra& one : request_.extra) {
    if (among(own_members, one.key))
      out_.key(one.key).raw(one.value);
    else if (one.key != "options" && !among(own_options, one.key))
      PENSTOCK_CHECK(lose(one.key, target_, losses_));
  }
  return {};
}

Result<> RequestWriter::write() {
  PENSTOCK_CHECK(judge_demands(request_, {}, losses_));
  out_.begin_object().key("model").string(target_.model).key("messages");
  const bool forced = forces_a_tool(request_.tool_choice);
  const Bytes instruction = forced ? call_instruction : Bytes();
  PENSTOCK_CHECK(write_messages(request_, target_, instruction, out_, losses_));
  PENSTOCK_CHECK(tools());
  format();
  think();
  PENSTOCK_CHECK(options());
  if (request_.logprobs) out_.key("logprobs").boolean(*request_.logprobs);
  if (request_.top_logprobs) out_.key("top_logprobs").integer(*request_.top_logprobs);
  PENSTOCK_CHECK(lose_openai_fields(request_, target_, losses_));
  if (request_.cache != hub::CacheTtl::none) losses_.drop("cache_control");
  PENSTOCK_CHECK(extras());
  // Without it Ollama streams.
  out_.key("stream").boolean(request_.stream).end_object();
  return {};
}

}  // namespace

Result<> write_request(const hub::Request& request, const TargetTraits& target, json::Composer& out,
                       Losses& losses) {
  return RequestWriter(request, target, out, losses).write();
}

}  // namespace penstock::dialect::ollama
