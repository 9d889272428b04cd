// Tools, which of them are to be called, the form of the answer.
#include <algorithm>
#include <array>

#include "dialect/openai_responses/request_writing.h"

namespace penstock::dialect::openai_responses {
namespace {

using Mode = hub::ToolChoice::Mode;
using Format = hub::ResponseFormat::Kind;

bool is_custom(Bytes name, const hub::Request& request) {
  return std::ranges::any_of(request.tools, [&](const hub::Tool& tool) {
    return tool.kind == hub::ToolKind::custom && tool.name == name;
  });
}

void write_named(Bytes name, const hub::Request& request, json::Writer& out) {
  out.begin_object().key("type").raw(is_custom(name, request) ? "\"custom\"" : "\"function\"");
  out.key("name").escaped_string(name).end_object();
}

// Chat has a grammar's members in an object of their own, Responses beside its type.
void write_format(hub::Raw format, json::Writer& out) {
  json::Document document;
  const auto read = document.read(format, json::Judge::answer);
  if (!read || !(*read)["grammar"].is_object()) {
    out.raw(format);
    return;
  }
  const json::View grammar = (*read)["grammar"];
  out.begin_object().key("type").raw("\"grammar\"");
  for (const Bytes key : {"syntax", "definition"}) {
    if (grammar[key]) out.key(key).raw(grammar[key].raw());
  }
  out.end_object();
}

}  // namespace

void write_tool(const hub::Tool& tool, bool lenient, json::Writer& out) {
  if (tool.kind == hub::ToolKind::server) {
    out.raw(tool.raw);
    return;
  }
  const bool custom = tool.kind == hub::ToolKind::custom;
  out.begin_object().key("type").raw(custom ? "\"custom\"" : "\"function\"");
  out.key("name").escaped_string(tool.name);
  if (!tool.description.empty()) out.key("description").escaped_string(tool.description);
  if (custom) {
    if (!tool.raw.empty()) write_format(tool.raw, out.key("format"));
  } else {
    out.key("parameters");
    out.raw(tool.schema.empty() ? Bytes(R"({"type":"object","properties":{}})") : tool.schema);
    // Left out, it means strict here, but not in the dialects of other clients.
    if (tool.strict || lenient) out.key("strict").boolean(tool.strict.value_or(false));
  }
  out.end_object();
}

void write_tool_choice(const hub::ToolChoice& choice, const hub::Request& request,
                       json::Writer& out) {
  switch (choice.mode) {
    case Mode::none:
      out.raw("\"none\"");
      return;
    case Mode::unset:
    case Mode::automatic:
      out.raw("\"auto\"");
      return;
    case Mode::required:
      out.raw("\"required\"");
      return;
    case Mode::named:
      write_named(choice.name, request, out);
      return;
    case Mode::allowed:
      break;
  }
  out.begin_object().key("type").raw("\"allowed_tools\"");
  out.key("mode").raw(choice.required ? "\"required\"" : "\"auto\"");
  out.key("tools").begin_array();
  for (const Bytes name : choice.names) write_named(name, request, out);
  out.end_array().end_object();
}

void write_text(const hub::Request& request, json::Writer& out) {
  const hub::ResponseFormat& format = request.format;
  out.begin_object().key("format").begin_object().key("type");
  if (format.kind == Format::json_object) {
    out.raw("\"json_object\"");
  } else if (format.kind == Format::json_schema) {
    out.raw("\"json_schema\"");
    out.key("name").escaped_string(format.name.empty() ? Bytes("answer") : format.name);
    if (!format.description.empty()) out.key("description").escaped_string(format.description);
    out.key("schema").raw(format.schema.empty() ? Bytes("{}") : format.schema);
    if (format.strict) out.key("strict").boolean(*format.strict);
  } else {
    out.raw("\"text\"");
  }
  out.end_object();
  if (!request.verbosity.empty()) out.key("verbosity").escaped_string(request.verbosity);
  out.end_object();
}

Bytes effort_word(hub::Effort effort) {
  constexpr std::array<Bytes, 8> words{"",       "none", "minimal", "low",
                                       "medium", "high", "xhigh",   "max"};
  return words[static_cast<std::size_t>(effort)];
}

hub::Effort effort_of(const hub::Reasoning& reasoning) {
  constexpr std::int64_t low_max = 2048;
  constexpr std::int64_t medium_max = 8192;
  if (reasoning.effort != hub::Effort::unset || !reasoning.budget || *reasoning.budget < 0)
    return reasoning.effort;
  if (*reasoning.budget == 0) return hub::Effort::none;
  if (*reasoning.budget <= low_max) return hub::Effort::low;
  return *reasoning.budget <= medium_max ? hub::Effort::medium : hub::Effort::high;
}

}  // namespace penstock::dialect::openai_responses
