// Reads a client's generateContent body. Which model and whether to stream stand in the path, so
// the caller fills them in.
#include "dialect/gemini/config_reader.h"
#include "dialect/gemini/content_reader.h"

namespace penstock::dialect::gemini {
namespace {

struct Members {
  json::View contents, instruction, tools, tool_config, generation;
};

// Takes the members apart; what has no word in the hub becomes `extra`.
Members members_of(json::View body, hub::Request& out) {
  Members members;
  for (const json::View value : body) {
    if (value.is_null()) continue;
    if (value.key_is("contents")) {
      members.contents = value;
    } else if (key_is(value, "systemInstruction", "system_instruction")) {
      members.instruction = value;
    } else if (value.key_is("tools")) {
      members.tools = value;
    } else if (key_is(value, "toolConfig", "tool_config")) {
      members.tool_config = value;
    } else if (key_is(value, "generationConfig", "generation_config")) {
      members.generation = value;
    } else if (key_is(value, "serviceTier", "service_tier")) {
      out.service_tier = value.is("standard") ? Bytes("default") : value.text();
    } else if (!value.key_is("model")) {
      out.extra.push_back({.key = value.key(), .value = value.raw()});
    }
  }
  return members;
}

}  // namespace

Result<> read_request(json::View body, hub::Request& out, RequestIssue& issue) {
  out.issuer = hub::Issuer::gemini;
  if (!body.is_object()) {
    issue.reason = "The body is a JSON object.";
    return fail(Code::invalid_value, Side::client);
  }
  const Members members = members_of(body, out);
  if (members.contents.empty()) {
    issue.param = "contents";
    issue.reason = "contents is not specified.";
    return fail(Code::missing_field, Side::client);
  }
  ContentReader reader(out, issue);
  PENSTOCK_CHECK(reader.system_instruction(members.instruction));
  PENSTOCK_CHECK(reader.contents(members.contents));
  PENSTOCK_CHECK(read_tools(members.tools, out, issue));
  PENSTOCK_CHECK(read_tool_config(members.tool_config, out, issue));
  return read_generation_config(members.generation, out, issue);
}

}  // namespace penstock::dialect::gemini
