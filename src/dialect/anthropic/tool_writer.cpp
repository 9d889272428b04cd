#include "dialect/anthropic/tool_writer.h"

#include <algorithm>

#include "dialect/anthropic/schema.h"
#include "dialect/anthropic/words.h"
#include "dialect/loss.h"

namespace penstock::dialect::anthropic {
namespace {

using hub::CacheTtl;
using hub::Tool;
using hub::ToolKind;
using Mode = hub::ToolChoice::Mode;

constexpr std::size_t used_max = 128;

// A tool that takes plain text is called with that text as its one argument; the writers of the
// dialects that have such tools take it out again.
constexpr Bytes one_input =
    R"({"type":"object","properties":{"input":{"type":"string"}},"required":["input"]})";

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

// Types of Anthropic's own tools end in the day of their version: bash_20250124.
bool is_dated(Bytes type) {
  constexpr std::size_t date = 9;
  if (type.size() <= date || type[type.size() - date] != '_') return false;
  return type.substr(type.size() - date + 1).find_first_not_of("0123456789") == Bytes::npos;
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
      answer_by_tool_(request.format.kind == hub::ResponseFormat::Kind::json_schema &&
                      !model.structured) {
  if (request.issuer != hub::Issuer::anthropic) {
    for (const hub::Extra& extra : request.extra) {
      if (extra.key == "web_search_options") search_ = extra.value;
    }
  }
  if (request.tools.empty() && search_.empty() && !answer_by_tool_) used_ = names_used(request);
}

bool ToolWriter::forces() const {
  const hub::ToolChoice& choice = request_.tool_choice;
  return answer_by_tool_ ||
         (!request_.tools.empty() && (choice.mode == Mode::required || choice.mode == Mode::named ||
                                      (choice.mode == Mode::allowed && choice.required)));
}

Result<> ToolWriter::write(CacheMarks& marks, CacheTtl mark) {
  if (request_.tools.empty() && search_.empty() && !answer_by_tool_ && used_.empty()) return {};
  out_.key("tools").begin_array();
  const Tool* const last = request_.tools.empty() ? nullptr : &request_.tools.back();
  for (const Tool& tool : request_.tools) {
    if (is_allowed(tool))
      PENSTOCK_CHECK(write_tool(tool, &tool == last ? mark : CacheTtl::none, marks));
    else
      losses_.emulate("tool_choice");
  }
  if (!search_.empty()) {
    const auto options = document_.read(search_, json::Judge::answer);
    PENSTOCK_CHECK(write_search(options ? *options : json::View()));
  }
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
  write_function(tool, mark != CacheTtl::none ? mark : marks.take(tool.cache));
  return {};
}

void ToolWriter::write_function(const Tool& tool, CacheTtl ttl) {
  out_.begin_object().key("name").escaped_string(tool.name);
  if (!tool.description.empty()) out_.key("description").escaped_string(tool.description);
  out_.key("input_schema");
  const bool strict = tool.strict.value_or(false) && model_.structured;
  const bool custom = tool.kind == ToolKind::custom;
  const hub::Raw schema = custom ? one_input : tool.schema;
  const bool lost = strict ? write_answer_schema(schema, document_, out_)
                           : write_tool_schema(schema, document_, out_);
  if (lost || custom) losses_.emulate("tools");
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
  if (root && is_dated((*root)["type"].text())) {
    out_.raw(tool.raw);
    return {};
  }
  if (!root || !(*root)["type"].text().starts_with("web_search"))
    return refuse("tools", "A tool of this kind is run by another provider.", losses_);
  losses_.emulate("tools");
  return write_search(*root);
}

// A location is sent with the keys that are known only, and none that is empty.
Result<> ToolWriter::write_search(json::View options) {
  if (target_.in_bedrock_invoke)
    return refuse("web_search_options", "The target has no web search.", losses_);
  losses_.emulate("web_search_options");
  if (options["search_context_size"])
    PENSTOCK_CHECK(lose("web_search_options.search_context_size", target_, losses_));
  out_.begin_object().key("type").string(model_.web_search).key("name").string("web_search");
  json::View place = options["user_location"];
  if (place["approximate"].is_object()) place = place["approximate"];
  bool any = false;
  for (const Bytes key : {"city", "country", "region", "timezone"}) {
    const json::View value = place[key];
    if (!value.is_string() || value.text().empty()) continue;
    if (!any) out_.key("user_location").begin_object().key("type").string("approximate");
    any = true;
    out_.key(key).raw(value.raw());
  }
  if (any) out_.end_object();
  out_.end_object();
  return {};
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
