#include "dialect/anthropic/tool_reader.h"

#include "dialect/anthropic/words.h"
#include "dialect/web_search.h"

namespace penstock::dialect::anthropic {
namespace {

using hub::Tool;
using hub::ToolKind;
using Mode = hub::ToolChoice::Mode;

bool is_known(json::View member) {
  for (const Bytes name :
       {"type", "name", "description", "input_schema", "strict", "cache_control"}) {
    if (member.key_is(name)) return true;
  }
  return false;
}

// A tool without a type, or of type `custom`, is a function; all others are Anthropic's own.
Result<> read_tool(json::View value, const Path& path, Judge& judge, hub::Request& request) {
  if (!value.is_object()) return judge.invalid(path, "Input should be a valid dictionary");
  const json::View type = value["type"];
  Tool& out = request.tools.emplace_back();
  out.cache = ttl_of(value["cache_control"]);
  if (type && !type.is("custom")) {
    PENSTOCK_TRY(word, judge.demand_text(type, path.member("type")));
    PENSTOCK_TRY(name, judge.text(value["name"], path.member("name")));
    out.kind = ToolKind::server;
    out.name = name.empty() ? word : name;
    out.raw = value.raw();
    out.issuer = hub::Issuer::anthropic;
    out.web_search = word.starts_with("web_search_");
    if (out.web_search) request.web_search = read_web_search(value);
    return {};
  }
  PENSTOCK_TRY(name, judge.demand_text(value["name"], path.member("name")));
  PENSTOCK_TRY(description, judge.text(value["description"], path.member("description")));
  PENSTOCK_TRY(strict, judge.flag(value["strict"], path.member("strict")));
  const json::View schema = value["input_schema"];
  if (!schema.exists()) return judge.missing(path.member("input_schema"));
  if (!schema.is_object())
    return judge.invalid(path.member("input_schema"), "Input should be a valid dictionary");
  out.name = name;
  out.description = description;
  out.strict = strict;
  out.schema = schema.raw();
  for (const json::View member : value) {
    if (is_known(member) || !member) continue;
    out.raw = value.raw();  // defer_loading and its like, for Anthropic's models
    out.issuer = hub::Issuer::anthropic;
  }
  return {};
}

}  // namespace

Result<> read_tools(json::View tools, const Path& path, Judge& judge, hub::Request& out) {
  if (!tools.is_array()) return judge.invalid(path, "Input should be a valid array");
  out.tools.reserve(tools.size());
  std::uint32_t index = 0;
  for (const json::View tool : tools) {
    PENSTOCK_CHECK(read_tool(tool, path.at(index++), judge, out));
  }
  return {};
}

Result<> read_tool_choice(json::View choice, const Path& path, Judge& judge, hub::Request& out) {
  if (!choice.is_object()) return judge.invalid(path, "Input should be a valid dictionary");
  const json::View type = choice["type"];
  if (!type.exists()) return judge.missing(path.member("type"));
  const Path name_path = path.member("name");
  const Path parallel_path = path.member("disable_parallel_tool_use");
  if (type.is("auto")) {
    out.tool_choice.mode = Mode::automatic;
  } else if (type.is("any")) {
    out.tool_choice.mode = Mode::required;
  } else if (type.is("none")) {
    out.tool_choice.mode = Mode::none;
  } else if (type.is("tool")) {
    PENSTOCK_TRY(name, judge.demand_text(choice["name"], name_path));
    out.tool_choice.mode = Mode::named;
    out.tool_choice.name = name;
  } else {
    return judge.invalid(path.member("type"), "Input should be 'auto', 'any', 'tool' or 'none'");
  }
  PENSTOCK_TRY(disabled, judge.flag(choice["disable_parallel_tool_use"], parallel_path));
  if (disabled) out.parallel_tool_calls = !*disabled;
  return {};
}

}  // namespace penstock::dialect::anthropic
