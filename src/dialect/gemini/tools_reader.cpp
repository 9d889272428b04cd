// Reads `tools` and `toolConfig`.
#include "dialect/gemini/config_reader.h"
#include "dialect/gemini/schema.h"

namespace penstock::dialect::gemini {
namespace {

std::unexpected<Error> invalid(RequestIssue& issue, Bytes path, Bytes reason) {
  issue.param = path;
  issue.reason = reason;
  return fail(Code::invalid_value, Side::client);
}

Result<> read_function(json::View declaration, hub::Request& out, RequestIssue& issue) {
  hub::Tool& tool = out.tools.emplace_back();
  for (const json::View value : declaration) {
    if (!value) continue;
    if (value.key_is("name")) tool.name = value.text();
    if (value.key_is("description")) tool.description = value.text();
    if (key_is(value, "parametersJsonSchema", "parameters_json_schema")) tool.schema = value.raw();
    if (value.key_is("parameters")) {
      json::Composer schema;
      write_json_schema(value, schema);
      tool.schema = out.keep(std::string(schema.text()));
    }
  }
  if (tool.name.empty()) {
    return invalid(issue, "tools[].functionDeclarations[].name", "A function has a name.");
  }
  return {};
}

// A tool that Google runs itself, an entry of its own.
void read_server_tool(json::View value, hub::Request& out) {
  hub::Tool& tool = out.tools.emplace_back();
  tool.kind = hub::ToolKind::server;
  tool.issuer = hub::Issuer::gemini;
  tool.name = value.key();
  std::string entry = "{\"";
  entry.append(value.key()).append("\":").append(value.raw()).append("}");
  tool.raw = out.keep(std::move(entry));
  tool.web_search = key_is(value, "googleSearch", "google_search") ||
                    key_is(value, "googleSearchRetrieval", "google_search_retrieval");
  if (!tool.web_search) return;
  hub::WebSearch& search = out.web_search.emplace();
  const json::View excluded = member(value, "excludeDomains", "exclude_domains");
  if (excluded.is_array() && !excluded.empty()) search.blocked_domains = excluded.raw();
}

// The declared schema is closed, as those that strict calls ask for must be.
bool is_closed(hub::Raw schema) {
  return schema.find("\"additionalProperties\":false") != Bytes::npos ||
         schema.find("\"additionalProperties\": false") != Bytes::npos;
}

void read_mode(json::View mode, hub::Request& out) {
  using Mode = hub::ToolChoice::Mode;
  const auto number = mode.integer();
  const auto is = [&](Bytes upper, Bytes lower, std::int64_t value) {
    return mode.is(upper) || mode.is(lower) || number == value;
  };
  hub::ToolChoice& choice = out.tool_choice;
  const std::size_t names = choice.names.size();
  if (is("NONE", "none", 3)) {
    choice.mode = Mode::none;
  } else if (is("ANY", "any", 2)) {
    choice.mode = names == 0 ? Mode::required : names == 1 ? Mode::named : Mode::allowed;
    choice.required = true;
  } else if (is("VALIDATED", "validated", 4)) {
    choice.mode = names == 0 ? Mode::automatic : Mode::allowed;
    for (hub::Tool& tool : out.tools) {
      if (tool.kind == hub::ToolKind::function && is_closed(tool.schema)) tool.strict = true;
    }
  } else if (is("AUTO", "auto", 1)) {
    choice.mode = Mode::automatic;
  }
  if (choice.mode == Mode::named) choice.name = choice.names[0];
  if (choice.mode != Mode::allowed) {
    choice.names.clear();
    choice.required = false;
  }
}

}  // namespace

Result<> read_tools(json::View tools, hub::Request& out, RequestIssue& issue) {
  return for_each(tools, [&](json::View entry) -> Result<> {
    if (!entry.is_object()) return invalid(issue, "tools", "A tool is an object.");
    for (const json::View value : entry) {
      if (value.is_null()) continue;
      if (key_is(value, "functionDeclarations", "function_declarations")) {
        PENSTOCK_CHECK(for_each(
            value, [&](json::View declaration) { return read_function(declaration, out, issue); }));
      } else {
        read_server_tool(value, out);
      }
    }
    return {};
  });
}

Result<> read_tool_config(json::View config, hub::Request& out, RequestIssue& issue) {
  if (!config) return {};
  if (!config.is_object()) return invalid(issue, "toolConfig", "toolConfig is an object.");
  for (const json::View value : config) {
    if (value.is_null()) continue;
    if (!key_is(value, "functionCallingConfig", "function_calling_config")) {
      out.extra.push_back(
          {.key = out.keep("toolConfig." + std::string(value.key())), .value = value.raw()});
      continue;
    }
    PENSTOCK_CHECK(for_each(member(value, "allowedFunctionNames", "allowed_function_names"),
                            [&](json::View name) -> Result<> {
                              out.tool_choice.names.push_back(name.text());
                              return {};
                            }));
    read_mode(value["mode"], out);
  }
  return {};
}

}  // namespace penstock::dialect::gemini
