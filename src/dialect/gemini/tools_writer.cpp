// Writes `tools` and `toolConfig`: all functions in one entry, Google's own tools in one each.
#include <algorithm>

#include "dialect/demands.h"
#include "dialect/gemini/config_writer.h"
#include "dialect/gemini/schema.h"
#include "dialect/loss.h"
#include "dialect/web_search.h"

namespace penstock::dialect::gemini {
namespace {

constexpr Bytes config_path = "toolConfig.";
constexpr Bytes server_side = "includeServerSideToolInvocations";

// Custom tools become functions.
bool is_function(const hub::Tool& tool) {
  return tool.kind != hub::ToolKind::server;
}

Result<> write_schema(const hub::Tool& tool, Target& to) {
  const bool custom = tool.kind == hub::ToolKind::custom;
  const hub::Raw text = custom ? hub::Raw(custom_input_schema) : tool.schema;
  if (text.empty()) return {};
  if (to.model.json_schema()) {
    to.out.key("parametersJsonSchema").raw(text);
    return {};
  }
  const auto schema = to.document.read(text, json::Judge::answer);
  if (schema && takes_nothing(*schema)) return {};
  json::Composer converted;
  if (!schema || !write_openapi_schema(*schema, converted)) {
    return refuse("tools", "A tool's schema cannot be expressed for the target.", to.losses);
  }
  to.out.key("parameters").raw(converted.text());
  return {};
}

Result<> write_functions(Target& to) {
  json::Composer& out = to.out;
  out.begin_object().key("functionDeclarations").begin_array();
  for (const hub::Tool& tool : to.request.tools) {
    if (!is_function(tool)) continue;
    out.begin_object().key("name").escaped_string(tool.name);
    if (!tool.description.empty()) out.key("description").escaped_string(tool.description);
    PENSTOCK_CHECK(write_schema(tool, to));
    out.end_object();
  }
  out.end_array().end_object();
  return {};
}

// The mode of function calling; empty: none is said.
Bytes mode_of(const hub::Request& request, bool mixed) {
  using Mode = hub::ToolChoice::Mode;
  const bool strict =
      std::ranges::any_of(request.tools, [](const hub::Tool& tool) { return tool.strict == true; });
  switch (request.tool_choice.mode) {
    case Mode::none:
      return "NONE";
    case Mode::required:
    case Mode::named:
      return "ANY";
    case Mode::allowed:
      return request.tool_choice.required ? "ANY" : "VALIDATED";
    case Mode::automatic:
      return strict || mixed ? "VALIDATED" : "AUTO";
    case Mode::unset:
      return strict || mixed ? Bytes("VALIDATED") : Bytes();
  }
  PENSTOCK_UNREACHABLE();
}

void write_mode(Bytes mode, const hub::ToolChoice& choice, json::Composer& out) {
  using Mode = hub::ToolChoice::Mode;
  out.key("functionCallingConfig").begin_object().key("mode").string(mode);
  if (choice.mode == Mode::named || choice.mode == Mode::allowed) {
    out.key("allowedFunctionNames").begin_array();
    if (choice.mode == Mode::named) out.escaped_string(choice.name);
    for (const hub::Escaped name : choice.names) out.escaped_string(name);
    out.end_array();
  }
  out.end_object();
}

void write_tool_config(Target& to, bool functions, bool mixed) {
  json::Composer& out = to.out;
  const std::size_t before = out.size();
  out.key("toolConfig").begin_object();
  const std::size_t empty = out.size();
  const Bytes mode = functions ? mode_of(to.request, mixed) : Bytes();
  if (!mode.empty()) write_mode(mode, to.request.tool_choice, out);
  // AI Studio wants to be asked for both kinds at once; Vertex does not know the word.
  bool asked = to.traits.on_vertex;
  for (const hub::Extra& extra : to.request.extra) {
    const Bytes name = extra_name(to.request, extra, config_path);
    if (name.empty() || (name == server_side && to.traits.on_vertex)) continue;
    asked = asked || name == server_side;
    out.escaped_string(name).verbatim(":").raw(extra.value);
  }
  if (mixed && !asked) out.key(server_side).boolean(true);
  const bool wrote = out.size() != empty || !out.fits();
  out.end_object();
  if (!wrote) out.cut(before);
}

bool is_own(const hub::Tool& tool) {
  return tool.kind == hub::ToolKind::server && tool.issuer == hub::Issuer::gemini;
}

Result<> judge_tool(const hub::Tool& tool, Target& to) {
  if (tool.cache != hub::CacheTtl::none) to.losses.emulate("cache_control");
  if (tool.kind == hub::ToolKind::custom) return emulate_custom_tool(tool, to.traits, to.losses);
  if (tool.kind == hub::ToolKind::server && !is_own(tool) && !tool.web_search)
    return refuse("tools", "The target does not run this tool.", to.losses);
  return {};
}

// A search that was asked for in another dialect. Only Vertex takes domains to leave out.
Result<> write_search(Target& to) {
  const hub::Raw excluded = to.request.web_search->blocked_domains;
  to.losses.emulate(search_field(to.request));
  to.out.begin_object().key("googleSearch").begin_object();
  if (to.traits.on_vertex && !excluded.empty()) to.out.key("excludeDomains").raw(excluded);
  to.out.end_object().end_object();
  return lose_search_options(to.request, {.blocked_domains = to.traits.on_vertex}, to.traits,
                             to.losses);
}

}  // namespace

Result<> write_tools(Target& to) {
  const auto& tools = to.request.tools;
  if (uses_cached_content(to.request)) return {};
  const bool searches = wants_search(to.request) && to.request.issuer != hub::Issuer::gemini;
  const bool functions = std::ranges::any_of(tools, is_function);
  const bool server = searches || std::ranges::any_of(tools, is_own);
  for (const hub::Tool& tool : tools) PENSTOCK_CHECK(judge_tool(tool, to));
  const bool mixed = functions && server;
  if (mixed && !to.model.third()) {
    return refuse("tools", "The target takes functions or tools of its own, not both.", to.losses);
  }
  if (functions || server) {
    to.out.key("tools").begin_array();
    if (functions) PENSTOCK_CHECK(write_functions(to));
    for (const hub::Tool& tool : tools) {
      if (is_own(tool)) to.out.raw(tool.raw);
    }
    if (searches) PENSTOCK_CHECK(write_search(to));
    to.out.end_array();
  }
  write_tool_config(to, functions, mixed);
  return {};
}

}  // namespace penstock::dialect::gemini
