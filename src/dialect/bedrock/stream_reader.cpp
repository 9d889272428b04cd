// ConverseStream (AWS API reference, ConverseStream: Response Syntax). Text and reasoning blocks
// have no start of their own, blocks may interleave, and what a payload pads itself with ("p") is
// never looked at.
#include <algorithm>
#include <vector>

#include "dialect/bedrock/answer_events.h"
#include "dialect/bedrock/errors.h"
#include "dialect/bedrock/reader.h"

namespace penstock::dialect::bedrock {
namespace {

std::unexpected<Error> malformed() {
  return fail(Code::malformed, Side::upstream);
}

class ConverseStreamReader final : public StreamReader {
 public:
  explicit ConverseStreamReader(const TargetTraits& target) : events_(target) {}

  Result<> frame(Bytes name, json::View data, hub::EventSink& out) override;
  Result<> finish(hub::EventSink& out) override;
  bool done() const override { return stopped_ && told_usage_; }

 private:
  // Far more than any model has open at a time or opens at all; a bound, no rule.
  static constexpr std::size_t open_max = 128;
  static constexpr std::uint32_t calls_max = 4096;

  enum class Use : std::uint8_t {
    call,    // the client's
    json,    // the answer itself
    server,  // the provider's own tools and their results: nobody else's business
  };
  struct Block {
    std::int64_t index;
    Use use;
    bool any;  // some input came
    std::uint32_t call;
  };

  Result<> block_start(json::View data, hub::EventSink& out);
  Result<> block_delta(json::View data, hub::EventSink& out);
  void reasoning(std::uint32_t index, json::View delta, hub::EventSink& out);
  Result<> tool_delta(std::int64_t index, json::View input, hub::EventSink& out);
  void close(std::int64_t index, hub::EventSink& out);
  Block* find(std::int64_t index);

  AnswerEvents events_;
  std::vector<Block> open_;  // those that had a start
  bool stopped_ = false;
  bool told_usage_ = false;
  bool failed_ = false;
};

ConverseStreamReader::Block* ConverseStreamReader::find(std::int64_t index) {
  const auto at = std::ranges::find(open_, index, &Block::index);
  return at != open_.end() ? &*at : nullptr;
}

Result<> ConverseStreamReader::frame(Bytes name, json::View data, hub::EventSink& out) {
  if (done() || failed_) return {};
  if (name == "contentBlockDelta") return block_delta(data, out);
  if (name == "contentBlockStart") return block_start(data, out);
  if (name == "contentBlockStop") {
    if (const auto index = data["contentBlockIndex"].integer()) close(*index, out);
  } else if (name == "messageStart") {
    events_.begin(out);
  } else if (name == "messageStop") {
    if (!data["stopReason"].is_string()) return malformed();
    events_.take_stop(data);
    stopped_ = true;
  } else if (name == "metadata") {
    events_.take_usage(data["usage"]);
    told_usage_ = true;
  } else if (name.ends_with("xception") || data["message"].is_string()) {
    hub::ErrorNote note;
    read_exception(name, data, note);
    failed_ = true;
    out.on({.kind = hub::EventKind::error, .error = &note});
  }
  return {};
}

Result<> ConverseStreamReader::block_start(json::View data, hub::EventSink& out) {
  const auto index = data["contentBlockIndex"].integer();
  if (!index) return malformed();
  events_.begin(out);
  const json::View start = data["start"];
  events_.image(start["image"], out);
  const json::View tool_use = start["toolUse"];
  if (!tool_use && !start["toolResult"]) return {};
  close(*index, out);
  if (open_.size() == open_max || events_.calls() == calls_max) return malformed();
  Block block{*index, Use::server, false, 0};
  if (tool_use && !tool_use["type"].is("server_tool_use")) {
    block.use = AnswerEvents::is_json_tool(tool_use) ? Use::json : Use::call;
    if (block.use == Use::call) block.call = events_.open_tool(tool_use, out);
  }
  open_.push_back(block);
  return {};
}

Result<> ConverseStreamReader::block_delta(json::View data, hub::EventSink& out) {
  const auto index = data["contentBlockIndex"].integer();
  if (!index || *index < 0 || *index > INT32_MAX) return malformed();
  const auto block = static_cast<std::uint32_t>(*index);
  events_.begin(out);
  const json::View delta = data["delta"];
  const json::View member = *delta.begin();
  if (member.key_is("text"))
    events_.text(block, member.text(), out);
  else if (member.key_is("toolUse"))
    return tool_delta(*index, member["input"], out);
  else if (member.key_is("reasoningContent"))
    reasoning(block, member, out);
  else if (member.key_is("citation"))
    events_.citation(block, member, out);
  else if (member.key_is("image"))
    events_.image(member, out);
  return {};
}

void ConverseStreamReader::reasoning(std::uint32_t index, json::View delta, hub::EventSink& out) {
  if (const json::View text = delta["text"]; text.is_string())
    events_.thinking(index, text.text(), out);
  if (const json::View signature = delta["signature"]; signature.is_string())
    events_.signature(index, signature.text(), out);
  if (const json::View blob = delta["redactedContent"]; blob.is_string())
    events_.redacted(blob.text(), out);
}

Result<> ConverseStreamReader::tool_delta(std::int64_t index, json::View input,
                                          hub::EventSink& out) {
  Block* const block = find(index);
  if (block == nullptr) return malformed();  // a call that has neither id nor name
  block->any = block->any || !input.text().empty();
  if (block->use == Use::call)
    events_.tool_input(block->call, input.text(), out);
  else if (block->use == Use::json)
    events_.text(static_cast<std::uint32_t>(index), input.text(), out);
  return {};
}

void ConverseStreamReader::close(std::int64_t index, hub::EventSink& out) {
  const Block* const block = find(index);
  if (block == nullptr) return;
  if (block->use == Use::call) events_.close_tool(block->call, block->any, out);
  open_.erase(open_.begin() + (block - open_.data()));
}

Result<> ConverseStreamReader::finish(hub::EventSink& out) {
  if (!done() || failed_) return malformed();
  events_.begin(out);
  while (!open_.empty()) close(open_.front().index, out);
  events_.finish(out);
  return {};
}

}  // namespace

std::unique_ptr<StreamReader> make_stream_reader(const TargetTraits& target) {
  return std::make_unique<ConverseStreamReader>(target);
}

}  // namespace penstock::dialect::bedrock
