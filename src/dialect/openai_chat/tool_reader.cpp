// Tools, which of them are to be called, and the form of the answer.
#include <algorithm>

#include "dialect/openai_chat/request_reading.h"
#include "dialect/web_search.h"

namespace penstock::dialect::openai_chat {
namespace {

using hub::ToolChoice;
using hub::ToolKind;
using Mode = hub::ToolChoice::Mode;
using Format = hub::ResponseFormat::Kind;

// {"name","description","parameters","strict"}.
Result<> read_function(json::View function, const Path& path, hub::Tool& out, Judge& judge) {
  if (!function.is_object()) return judge.missing(path);
  PENSTOCK_TRY(name, judge.demand_text(function["name"], path.member("name")));
  PENSTOCK_TRY(description, judge.text(function["description"], path.member("description")));
  PENSTOCK_TRY(schema, judge.object(function["parameters"], path.member("parameters")));
  PENSTOCK_TRY(strict, judge.flag(function["strict"], path.member("strict")));
  out.name = name;
  out.description = description;
  out.schema = schema;
  out.strict = strict;
  if (out.cache == hub::CacheTtl::none) out.cache = cache_mark(function);
  return {};
}

Result<> read_tool(json::View tool, const Path& path, Judge& judge) {
  if (!tool.is_object()) return judge.invalid(path, "Invalid type: expected an object.");
  PENSTOCK_TRY(type, judge.demand_text(tool["type"], path.member("type")));
  hub::Tool& out = judge.request().tools.emplace_back();
  out.cache = cache_mark(tool);
  if (type == "function")
    return read_function(tool["function"], path.member("function"), out, judge);
  if (type == "custom") {
    const Path place = path.member("custom");
    const json::View custom = tool["custom"];
    if (!custom.is_object()) return judge.missing(place);
    PENSTOCK_TRY(name, judge.demand_text(custom["name"], place.member("name")));
    PENSTOCK_TRY(description, judge.text(custom["description"], place.member("description")));
    out.kind = ToolKind::custom;
    out.name = name;
    out.description = description;
    if (custom["format"]) out.raw = custom["format"].raw();
    return {};
  }
  // A tool that some server runs itself: of this dialect, or Anthropic's.
  out.kind = ToolKind::server;
  out.issuer = is_dated_type(type) ? hub::Issuer::anthropic : hub::Issuer::openai;
  out.name = type;
  out.raw = tool.raw();
  out.web_search = type.starts_with("web_search");
  if (out.web_search) judge.request().web_search = read_web_search(tool);
  return {};
}

// {"type":"function","function":{"name":"f"}}, also with the name beside the type.
Result<hub::Escaped> name_of(json::View choice, const Path& path, Judge& judge) {
  const Bytes holder = choice["type"].is("custom") ? "custom" : "function";
  const Path place = path.member(holder);
  const json::View inside = choice[holder];
  return judge.demand_text(inside ? inside["name"] : choice["name"], place.member("name"));
}

Result<> read_allowed(json::View choice, const Path& path, Judge& judge) {
  const Path place = path.member("allowed_tools");
  const json::View allowed = choice["allowed_tools"];
  if (!allowed.is_object()) return judge.missing(place);
  ToolChoice& out = judge.request().tool_choice;
  const json::View mode = allowed["mode"];
  if (mode && !mode.is("auto") && !mode.is("required"))
    return judge.invalid(place.member("mode"), "Invalid value: expected auto or required.");
  if (!allowed["tools"].is_array()) return judge.missing(place.member("tools"));
  // Every name is looked up among all tools.
  constexpr std::uint32_t names_max = 256;
  if (allowed["tools"].size() > names_max)
    return judge.invalid(place.member("tools"), "Invalid value: too many tools.");
  out.mode = Mode::allowed;
  out.required = mode.is("required");
  const Path list = place.member("tools");
  std::uint32_t at = 0;
  for (const json::View tool : allowed["tools"]) {
    PENSTOCK_TRY(name, name_of(tool, list.at(at++), judge));
    out.names.push_back(name);
  }
  return {};
}

}  // namespace

Result<> read_tools(json::View value, const Path& path, Judge& judge) {
  if (!value.is_array()) return judge.invalid(path, "Invalid type: expected an array.");
  judge.request().tools.reserve(value.size());
  std::uint32_t at = 0;
  for (const json::View tool : value) {
    const Path place = path.at(at++);
    PENSTOCK_CHECK(read_tool(tool, place, judge));
  }
  return {};
}

Result<> read_functions(json::View value, const Path& path, Judge& judge) {
  if (!value.is_array()) return judge.invalid(path, "Invalid type: expected an array.");
  judge.request().legacy_functions = true;
  std::uint32_t at = 0;
  for (const json::View function : value) {
    const Path place = path.at(at++);
    PENSTOCK_CHECK(read_function(function, place, judge.request().tools.emplace_back(), judge));
  }
  return {};
}

Result<> read_tool_choice(json::View value, const Path& path, Judge& judge) {
  ToolChoice& out = judge.request().tool_choice;
  if (value.is("none")) {
    out.mode = Mode::none;
  } else if (value.is("auto")) {
    out.mode = Mode::automatic;
  } else if (value.is("required") || value.is("any")) {  // `any` is Mistral's word for it
    out.mode = Mode::required;
  } else if (value["type"].is("allowed_tools")) {
    return read_allowed(value, path, judge);
  } else if (value["type"].is("function") || value["type"].is("custom")) {
    PENSTOCK_TRY(name, name_of(value, path, judge));
    out.mode = Mode::named;
    out.name = name;
  } else if (value.is_object()) {
    return judge.invalid(path.member("type"),
                         "Invalid value: expected function, custom or allowed_tools.");
  } else {
    return judge.invalid(path, "Invalid value: expected none, auto, required or an object.");
  }
  return {};
}

Result<> read_function_choice(json::View value, const Path& path, Judge& judge) {
  ToolChoice& out = judge.request().tool_choice;
  if (value.is("none")) {
    out.mode = Mode::none;
  } else if (value.is("auto")) {
    out.mode = Mode::automatic;
  } else if (value.is_object()) {
    PENSTOCK_TRY(name, judge.demand_text(value["name"], path.member("name")));
    out.mode = Mode::named;
    out.name = name;
  } else {
    return judge.invalid(path, "Invalid value: expected none, auto or an object.");
  }
  return {};
}

Result<> check_tool_choice(const Path& path, Judge& judge) {
  const hub::Request& request = judge.request();
  const ToolChoice& choice = request.tool_choice;
  const auto is_declared = [&](hub::Escaped name) {
    return std::ranges::find(request.tools, name, &hub::Tool::name) != request.tools.end();
  };
  const bool must = choice.mode == Mode::required || choice.mode == Mode::named;
  if (must && request.tools.empty())
    return judge.invalid(path, "Invalid value: it needs tools, and there are none.");
  bool declared = choice.mode != Mode::named || is_declared(choice.name);
  for (const hub::Escaped name : choice.names) declared = declared && is_declared(name);
  if (!declared) return judge.invalid(path, "Invalid value: it names a tool that tools does not.");
  return {};
}

Result<> read_response_format(json::View value, const Path& path, Judge& judge) {
  hub::ResponseFormat& out = judge.request().format;
  PENSTOCK_CHECK(judge.object(value, path));
  PENSTOCK_TRY(type, judge.demand_text(value["type"], path.member("type")));
  if (type == "text") {
    out.kind = Format::text;
  } else if (type == "json_object") {
    out.kind = Format::json_object;
  } else if (type == "json_schema") {
    const Path place = path.member("json_schema");
    const json::View schema = value["json_schema"];
    if (!schema.is_object()) return judge.missing(place);
    PENSTOCK_TRY(name, judge.demand_text(schema["name"], place.member("name")));
    PENSTOCK_TRY(description, judge.text(schema["description"], place.member("description")));
    PENSTOCK_TRY(inside, judge.object(schema["schema"], place.member("schema")));
    PENSTOCK_TRY(strict, judge.flag(schema["strict"], place.member("strict")));
    out.kind = Format::json_schema;
    out.name = name;
    out.description = description;
    out.schema = inside;
    out.strict = strict;
  } else {
    return judge.invalid(path.member("type"),
                         "Invalid value: expected text, json_object or json_schema.");
  }
  return {};
}

}  // namespace penstock::dialect::openai_chat
