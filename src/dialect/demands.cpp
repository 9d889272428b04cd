#include "dialect/demands.h"

#include <algorithm>

#include "dialect/loss.h"
#include "penstock/json_document.h"

namespace penstock::dialect {
namespace {

using hub::ToolChoice;
using hub::ToolKind;

// The choice may fall on that tool.
bool may_be_called(const hub::Tool& tool, const ToolChoice& choice) {
  switch (choice.mode) {
    case ToolChoice::Mode::named:
      return tool.name == choice.name;
    case ToolChoice::Mode::allowed:
      return std::ranges::find(choice.names, tool.name) != choice.names.end();
    default:
      return true;
  }
}

// Only a tool of a server could be the one that must be called.
bool forces_a_server_tool(const hub::Request& request) {
  if (!forces_a_tool(request.tool_choice)) return false;
  bool server = false;
  for (const hub::Tool& tool : request.tools) {
    if (!may_be_called(tool, request.tool_choice)) continue;
    if (tool.kind != ToolKind::server) return false;
    server = true;
  }
  return server;
}

}  // namespace

bool forces_a_tool(const ToolChoice& choice) {
  return choice.mode == ToolChoice::Mode::required || choice.mode == ToolChoice::Mode::named ||
         (choice.mode == ToolChoice::Mode::allowed && choice.required);
}

Result<> judge_demands(const hub::Request& request, const Abilities& can, Losses& losses) {
  if (request.n.value_or(1) > 1 && !can.many_answers)
    return refuse("n", "The target gives one answer per request.", losses);
  const hub::MediaOutput& media = request.media_output;
  if (media.audio && !can.audio_output)
    return refuse(media.field, "The target does not answer in audio.", losses);
  if (media.image && !can.image_output)
    return refuse(media.field, "The target does not answer in images.", losses);
  if (wants_search(request) && !can.web_search)
    return refuse(search_field(request), "The target does not search the web.", losses);
  // A Responses client's choice of a hosted tool is no word of the hub's.
  const bool hosted = request.responses &&
                      std::ranges::find(request.extra, Bytes("tool_choice"), &hub::Extra::key) !=
                          request.extra.end();
  if ((hosted || forces_a_server_tool(request)) && !can.forced_server_tools)
    return refuse("tool_choice", "The tool that must be called cannot be forced at the target.",
                  losses);
  return {};
}

bool wants_search(const hub::Request& request) {
  return request.web_search &&
         (request.tool_choice.mode != ToolChoice::Mode::none || search_field(request) != "tools");
}

Bytes search_field(const hub::Request& request) {
  return std::ranges::any_of(request.tools, &hub::Tool::web_search) ? "tools"
                                                                    : "web_search_options";
}

Result<> emulate_custom_tool(const hub::Tool& tool, const TargetTraits& target, Losses& losses) {
  losses.emulate("tools");
  if (tool.raw.empty()) return {};
  json::Document document;
  const auto format = document.read(tool.raw, json::Judge::answer);
  if (format && (*format)["type"].is("text")) return {};
  return lose("tools.format", target, losses);
}

}  // namespace penstock::dialect
