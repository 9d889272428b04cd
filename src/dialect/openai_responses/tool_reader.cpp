// Tools, which of them are to be called, and the form of the answer.
#include <array>

#include "dialect/openai_responses/request_reading.h"
#include "dialect/web_search.h"

namespace penstock::dialect::openai_responses {
namespace {

using hub::ToolKind;
using Mode = hub::ToolChoice::Mode;
using Format = hub::ResponseFormat::Kind;

std::optional<bool> read_flag(json::View value) {
  return value.is_bool() ? std::optional(value.is_true()) : std::nullopt;
}

std::string tool_place(std::uint32_t at, Bytes field) {
  return "tools[" + std::to_string(at) + "]." + std::string(field);
}

Result<> read_tool(json::View tool, std::uint32_t at, Reading& reading) {
  const json::View type = tool["type"];
  if (!tool.is_object() || type.text().empty()) return reading.missing(tool_place(at, "type"));
  hub::Tool& out = reading.request.tools.emplace_back();
  out.cache = read_cache_mark(tool);
  const bool custom = type.is("custom");
  if (!custom && !type.is("function")) {
    out.kind = ToolKind::server;
    out.issuer = hub::Issuer::openai;
    out.raw = tool.raw();
    out.name = tool["name"].text();
    out.web_search = type.text().starts_with("web_search");
    if (out.web_search) reading.request.web_search = read_web_search(tool);
    return {};
  }
  if (tool["name"].text().empty()) return reading.missing(tool_place(at, "name"));
  out.name = tool["name"].text();
  out.description = tool["description"].text();
  if (custom) {
    out.kind = ToolKind::custom;
    if (tool["format"]) out.raw = tool["format"].raw();
    return {};
  }
  const json::View schema = tool["parameters"];
  if (schema && !schema.is_object())
    return reading.wrong(tool_place(at, "parameters"), "It must be a JSON Schema object.");
  if (schema) out.schema = schema.raw();
  out.strict = read_flag(tool["strict"]);
  return {};
}

Result<> read_allowed(json::View choice, Reading& reading) {
  hub::ToolChoice& out = reading.request.tool_choice;
  if (!choice["tools"].is_array())
    return reading.wrong("tool_choice.tools", "It must be an array of tools.");
  out.mode = Mode::allowed;
  out.required = choice["mode"].is("required");
  for (const json::View tool : choice["tools"]) {
    if (!tool["name"].text().empty()) out.names.push_back(tool["name"].text());
  }
  return {};
}

hub::Effort read_effort(json::View effort) {
  constexpr std::array<Bytes, 7> words{"none", "minimal", "low", "medium", "high", "xhigh", "max"};
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (effort.is(words[i])) return static_cast<hub::Effort>(i + 1);
  }
  return hub::Effort::unset;
}

Result<> read_format(json::View format, Reading& reading) {
  hub::ResponseFormat& out = reading.request.format;
  const json::View type = format["type"];
  if (type.is("text")) {
    out.kind = Format::text;
  } else if (type.is("json_object")) {
    out.kind = Format::json_object;
  } else if (type.is("json_schema")) {
    if (format["name"].text().empty()) return reading.missing("text.format.name");
    if (!format["schema"].is_object())
      return reading.wrong("text.format.schema", "It must be a JSON Schema object.");
    out.kind = Format::json_schema;
    out.name = format["name"].text();
    out.description = format["description"].text();
    out.schema = format["schema"].raw();
    out.strict = read_flag(format["strict"]);
  } else {
    return reading.wrong("text.format.type", "It must be text, json_object or json_schema.");
  }
  return {};
}

}  // namespace

Result<> read_tools(json::View tools, Reading& reading) {
  if (!tools.is_array()) return reading.wrong("tools", "It must be an array.");
  reading.request.tools.reserve(tools.size());
  std::uint32_t at = 0;
  for (const json::View tool : tools) PENSTOCK_CHECK(read_tool(tool, at++, reading));
  return {};
}

Result<> read_tool_choice(json::View choice, Reading& reading) {
  hub::ToolChoice& out = reading.request.tool_choice;
  if (choice.is_string()) {
    if (choice.is("none"))
      out.mode = Mode::none;
    else if (choice.is("auto"))
      out.mode = Mode::automatic;
    else if (choice.is("required"))
      out.mode = Mode::required;
    else
      return reading.wrong("tool_choice", "It must be none, auto, required or a tool.");
    return {};
  }
  if (!choice.is_object())
    return reading.wrong("tool_choice", "It must be none, auto, required or a tool.");
  const json::View type = choice["type"];
  if (type.text().empty()) return reading.missing("tool_choice.type");
  if (type.is("allowed_tools")) return read_allowed(choice, reading);
  if (type.is("function") || type.is("custom")) {
    if (choice["name"].text().empty()) return reading.missing("tool_choice.name");
    out.mode = Mode::named;
    out.name = choice["name"].text();
    return {};
  }
  // A hosted tool: for the provider that has it.
  reading.request.extra.push_back({"tool_choice", choice.raw()});
  return {};
}

Result<> read_text(json::View text, Reading& reading) {
  if (!text.is_object()) return reading.wrong("text", "It must be an object.");
  reading.request.verbosity = text["verbosity"].text();
  return text["format"] ? read_format(text["format"], reading) : Result<>();
}

Result<> read_reasoning(json::View reasoning, Reading& reading) {
  if (!reasoning.is_object()) return reading.wrong("reasoning", "It must be an object.");
  hub::Reasoning& out = reading.request.reasoning;
  out.effort = read_effort(reasoning["effort"]);
  if (reasoning["effort"] && out.effort == hub::Effort::unset)
    return reading.wrong("reasoning.effort",
                         "It must be none, minimal, low, medium, high, xhigh or max.");
  // The older name is still sent.
  const json::View summary =
      reasoning["summary"] ? reasoning["summary"] : reasoning["generate_summary"];
  out.summary = summary.text();
  if (!out.summary.empty()) out.show = true;
  for (const Bytes member : {Bytes("mode"), Bytes("context")}) {
    if (!reasoning[member]) continue;
    const Bytes key = member == "mode" ? "reasoning.mode" : "reasoning.context";
    reading.request.extra.push_back({key, reasoning[member].raw()});
  }
  return {};
}

}  // namespace penstock::dialect::openai_responses
