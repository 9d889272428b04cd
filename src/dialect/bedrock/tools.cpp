#include "dialect/bedrock/tools.h"

#include <algorithm>
#include <unordered_set>

#include "dialect/bedrock/answer_events.h"
#include "dialect/demands.h"
#include "dialect/loss.h"
#include "dialect/web_search.h"

namespace penstock::dialect::bedrock {
namespace {

using hub::Part;
using hub::PartKind;
using hub::Tool;
using hub::ToolKind;
using Mode = hub::ToolChoice::Mode;

constexpr Bytes any_object = R"({"type":"object","properties":{}})";
constexpr Bytes web_search = R"({"systemTool":{"name":"nova_grounding"}})";

class ToolWriter {
 public:
  explicit ToolWriter(RequestJob& job)
      : job_(job),
        out_(job.out),
        offered_(job.request.tool_choice.names.begin(), job.request.tool_choice.names.end()) {}

  Result<> write() {
    if (job_.plan.json == Plan::Json::forced_tool) {
      open();
      specification(json_tool, job_.request.format.description, job_.request.format.schema);
    }
    const bool traces = has_traces();
    if (job_.request.tool_choice.mode == Mode::none && !job_.request.tools.empty()) {
      // There is no such choice: the model gets no tools, or, where it must, no hint of them.
      job_.losses.emulate("tool_choice");
      if (!traces) return {};
    }
    for (const Tool& tool : job_.request.tools) PENSTOCK_CHECK(one(tool));
    PENSTOCK_CHECK(search());
    if (!any_ && traces) made_up();
    if (!any_) return {};
    if (job_.cache.behind_tools() != hub::CacheTtl::none)
      job_.cache.write(job_.cache.behind_tools(), out_);
    out_.end_array();
    choice();
    out_.end_object();
    return {};
  }

 private:
  void open() {
    if (!any_) out_.key("toolConfig").begin_object().key("tools").begin_array();
    any_ = true;
  }

  bool has_traces() const {
    return std::ranges::any_of(job_.request.messages, [](const hub::Message& message) {
      return std::ranges::any_of(message.parts, [](const Part& part) {
        return part.kind == PartKind::tool_call || part.kind == PartKind::tool_result;
      });
    });
  }

  bool is_offered(const Tool& tool) const {
    return job_.request.tool_choice.mode != Mode::allowed || offered_.contains(tool.name);
  }

  Result<> one(const Tool& tool) {
    if (tool.kind == ToolKind::server) return server(tool);
    if (!is_offered(tool)) {
      job_.losses.emulate("tool_choice");
      return {};
    }
    if (tool.name.empty()) return refuse("tools", "A tool has no name.", job_.losses);
    open();
    if (tool.kind == ToolKind::custom) {
      PENSTOCK_CHECK(emulate_custom_tool(tool, job_.target, job_.losses));
      specification(tool.name, tool.description, custom_input_schema);
      return {};
    }
    const bool strict = tool.strict.value_or(false);
    if (strict && !job_.model.json_schema)
      PENSTOCK_CHECK(lose("tools.strict", job_.target, job_.losses));
    specification(tool.name, tool.description, tool.schema, strict && job_.model.json_schema);
    return {};
  }

  // Tools that the provider itself runs.
  Result<> server(const Tool& tool) {
    if (tool.issuer == hub::Issuer::bedrock && !tool.raw.empty()) {
      open();
      out_.raw(tool.raw);
      return {};
    }
    if (!tool.web_search)
      return refuse("tools", "The target does not run such a tool itself.", job_.losses);
    return {};  // below
  }

  // Nova's search, for which there are no options.
  Result<> search() {
    if (!wants_search(job_.request)) return {};
    open();
    out_.raw(web_search);
    job_.losses.emulate(search_field(job_.request));
    return lose_search_options(job_.request, {}, job_.target, job_.losses);
  }

  void specification(hub::Escaped name, hub::Escaped description, hub::Raw schema,
                     bool strict = false) {
    out_.begin_object().key("toolSpec").begin_object().key("name").escaped_string(name);
    if (!description.empty()) out_.key("description").escaped_string(description);
    out_.key("inputSchema").begin_object().key("json");
    input_schema(schema);
    out_.end_object();
    if (strict) out_.key("strict").boolean(true);
    out_.end_object().end_object();
  }

  // Converse wants the schema of an object, and says so of one without a type. Nova knows no
  // $schema.
  void input_schema(hub::Raw schema) {
    const auto read = job_.document.read(schema, json::Judge::answer);
    if (!read || !read->is_object() || read->empty()) {
      out_.raw(any_object);
      return;
    }
    const bool typed = (*read)["type"].exists();
    const bool strip = job_.model.family == Family::nova && (*read)["$schema"].exists();
    if (typed && !strip) {
      out_.raw(schema);
      return;
    }
    out_.begin_object();
    if (!typed) out_.key("type").string("object");
    for (const json::View member : *read) {
      if (strip && member.key_is("$schema")) continue;
      out_.escaped_string(member.key()).verbatim(":").raw(member.raw());
    }
    out_.end_object();
  }

  void made_up() {
    std::unordered_set<Bytes> names;
    for (const hub::Message& message : job_.request.messages) {
      for (const Part& part : message.parts) {
        if (part.kind != PartKind::tool_call || part.name.empty()) continue;
        if (!names.insert(part.name).second) continue;
        open();
        specification(part.name, {}, any_object);
      }
    }
  }

  void choice() {
    if (job_.plan.json == Plan::Json::forced_tool) {
      out_.key("toolChoice").begin_object().key("tool").begin_object();
      out_.key("name").string(json_tool).end_object().end_object();
      return;
    }
    const hub::ToolChoice& choice = job_.request.tool_choice;
    const bool forced = forces_a_tool(choice);
    if (choice.mode == Mode::unset || choice.mode == Mode::none) return;
    out_.key("toolChoice");
    if (forced && !job_.model.forced_choice) {
      job_.losses.emulate("tool_choice");  // by an instruction in the system prompt
      out_.raw(R"({"auto":{}})");
    } else if (choice.mode == Mode::named) {
      out_.begin_object().key("tool").begin_object().key("name").escaped_string(choice.name);
      out_.end_object().end_object();
    } else {
      out_.raw(forced ? R"({"any":{}})" : R"({"auto":{}})");
    }
  }

  RequestJob& job_;
  json::Composer& out_;
  std::unordered_set<Bytes> offered_;  // of a choice among named tools
  bool any_ = false;
};

}  // namespace

Result<> write_tools(RequestJob& job) {
  return ToolWriter(job).write();
}

}  // namespace penstock::dialect::bedrock
