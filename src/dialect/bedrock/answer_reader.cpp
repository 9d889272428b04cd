// A whole answer of Converse (AWS API reference, Converse: Response Syntax).
#include "dialect/bedrock/answer_events.h"
#include "dialect/bedrock/errors.h"
#include "dialect/bedrock/reader.h"

namespace penstock::dialect::bedrock {
namespace {

class AnswerReader {
 public:
  AnswerReader(const TargetTraits& target, hub::EventSink& out) : events_(target), out_(out) {}

  void read(json::View content, json::View body) {
    events_.begin(out_);
    std::uint32_t place = 0;
    for (const json::View block : content) read_block(place++, block);
    events_.take_stop(body);
    events_.take_usage(body["usage"]);
    events_.finish(out_);
  }

 private:
  void read_block(std::uint32_t place, json::View block) {
    const json::View member = *block.begin();
    if (member.key_is("text")) {
      events_.text(place, member.text(), out_);
    } else if (member.key_is("toolUse")) {
      read_tool_use(place, member);
    } else if (member.key_is("reasoningContent")) {
      read_reasoning(place, member);
    } else if (member.key_is("citationsContent")) {
      for (const json::View text : member["content"])
        events_.text(place, text["text"].text(), out_);
      for (const json::View cited : member["citations"]) events_.citation(place, cited, out_);
    } else if (member.key_is("image")) {
      events_.image(member, out_);
    } else if (!member.key_is("toolResult")) {  // of a tool that the provider ran itself
      events_.opaque(block, out_);
    }
  }

  void read_tool_use(std::uint32_t place, json::View tool_use) {
    if (tool_use["type"].is("server_tool_use")) return;
    // The arguments are JSON here and a string's inside in the hub.
    escaped_.clear();
    escaped_.open_string().more(tool_use["input"].raw()).close_string();
    const Bytes text = escaped_.text().substr(1, escaped_.text().size() - 2);
    if (AnswerEvents::is_json_tool(tool_use)) {
      events_.text(place, text, out_);
      return;
    }
    const std::uint32_t call = events_.open_tool(tool_use, out_);
    events_.tool_input(call, text, out_);
    events_.close_tool(call, !text.empty(), out_);
  }

  void read_reasoning(std::uint32_t place, json::View reasoning) {
    if (const json::View blob = reasoning["redactedContent"]; blob.is_string())
      events_.redacted(blob.text(), out_);
    const json::View shown = reasoning["reasoningText"];
    if (!shown) return;
    events_.thinking(place, shown["text"].text(), out_);
    events_.signature(place, shown["signature"].text(), out_);
  }

  AnswerEvents events_;
  hub::EventSink& out_;
  json::Composer escaped_;
};

}  // namespace

Result<> read_answer(json::View body, const TargetTraits& target, hub::EventSink& out) {
  // An address that AWS does not know is answered with 200 and an error of its front end.
  if (body["Output"]["__type"] || body["__type"]) {
    hub::ErrorNote note;
    read_error(0, body, note);
    out.on({.kind = hub::EventKind::error, .error = &note});
    return {};
  }
  const json::View content = body["output"]["message"]["content"];
  if (!content.is_array() || !body["stopReason"].is_string())
    return fail(Code::malformed, Side::upstream);
  AnswerReader(target, out).read(content, body);
  return {};
}

}  // namespace penstock::dialect::bedrock
