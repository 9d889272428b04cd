// A client's Responses stream. Events are folded as they pass, and the fold decides where one item
// ends and the next begins; so the last event, which repeats the whole answer, says what the deltas
// said. Each event is numbered, each item is opened and closed once.
#include <string>
#include <vector>

#include "dialect/openai_responses/errors.h"
#include "dialect/openai_responses/response_writer.h"
#include "dialect/openai_responses/responses.h"

namespace penstock::dialect::openai_responses {
namespace {

using hub::AnswerPart;
using hub::Event;
using hub::EventKind;
using hub::PartKind;

class ResponseStreamWriter final : public StreamWriter {
 public:
  ResponseStreamWriter(const AnswerContext& context, json::Composer& out)
      : context_(context),
        out_(out),
        response_(context_),
        sequence_(context.events_relayed),
        started_(context.events_relayed > 0) {}

  void on(const Event& event) override;
  void fail(const hub::ErrorNote& error) override;
  void heartbeat() override { out_.verbatim(": ping\n\n"); }

 private:
  struct Call {
    std::size_t part = 0;     // in parts()
    std::uint32_t index = 0;  // in `output`
    bool custom = false;
    bool unwrapped = false;  // its input is known when all of it is there
    bool closed = false;     // nothing more comes
    bool written = false;    // and that was told
    std::string head{};      // of its delta events
  };

  const hub::AnswerChoice& choice() const { return ResponseWriter::choice_of(fold_.answer()); }
  const std::vector<AnswerPart>& parts() const { return choice().parts; }
  bool last_is_cut(std::size_t part, bool ending) const {
    return ending && part + 1 == parts().size() && outcome_of(choice()).status != "completed";
  }
  OutputWriter& items() { return response_.items(); }

  void open_event(Bytes type);
  void close_event() { out_.end_object().verbatim("\n\n"); }
  // The members that say which item, and which part of it, an event is about.
  void place(Bytes index_name, std::uint32_t index);
  void response_event(Bytes type);
  void start();
  void content(const Event& event);
  void open_part();
  void open_message(const AnswerPart& part);
  void open_content(const AnswerPart& part);
  void open_reasoning(const AnswerPart& part);
  void open_summary();
  void open_call(const AnswerPart& part);
  void whole_item(const AnswerPart& part);
  template <class Item>
  void bare_item(Item write);
  void close_block(bool ending);
  void close_content();
  void close_message(bool ending);
  void close_reasoning();
  void close_calls(bool ending);
  void close_call(Call& call, bool ending);
  void delta_head(Bytes type, Bytes index_name, std::uint32_t index, std::string& head);
  void delta(Bytes head, Bytes text, Bytes tail);
  void call_delta(const Event& event);
  void annotation();
  void logprobs(hub::Raw list);
  void terminal();

  enum class Block : std::uint8_t { none, message, reasoning, hidden };

  const AnswerContext context_;
  json::Composer& out_;
  hub::Fold fold_{};
  ResponseWriter response_;
  std::uint64_t sequence_ = 0;
  std::uint32_t items_written_ = 0;
  Block block_ = Block::none;
  std::size_t block_part_ = 0;     // the part that is open
  std::size_t message_part_ = 0;   // the first part of the open message
  std::uint32_t block_index_ = 0;  // of the open item in `output`
  std::size_t logprobs_from_ = 0;  // in the fold's list: those of the open content part
  std::string block_id_{};
  std::string head_{};  // of the open block's delta events
  Bytes tail_{};
  std::vector<Call> calls_{};
  bool started_ = false;
  bool over_ = false;
};

// -- Events --

void ResponseStreamWriter::open_event(Bytes type) {
  out_.verbatim("event: ").verbatim(type).verbatim("\ndata: ");
  out_.begin_object().key("type").string(type);
  out_.key("sequence_number").unsigned_integer(sequence_++);
}

void ResponseStreamWriter::place(Bytes index_name, std::uint32_t index) {
  out_.key("item_id").string(block_id_).key("output_index").unsigned_integer(block_index_);
  out_.key(index_name).unsigned_integer(index);
}

void ResponseStreamWriter::response_event(Bytes type) {
  open_event(type);
  out_.key("response");
  response_.in_progress(fold_.answer(), out_);
  close_event();
}

void ResponseStreamWriter::start() {
  if (started_) return;
  started_ = true;
  response_event("response.created");
  response_event("response.in_progress");
}

void ResponseStreamWriter::delta_head(Bytes type, Bytes index_name, std::uint32_t index,
                                      std::string& head) {
  head = "event: ";
  head.append(type).append("\ndata: {\"type\":\"").append(type);
  head.append("\",\"item_id\":\"").append(block_id_);
  head.append("\",\"output_index\":").append(std::to_string(block_index_));
  if (!index_name.empty())
    head.append(",\"").append(index_name).append("\":").append(std::to_string(index));
  head.append(",\"delta\":\"");
}

void ResponseStreamWriter::delta(Bytes head, Bytes text, Bytes tail) {
  out_.verbatim(head).verbatim(text).verbatim(tail);
  out_.unsigned_integer(sequence_++).verbatim("}\n\n");
}

constexpr Bytes text_tail = "\",\"logprobs\":[],\"sequence_number\":";
constexpr Bytes plain_tail = "\",\"sequence_number\":";

void ResponseStreamWriter::on(const Event& event) {
  if (over_ || event.choice != 0) return;
  switch (event.kind) {
    case EventKind::ping:
      heartbeat();
      return;
    case EventKind::error:
      fail(*event.error);
      return;
    case EventKind::begin:
    case EventKind::usage:
    case EventKind::finish:
    case EventKind::block_end:
      fold_.on(event);
      return;
    case EventKind::end:
      fold_.on(event);
      start();
      terminal();
      return;
    case EventKind::tool_delta:
      start();
      fold_.on(event);
      call_delta(event);
      break;
    case EventKind::tool_close:
      if (event.call < calls_.size()) calls_[event.call].closed = true;
      return;
    case EventKind::logprobs:
      start();
      fold_.on(event);
      if (!event.custom) logprobs(event.raw);
      break;
    default:
      start();
      content(event);
      break;
  }
  if (!fold_.fits()) {
    hub::ErrorNote error;
    error.message = "The answer is longer than the gateway holds.";
    fail(error);
  }
}

// Events that may open a part.
void ResponseStreamWriter::content(const Event& event) {
  const std::size_t before = parts().size();
  fold_.on(event);
  if (parts().size() > before) open_part();
  switch (event.kind) {
    case EventKind::text:
    case EventKind::refusal:
      if (!event.text.empty()) delta(head_, event.text, tail_);
      break;
    case EventKind::thinking:
      if (block_ != Block::reasoning || event.text.empty()) break;
      if (head_.empty()) open_summary();
      delta(head_, event.text, tail_);
      break;
    case EventKind::citation:
      annotation();
      break;
    default:
      break;
  }
}

// -- Parts --

void ResponseStreamWriter::open_part() {
  const AnswerPart& part = parts().back();
  const ItemForm form = items().form_of(part);
  // A message goes on with another part, unless a signature is due behind the one before.
  const bool goes_on = form == ItemForm::message && block_ == Block::message &&
                       parts()[block_part_].signature.empty();
  if (goes_on) {
    close_content();
  } else {
    close_block(false);
    close_calls(false);
  }
  block_part_ = parts().size() - 1;
  switch (form) {
    case ItemForm::message:
      if (!goes_on) open_message(part);
      open_content(part);
      break;
    case ItemForm::reasoning:
      open_reasoning(part);
      break;
    case ItemForm::call:
      open_call(part);
      break;
    case ItemForm::whole:
      whole_item(part);
      break;
    case ItemForm::none:
      block_ = Block::hidden;
      break;
  }
}

void ResponseStreamWriter::open_message(const AnswerPart& part) {
  block_ = Block::message;
  message_part_ = block_part_;
  block_index_ = items_written_++;
  block_id_ = items().id_of(part, block_index_);
  open_event("response.output_item.added");
  out_.key("output_index").unsigned_integer(block_index_).key("item");
  items().message({}, {}, block_id_, "in_progress", out_);
  close_event();
}

void ResponseStreamWriter::open_content(const AnswerPart& part) {
  const auto index = static_cast<std::uint32_t>(block_part_ - message_part_);
  const bool refusal = part.kind == PartKind::refusal;
  open_event("response.content_part.added");
  place("content_index", index);
  out_.key("part").raw(refusal ? Bytes(R"({"type":"refusal","refusal":""})")
                               : Bytes(R"({"type":"output_text","text":"","annotations":[],)"
                                       R"("logprobs":[]})"));
  close_event();
  delta_head(refusal ? Bytes("response.refusal.delta") : Bytes("response.output_text.delta"),
             "content_index", index, head_);
  tail_ = refusal ? plain_tail : text_tail;
  logprobs_from_ = choice().logprobs.size();
}

void ResponseStreamWriter::open_reasoning(const AnswerPart& part) {
  block_ = Block::reasoning;
  block_index_ = items_written_++;
  block_id_ = items().id_of(part, block_index_);
  open_event("response.output_item.added");
  out_.key("output_index").unsigned_integer(block_index_).key("item").begin_object();
  out_.key("id").string(block_id_).key("type").raw("\"reasoning\"");
  out_.key("summary").begin_array().end_array().end_object();
  close_event();
  head_.clear();
  tail_ = plain_tail;
}

// Only with the first text: a reasoning item may have a signature and nothing to read.
void ResponseStreamWriter::open_summary() {
  open_event("response.reasoning_summary_part.added");
  place("summary_index", 0);
  out_.key("part").raw(R"({"type":"summary_text","text":""})");
  close_event();
  delta_head("response.reasoning_summary_text.delta", "summary_index", 0, head_);
}

void ResponseStreamWriter::open_call(const AnswerPart& part) {
  Call& call = calls_.emplace_back();
  call.part = block_part_;
  call.index = items_written_++;
  call.custom = items().is_custom(part);
  call.unwrapped = call.custom && !part.custom;
  block_ = Block::none;
  block_index_ = call.index;
  block_id_ = items().id_of(part, call.index);
  open_event("response.output_item.added");
  out_.key("output_index").unsigned_integer(call.index).key("item");
  items().call(part, call.index, "in_progress", out_);
  close_event();
  delta_head(call.custom ? Bytes("response.custom_tool_call_input.delta")
                         : Bytes("response.function_call_arguments.delta"),
             {}, 0, call.head);
}

// An item that comes at once.
template <class Item>
void ResponseStreamWriter::bare_item(Item write) {
  const std::uint32_t index = items_written_++;
  for (const Bytes type :
       {Bytes("response.output_item.added"), Bytes("response.output_item.done")}) {
    open_event(type);
    out_.key("output_index").unsigned_integer(index).key("item");
    write(index);
    close_event();
  }
}

void ResponseStreamWriter::whole_item(const AnswerPart& part) {
  block_ = Block::none;
  bare_item([&](std::uint32_t index) { items().whole(part, index, out_); });
}

// -- Ends --

void ResponseStreamWriter::close_block(bool ending) {
  const Block block = block_;
  block_ = Block::none;
  if (block == Block::message) {
    close_content();
    close_message(ending);
  } else if (block == Block::reasoning) {
    close_reasoning();
  } else if (block == Block::hidden && items().is_hidden(parts()[block_part_])) {
    const AnswerPart& part = parts()[block_part_];
    bare_item([&](std::uint32_t index) { items().reasoning(part, index, out_); });
  }
}

void ResponseStreamWriter::close_content() {
  const AnswerPart& part = parts()[block_part_];
  const auto index = static_cast<std::uint32_t>(block_part_ - message_part_);
  const bool refusal = part.kind == PartKind::refusal;
  Bytes logprobs = Bytes(choice().logprobs).substr(logprobs_from_);
  if (logprobs.starts_with(',')) logprobs.remove_prefix(1);
  open_event(refusal ? "response.refusal.done" : "response.output_text.done");
  place("content_index", index);
  out_.key(refusal ? "refusal" : "text").escaped_string(part.text);
  if (!refusal) {
    out_.key("logprobs").begin_array();
    if (!logprobs.empty()) out_.raw(logprobs);
    out_.end_array();
  }
  close_event();
  open_event("response.content_part.done");
  place("content_index", index);
  out_.key("part");
  items().content(part, logprobs, out_);
  close_event();
}

void ResponseStreamWriter::close_message(bool ending) {
  const AnswerPart& last = parts()[block_part_];
  const bool cut = last_is_cut(block_part_, ending);
  open_event("response.output_item.done");
  out_.key("output_index").unsigned_integer(block_index_).key("item");
  items().message(std::span(parts()).subspan(message_part_, block_part_ - message_part_ + 1),
                  choice().logprobs, block_id_, cut ? "incomplete" : "completed", out_);
  close_event();
  if (last.signature.empty()) return;
  bare_item([&](std::uint32_t index) { items().signature(last, index, out_); });
}

void ResponseStreamWriter::close_reasoning() {
  const AnswerPart& part = parts()[block_part_];
  if (!part.text.empty()) {
    open_event("response.reasoning_summary_text.done");
    place("summary_index", 0);
    out_.key("text").escaped_string(part.text);
    close_event();
    open_event("response.reasoning_summary_part.done");
    place("summary_index", 0);
    out_.key("part").begin_object().key("type").raw("\"summary_text\"");
    out_.key("text").escaped_string(part.text).end_object();
    close_event();
  }
  open_event("response.output_item.done");
  out_.key("output_index").unsigned_integer(block_index_).key("item");
  items().reasoning(part, block_index_, out_);
  close_event();
}

void ResponseStreamWriter::close_calls(bool ending) {
  for (Call& call : calls_) {
    if (!call.written && (call.closed || ending)) close_call(call, ending);
  }
}

void ResponseStreamWriter::close_call(Call& call, bool ending) {
  call.written = true;
  const AnswerPart& part = parts()[call.part];
  const Bytes text = items().call_text(part);
  // What could be told in no delta so far: an unwrapped input, or that there are no arguments.
  if (call.unwrapped || text != part.text) delta(call.head, text, plain_tail);
  open_event(call.custom ? "response.custom_tool_call_input.done"
                         : "response.function_call_arguments.done");
  out_.key("item_id").string(items().id_of(part, call.index));
  out_.key("output_index").unsigned_integer(call.index);
  if (!call.custom) out_.key("name").escaped_string(part.name);
  out_.key(call.custom ? "input" : "arguments").escaped_string(text);
  close_event();
  open_event("response.output_item.done");
  out_.key("output_index").unsigned_integer(call.index).key("item");
  items().call(part, call.index, last_is_cut(call.part, ending) ? "incomplete" : "completed", out_);
  close_event();
}

// -- What stands beside the text --

void ResponseStreamWriter::call_delta(const Event& event) {
  if (event.call >= calls_.size() || event.text.empty()) return;
  const Call& call = calls_[event.call];
  if (!call.unwrapped && !call.written) delta(call.head, event.text, plain_tail);
}

void ResponseStreamWriter::annotation() {
  const AnswerPart& part = parts().back();
  open_event("response.output_text.annotation.added");
  place("content_index", static_cast<std::uint32_t>(block_part_ - message_part_));
  out_.key("annotation_index").unsigned_integer(part.citations.size() - 1);
  out_.key("annotation");
  items().annotation(part.citations.back(), out_);
  close_event();
}

// Those of the text that was just written, in a delta without text of its own.
void ResponseStreamWriter::logprobs(hub::Raw list) {
  if (block_ != Block::message || parts()[block_part_].kind != PartKind::text) return;
  out_.verbatim(head_).verbatim("\",\"logprobs\":").verbatim(list);
  out_.verbatim(",\"sequence_number\":").unsigned_integer(sequence_++).verbatim("}\n\n");
}

void ResponseStreamWriter::terminal() {
  over_ = true;
  close_block(true);
  close_calls(true);
  for (const Call& call : calls_) {
    const AnswerPart& part = parts()[call.part];
    if (part.signature.empty()) continue;
    bare_item([&](std::uint32_t index) { items().signature(part, index, out_); });
  }
  const Bytes status = outcome_of(choice()).status;
  open_event(status == "incomplete" ? "response.incomplete"
             : status == "failed"   ? "response.failed"
                                    : "response.completed");
  out_.key("response");
  response_.finished(fold_.answer(), out_);
  close_event();
}

void ResponseStreamWriter::fail(const hub::ErrorNote& error) {
  if (over_) return;
  start();
  over_ = true;
  open_event("error");
  out_.key("error");
  write_error_object(error, out_);
  close_event();
  open_event("response.failed");
  out_.key("response");
  response_.failed(fold_.answer(), error, out_);
  close_event();
}

}  // namespace

std::unique_ptr<StreamWriter> stream_writer(const AnswerContext& context, json::Composer& out) {
  return std::make_unique<ResponseStreamWriter>(context, out);
}

}  // namespace penstock::dialect::openai_responses
