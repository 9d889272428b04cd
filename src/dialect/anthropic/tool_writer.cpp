#include "dialect/anthropic/tool_writer.h"

#include <algorithm>

#include "dialect/anthropic/schema.h"
#include "dialect/anthropic/words.h"
#include "dialect/demands.h"
#include "dialect/loss.h"
#include "dialect/web_search.h"

namespace penstock::dialect::anthropic {
namespace {

using hub::CacheTtl;
using hub::Tool;
using hub::ToolKind;
using Mode = hub::ToolChoice::Mode;

constexpr std::size_t used_max = 128;

// Names of the tools that were called, each once.
std::vector<Bytes> names_used(const hub::Request& request) {
  std::vector<Bytes> names;
  for (const hub::Message& message : request.messages) {
    for (const hub::Part& part : message.parts) {
      if (part.kind == hub::PartKind::tool_call && names.size() < used_max &&
          std::ranges::find(names, part.name) == names.end())
        names.push_back(part.name);
    }
  }
  return names;
}

}  // namespace

ToolWriter::ToolWriter(const hub::Request& request, const TargetTraits& target,
                       const ModelTraits& model, json::Document& document, json::Writer& out,
                       Losses& losses)
    : request_(request),
      target_(target),
      model_(model),
      document_(document),
      out_(out),
      losses_(losses),
      searches_(request.web_search && request.issuer != hub::Issuer::anthropic),
      answer_by_tool_(request.format.kind == hub::ResponseFormat::Kind::json_schema &&
                      !model.structured) {
  if (request.tools.empty() && !searches_ && !answer_by_tool_) used_ = names_used(request);
}

bool ToolWriter::forces() const {
  return answer_by_tool_ || (!request_.tools.empty() && forces_a_tool(request_.tool_choice));
}

Result<> ToolWriter::write(CacheMarks& marks, CacheTtl mark) {
  if (request_.tools.empty() && !searches_ && !answer_by_tool_ && used_.empty()) return {};
  out_.key("tools").begin_array();
  const Tool* const last = request_.tools.empty() ? nullptr : &request_.tools.back();
  for (const Tool& tool : request_.tools) {
    if (is_allowed(tool))
      PENSTOCK_CHECK(write_tool(tool, &tool == last ? mark : CacheTtl::none, marks));
    else
      losses_.emulate("tool_choice");
  }
  if (searches_) PENSTOCK_CHECK(write_search());
  if (answer_by_tool_) write_answer_tool();
  if (!used_.empty()) write_stubs();
  out_.end_array();
  write_choice();
  return {};
}

bool ToolWriter::is_allowed(const Tool& tool) const {
  const hub::ToolChoice& choice = request_.tool_choice;
  return choice.mode != Mode::allowed ||
         std::ranges::find(choice.names, tool.name) != choice.names.end();
}

Result<> ToolWriter::write_tool(const Tool& tool, CacheTtl mark, CacheMarks& marks) {
  if (tool.name == answer_tool)
    return refuse("tools", "The name of this tool is reserved by the gateway.", losses_);
  const bool own = tool.issuer == hub::Issuer::anthropic && !tool.raw.empty();
  if (own && tool.web_search) searches_ = false;
  if (tool.kind == ToolKind::server && !own) return write_foreign(tool);
  if (own && (tool.cache == CacheTtl::none || marks.counted() <= CacheMarks::marks_max)) {
    marks.take(tool.cache);
    if (mark == CacheTtl::none) {
      out_.raw(tool.raw);
    } else {
      out_.raw(tool.raw.substr(0, tool.raw.size() - 1));
      write_cache_control(mark, out_);
      out_.end_object();
    }
    return {};
  }
  if (tool.kind == ToolKind::server) {
    marks.take(tool.cache);
    out_.raw(tool.raw);
    return {};
  }
  if (tool.kind == ToolKind::custom) PENSTOCK_CHECK(emulate_custom_tool(tool, target_, losses_));
  write_function(tool, mark != CacheTtl::none ? mark : marks.take(tool.cache));
  return {};
}

void ToolWriter::write_function(const Tool& tool, CacheTtl ttl) {
  out_.begin_object().key("name").escaped_string(tool.name);
  if (!tool.description.empty()) out_.key("description").escaped_string(tool.description);
  out_.key("input_schema");
  const bool strict = tool.strict.value_or(false) && model_.structured;
  const bool custom = tool.kind == ToolKind::custom;
  const hub::Raw schema = custom ? custom_input_schema : tool.schema;
  const bool lost = strict ? write_answer_schema(schema, document_, out_)
                           : write_tool_schema(schema, document_, out_);
  if (lost) losses_.emulate("tools");
  if (tool.strict && model_.structured)
    out_.key("strict").boolean(strict);
  else if (tool.strict.value_or(false))
    losses_.emulate("tools.strict");
  write_cache_control(ttl, out_);
  out_.end_object();
}

// A client of another dialect may name Anthropic's own tools, and a search of another provider's is
// done by Anthropic's.
Result<> ToolWriter::write_foreign(const Tool& tool) {
  const auto root = document_.read(tool.raw, json::Judge::answer);
  if (root && is_dated_type((*root)["type"].text())) {
    if (tool.web_search) searches_ = false;
    out_.raw(tool.raw);
    return {};
  }
  if (!tool.web_search)
    return refuse("tools", "A tool of this kind is run by another provider.", losses_);
  return searches_ ? write_search() : Result<>();
}

// Once, however often it was asked for.
Result<> ToolWriter::write_search() {
  searches_ = false;
  const hub::WebSearch& search = *request_.web_search;
  const Bytes field = search_field(request_);
  if (target_.in_bedrock_invoke) return refuse(field, "The target has no web search.", losses_);
  losses_.emulate(field);
  const bool allows = !search.allowed_domains.empty();  // one of the two lists only
  out_.begin_object().key("type").string(model_.web_search).key("name").string("web_search");
  if (search.max_uses) out_.key("max_uses").integer(*search.max_uses);
  if (allows) out_.key("allowed_domains").raw(search.allowed_domains);
  if (!allows && !search.blocked_domains.empty())
    out_.key("blocked_domains").raw(search.blocked_domains);
  if (search.has_place()) {
    out_.key("user_location").begin_object().key("type").string("approximate");
    write_place(search, out_);
    out_.end_object();
  }
  out_.end_object();
  return lose_search_options(
      request_,
      {.allowed_domains = true, .blocked_domains = !allows, .place = true, .max_uses = true},
      target_, losses_);
}

void ToolWriter::write_answer_tool() {
  const hub::ResponseFormat& format = request_.format;
  losses_.emulate("response_format");
  out_.begin_object().key("name").string(answer_tool).key("description").open_string();
  out_.more("Give your answer with this tool.");
  if (!format.description.empty()) out_.more(" ").more_escaped(format.description);
  out_.close_string().key("input_schema");
  write_tool_schema(format.schema, document_, out_);
  out_.end_object();
}

// A history with calls is refused where no tools are given.
void ToolWriter::write_stubs() {
  losses_.emulate("tools");
  for (const Bytes name : used_) {
    out_.begin_object().key("name").escaped_string(name).key("input_schema");
    write_tool_schema({}, document_, out_);
    out_.end_object();
  }
}

void ToolWriter::write_choice() {
  const hub::ToolChoice& choice = request_.tool_choice;
  const bool one = answer_by_tool_ || (request_.parallel_tool_calls == false);
  Bytes word = "auto";
  hub::Escaped name;
  if (answer_by_tool_) {  // beside other tools the model may call one of them first
    word = request_.tools.empty() ? "tool" : "any";
    if (request_.tools.empty()) name = answer_tool;
  } else if (!used_.empty() || choice.mode == Mode::none) {
    word = "none";
  } else if (choice.mode == Mode::required || (choice.mode == Mode::allowed && choice.required)) {
    word = "any";
  } else if (choice.mode == Mode::named) {
    word = "tool";
    name = choice.name;
  } else if (choice.mode == Mode::unset && !one) {
    return;
  }
  out_.key("tool_choice").begin_object().key("type").string(word);
  if (!name.empty()) out_.key("name").escaped_string(name);
  if (word != "none" && (one || request_.parallel_tool_calls))
    out_.key("disable_parallel_tool_use").boolean(one);
  out_.end_object();
}

}  // namespace penstock::dialect::anthropic
