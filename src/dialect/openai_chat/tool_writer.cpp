// Tools, which of them are to be called, and the form of the answer.
#include <algorithm>

#include "dialect/demands.h"
#include "dialect/loss.h"
#include "dialect/openai_chat/request_writing.h"
#include "dialect/web_search.h"

namespace penstock::dialect::openai_chat {
namespace {

using hub::ResponseFormat;
using hub::Tool;
using hub::ToolChoice;
using hub::ToolKind;
using Mode = hub::ToolChoice::Mode;

class ToolWriter {
 public:
  explicit ToolWriter(Writing& writing)
      : writing_(writing), choice_(writing.request.tool_choice), out_(writing.out) {}

  Result<> write();

 private:
  Result<> tools();
  Result<> tool(const Tool& tool);
  Result<> functions();
  void choice();
  Result<> search();
  void custom_format(const Tool& tool);
  // Only some tools are sent: how a server is told that it has no word for.
  bool is_subset() const {
    if (choice_.mode == Mode::allowed) return !writing_.is_openai();
    return choice_.mode == Mode::named && !writing_.quirks.tool_choice_named;
  }
  bool is_offered(const Tool& tool) const;
  bool is_custom(hub::Escaped name) const;

  Writing& writing_;
  const ToolChoice& choice_;
  json::Composer& out_;
  std::size_t written_ = 0;
};

bool ToolWriter::is_offered(const Tool& tool) const {
  if (tool.web_search && !writing_.owns_extra()) return false;  // asked for elsewhere
  if (!is_subset()) return true;
  if (choice_.mode == Mode::named) return tool.name == choice_.name;
  return std::ranges::find(choice_.names, tool.name) != choice_.names.end();
}

bool ToolWriter::is_custom(hub::Escaped name) const {
  const auto& tools = writing_.request.tools;
  const auto found = std::ranges::find(tools, name, &Tool::name);
  return writing_.is_openai() && found != tools.end() && found->kind == ToolKind::custom;
}

Result<> ToolWriter::tool(const Tool& tool) {
  if (tool.kind == ToolKind::server) {
    if (!writing_.owns_extra())
      return refuse("tools", "The target does not run this kind of tool.", writing_.losses);
    out_.raw(tool.raw);
    return {};
  }
  const bool custom = tool.kind == ToolKind::custom;
  const bool native = custom && writing_.is_openai();
  out_.begin_object().key("type").string(native ? "custom" : "function");
  out_.key(native ? "custom" : "function").begin_object();
  out_.key("name").escaped_string(tool.name);
  if (!tool.description.empty()) out_.key("description").escaped_string(tool.description);
  if (native) {
    custom_format(tool);
  } else if (custom) {
    PENSTOCK_CHECK(emulate_custom_tool(tool, writing_.target, writing_.losses));
    out_.key("parameters").raw(custom_input_schema);
  } else {
    if (!tool.schema.empty()) out_.key("parameters").raw(tool.schema);
    if (tool.strict && writing_.quirks.strict) out_.key("strict").boolean(*tool.strict);
    if (tool.strict.value_or(false) && !writing_.quirks.strict)
      PENSTOCK_CHECK(lose("tools.strict", writing_.target, writing_.losses));
  }
  out_.end_object();
  if (tool.cache != hub::CacheTtl::none) {
    if (writing_.quirks.cache_control)
      out_.key("cache_control").raw(R"({"type":"ephemeral"})");
    else
      writing_.losses.drop("cache_control");
  }
  out_.end_object();
  return {};
}

// Responses has a grammar's members beside its type, chat in an object of their own.
void ToolWriter::custom_format(const Tool& tool) {
  if (tool.raw.empty()) return;
  out_.key("format");
  json::Document document;
  const auto format = document.read(tool.raw, json::Judge::answer);
  if (!format || !(*format)["definition"].is_string()) {
    out_.raw(tool.raw);
    return;
  }
  out_.begin_object().key("type").string("grammar").key("grammar").begin_object();
  for (const Bytes key : {"syntax", "definition"}) {
    if ((*format)[key]) out_.key(key).raw((*format)[key].raw());
  }
  out_.end_object().end_object();
}

// A search that was asked for in another dialect; this one's goes as it was.
Result<> ToolWriter::search() {
  const auto& wanted = writing_.request.web_search;
  if (!wants_search(writing_.request) || writing_.owns_extra()) return {};
  writing_.losses.emulate(search_field(writing_.request));
  if (writing_.quirks.web_search == SearchForm::plugin) {
    out_.key("plugins").raw(R"([{"id":"web"}])");
    return lose_search_options(writing_.request, {}, writing_.target, writing_.losses);
  }
  out_.key("web_search_options").begin_object();
  if (!wanted->context_size.empty())
    out_.key("search_context_size").escaped_string(wanted->context_size);
  const bool perplexity = writing_.quirks.web_search == SearchForm::perplexity;
  hub::WebSearch place = *wanted;
  if (perplexity) place.timezone = {};  // it knows none
  if (place.has_place() && perplexity) {
    out_.key("user_location").begin_object();
    write_place(place, out_);
    out_.end_object();
  } else if (place.has_place()) {
    out_.key("user_location").begin_object().key("type").string("approximate");
    out_.key("approximate").begin_object();
    write_place(place, out_);
    out_.end_object().end_object();
  }
  out_.end_object();
  if (perplexity && !wanted->allowed_domains.empty())
    out_.key("search_domain_filter").raw(wanted->allowed_domains);
  return lose_search_options(
      writing_.request,
      {.allowed_domains = perplexity, .context_size = true, .place = place.has_place()},
      writing_.target, writing_.losses);
}

Result<> ToolWriter::tools() {
  out_.key("tools").begin_array();
  for (const Tool& one : writing_.request.tools) {
    if (!is_offered(one)) continue;
    PENSTOCK_CHECK(tool(one));
    ++written_;
  }
  out_.end_array();
  return {};
}

void ToolWriter::choice() {
  const Bytes required = writing_.quirks.required_choice;
  const bool in_words = forces_a_tool(choice_) && !writing_.quirks.tool_choice_required;
  if (in_words) {
    writing_.losses.emulate("tool_choice");
    return;
  }
  if (is_subset()) {
    writing_.losses.emulate("tool_choice");
    const bool must = choice_.mode == Mode::named || choice_.required;
    out_.key("tool_choice").string(must ? required : Bytes("auto"));
    return;
  }
  const auto one = [&](hub::Escaped name) {
    const Bytes kind = is_custom(name) ? "custom" : "function";
    out_.begin_object().key("type").string(kind).key(kind);
    out_.begin_object().key("name").escaped_string(name).end_object().end_object();
  };
  switch (choice_.mode) {
    case Mode::unset:
      return;
    case Mode::none:
      out_.key("tool_choice").string("none");
      return;
    case Mode::automatic:
      out_.key("tool_choice").string("auto");
      return;
    case Mode::required:
      out_.key("tool_choice").string(required);
      return;
    case Mode::named:
      out_.key("tool_choice");
      one(choice_.name);
      return;
    case Mode::allowed:
      out_.key("tool_choice").begin_object().key("type").string("allowed_tools");
      out_.key("allowed_tools").begin_object();
      out_.key("mode").string(choice_.required ? "required" : "auto").key("tools").begin_array();
      for (const hub::Escaped name : choice_.names) one(name);
      out_.end_array().end_object().end_object();
      return;
  }
}

Result<> ToolWriter::write() {
  PENSTOCK_CHECK(search());
  const auto& tools = writing_.request.tools;
  if (std::ranges::any_of(tools, [&](const Tool& one) { return is_offered(one); }))
    return functions();
  // No tool is allowed: the server refuses an empty list.
  if (!std::ranges::all_of(tools, &Tool::web_search)) writing_.losses.emulate("tool_choice");
  return {};
}

Result<> ToolWriter::functions() {
  PENSTOCK_CHECK(tools());
  choice();
  const auto& parallel = writing_.request.parallel_tool_calls;
  if (!parallel) return {};
  if (writing_.quirks.parallel_tool_calls) {
    out_.key("parallel_tool_calls").boolean(*parallel);
    return {};
  }
  return *parallel ? Result<>() : lose("parallel_tool_calls", writing_.target, writing_.losses);
}

}  // namespace

Result<> write_tools(Writing& writing) {
  return ToolWriter(writing).write();
}

bool write_response_format(Writing& writing) {
  const ResponseFormat& format = writing.request.format;
  json::Composer& out = writing.out;
  const Quirks& quirks = writing.quirks;
  const auto plain = [&](Bytes type) {
    out.key("response_format").begin_object().key("type").string(type).end_object();
  };
  switch (format.kind) {
    case ResponseFormat::Kind::unset:
      return false;
    case ResponseFormat::Kind::text:
      plain("text");
      return false;
    case ResponseFormat::Kind::json_object:
      if (quirks.json_object) plain("json_object");
      if (quirks.json_object) return false;
      if (!quirks.json_schema) return true;
      break;
    case ResponseFormat::Kind::json_schema:
      if (quirks.json_schema) break;
      if (quirks.json_object) plain("json_object");
      return true;
  }
  out.key("response_format").begin_object().key("type").string("json_schema");
  out.key("json_schema").begin_object().key("name");
  out.escaped_string(format.name.empty() ? hub::Escaped("answer") : format.name);
  if (!format.description.empty()) out.key("description").escaped_string(format.description);
  out.key("schema").raw(format.schema.empty() ? hub::Raw(R"({"type":"object"})") : format.schema);
  if (format.strict && quirks.strict) out.key("strict").boolean(*format.strict);
  out.end_object().end_object();
  if (format.kind == ResponseFormat::Kind::json_object) writing.losses.emulate("response_format");
  return false;
}

}  // namespace penstock::dialect::openai_chat
