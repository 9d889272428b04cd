#include "dialect/anthropic/stream_writer.h"

#include <utility>

#include "dialect/anthropic/answer_words.h"
#include "dialect/anthropic/errors.h"
#include "dialect/anthropic/usage.h"
#include "dialect/tool_id.h"

namespace penstock::dialect::anthropic {
namespace {

using hub::Event;
using hub::EventKind;
using hub::Issuer;

constexpr Bytes ping = "event: ping\ndata: {\"type\":\"ping\"}\n\n";
constexpr Bytes block_start =
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":";
constexpr Bytes block_delta =
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":";
constexpr Bytes block_stop =
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":";
constexpr Bytes text_head = ",\"delta\":{\"type\":\"text_delta\",\"text\":\"";
constexpr Bytes thinking_head = ",\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"";
constexpr Bytes arguments_head = ",\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"";
constexpr Bytes delta_end = "\"}}\n\n";

constexpr std::size_t waiting_max = 1024;

// JSON that must stand in one line of the stream: line ends occur between its values only.
void write_line(Bytes json, json::Writer& out) {
  for (std::size_t end = json.find_first_of("\r\n"); end != Bytes::npos;
       end = json.find_first_of("\r\n")) {
    out.verbatim(json.substr(0, end)).verbatim(" ");
    json.remove_prefix(end + 1);
  }
  out.verbatim(json);
}

}  // namespace

std::unique_ptr<StreamWriter> stream_writer(const AnswerContext& context, json::Composer& out) {
  return std::make_unique<BlockStream>(context, out);
}

void BlockStream::on(const Event& event) {
  if (ended_ || event.choice != 0) return;
  switch (event.kind) {
    case EventKind::begin:
      if (!started_) start(event.id, event.model);
      break;
    case EventKind::usage:
      usage_.take(*event.usage);
      break;
    case EventKind::finish:
      finish_ = event.finish;
      finish_text_ = event.text;
      break;
    case EventKind::error:
      fail(*event.error);
      break;
    case EventKind::ping:
      heartbeat();
      break;
    case EventKind::end:
      end();
      break;
    case EventKind::logprobs:  // has no place here
      break;
    default:
      if (!started_) start({}, {});
      if (must_wait(event))
        wait(event);
      else
        content(event);
      break;
  }
}

void BlockStream::fail(const hub::ErrorNote& error) {
  if (ended_) return;
  ended_ = true;
  out_.verbatim("event: error\ndata: ");
  write_error(error, out_);
  out_.verbatim("\n\n");
}

void BlockStream::heartbeat() {
  if (!ended_) out_.verbatim(ping);
}

void BlockStream::start(hub::Escaped id, hub::Escaped model) {
  started_ = true;
  out_.verbatim("event: message_start\ndata: ").begin_object();
  out_.key("type").string("message_start").key("message").begin_object();
  write_identity(id, model, context_, out_);
  out_.key("content").raw("[]").key("stop_reason").null().key("stop_sequence").null();
  out_.key("usage");
  write_usage(usage_, context_.input_tokens_estimate, 0, out_);
  out_.end_object().end_object().verbatim("\n\n").verbatim(ping);
}

void BlockStream::content(const Event& event) {
  switch (event.kind) {
    case EventKind::text:
    case EventKind::refusal:
      text(event);
      break;
    case EventKind::thinking:
      thinking(event.text);
      break;
    case EventKind::signature:
      signature(event);
      break;
    case EventKind::redacted:
      redacted(event);
      break;
    case EventKind::block_end:
      if (block_ != Block::tool) close();
      break;
    case EventKind::tool_open:
      tool_open(event.call, event.id, event.name);
      break;
    case EventKind::tool_delta:
      if (block_ == Block::tool) tool_delta(event.text);
      break;
    case EventKind::tool_close:
      if (block_ != Block::tool) break;
      tool_close();
      next_waiting();
      break;
    case EventKind::citation:
      if (event.citation != nullptr) citation(*event.citation);
      break;
    case EventKind::media:  // what the model drew or said: its words can be told
      if (!event.text.empty()) text(event);
      break;
    case EventKind::opaque:
      if (event.issuer == Issuer::anthropic) whole_block(event.raw);
      break;
    default:
      break;
  }
}

// -- Blocks --

void BlockStream::open(Block block, Bytes delta_head) {
  block_ = block;
  last_ = block;
  signature_.clear();
  delta_head_.assign(block_delta).append(std::to_string(index_)).append(delta_head);
  out_.verbatim(block_start).unsigned_integer(index_).verbatim(",\"content_block\":");
}

void BlockStream::delta(Bytes text) {
  out_.verbatim(delta_head_).verbatim(text).verbatim(delta_end);
}

// Ends the open block, whatever it is. Reasoning that nobody signed gets the gateway's mark.
void BlockStream::close() {
  if (block_ == Block::none) return;
  if (block_ == Block::tool) {
    tool_close();
    return;
  }
  if (block_ == Block::thinking) {
    if (signature_.empty()) append_signature(Issuer::none, {}, {}, signature_);
    out_.verbatim(block_delta).unsigned_integer(index_);
    out_.verbatim(",\"delta\":{\"type\":\"signature_delta\",\"signature\":\"");
    out_.verbatim(signature_).verbatim(delta_end);
  }
  out_.verbatim(block_stop).unsigned_integer(index_++).verbatim("}\n\n");
  const bool signed_text = block_ == Block::text && !signature_.empty();
  block_ = Block::none;
  if (!signed_text) return;
  const std::string signature = std::exchange(signature_, {});
  open(Block::thinking, thinking_head);
  out_.verbatim("{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}}\n\n");
  signature_ = signature;
  close();
}

void BlockStream::text(const Event& event) {
  if (event.kind == EventKind::refusal) refused_ = true;
  if (event.text.empty()) return;
  bytes_ += event.text.size();
  if (block_ != Block::text) {
    close();
    open(Block::text, text_head);
    out_.verbatim("{\"type\":\"text\",\"text\":\"\"}}\n\n");
  }
  delta(event.text);
}

void BlockStream::thinking(Bytes text) {
  // A signed block is complete.
  if (block_ != Block::thinking || !signature_.empty()) close();
  last_ = Block::thinking;
  bytes_ += text.size();
  if (!context_.show_reasoning || text.empty()) return;
  if (block_ != Block::thinking) {
    open(Block::thinking, thinking_head);
    out_.verbatim("{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}}\n\n");
  }
  delta(text);
}

void BlockStream::signature(const Event& event) {
  if (last_ == Block::tool) {
    if (block_ == Block::tool && !tool_started_) {
      block_ = Block::none;
      carried(event.issuer, tool_id_, event.text);
      block_ = Block::tool;
      last_ = Block::tool;
    } else if (block_ == Block::tool) {
      append_signature(event.issuer, tool_id_, event.text, signed_call_);
    } else {
      carried(event.issuer, tool_id_, event.text);
      last_ = Block::tool;
    }
    return;
  }
  if (last_ == Block::text && block_ == Block::text) {
    if (signature_.empty())
      append_signature(event.issuer, signed_text_id, event.text, signature_);
    else
      signature_.append(event.text);
    return;
  }
  if (block_ != Block::thinking) {
    close();
    open(Block::thinking, thinking_head);
    out_.verbatim("{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}}\n\n");
  }
  if (signature_.empty())
    append_signature(event.issuer, event.id, event.text, signature_);
  else
    signature_.append(event.text);
}

// A thinking block without text that holds nothing but another provider's signature.
void BlockStream::carried(Issuer issuer, hub::Escaped id, hub::Escaped signature) {
  open(Block::thinking, thinking_head);
  out_.verbatim("{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}}\n\n");
  append_signature(issuer, id, signature, signature_);
  close();
}

void BlockStream::redacted(const Event& event) {
  close();
  std::string data;
  append_signature(event.issuer, event.id, event.text, data);
  open(Block::thinking, {});
  out_.verbatim("{\"type\":\"redacted_thinking\",\"data\":\"").verbatim(data);
  out_.verbatim("\"}}\n\n").verbatim(block_stop).unsigned_integer(index_++).verbatim("}\n\n");
  block_ = Block::none;
}

void BlockStream::whole_block(Bytes block) {
  close();
  out_.verbatim(block_start).unsigned_integer(index_).verbatim(",\"content_block\":");
  write_line(block, out_);
  out_.verbatim("}\n\n");
  out_.verbatim(block_stop).unsigned_integer(index_++).verbatim("}\n\n");
}

void BlockStream::citation(const hub::Citation& citation) {
  if (block_ != Block::text) {
    close();
    open(Block::text, text_head);
    out_.verbatim("{\"type\":\"text\",\"text\":\"\"}}\n\n");
  }
  out_.verbatim(block_delta).unsigned_integer(index_);
  out_.verbatim(",\"delta\":{\"type\":\"citations_delta\",\"citation\":");
  json::Composer whole;
  write_citation(citation, whole);
  write_line(whole.text(), out_);
  out_.verbatim("}}\n\n");
}

// -- Calls of tools --

// The block begins with the first piece, so that a signature which comes before it can stand in
// front of the call.
void BlockStream::tool_open(std::uint32_t call, hub::Escaped id, hub::Escaped name) {
  close();
  IdRoom room;
  tool_id_ = fit_tool_id(id, IdRule::word, call, room);
  tool_name_ = name;
  block_ = Block::tool;
  last_ = Block::tool;
  call_ = call;
  ++calls_;
  tool_started_ = false;
  arguments_seen_ = false;
}

void BlockStream::tool_start() {
  if (std::exchange(tool_started_, true)) return;
  open(Block::tool, arguments_head);
  out_.verbatim("{\"type\":\"tool_use\",\"id\":\"").verbatim(tool_id_);
  out_.verbatim("\",\"name\":\"").verbatim(tool_name_).verbatim("\",\"input\":{}}}\n\n");
}

void BlockStream::tool_delta(Bytes text) {
  if (text.empty()) return;
  tool_start();
  arguments_seen_ = true;
  bytes_ += text.size();
  delta(text);
}

void BlockStream::tool_close() {
  tool_start();
  if (!arguments_seen_) delta("{}");
  out_.verbatim(block_stop).unsigned_integer(index_++).verbatim("}\n\n");
  block_ = Block::none;
  if (signed_call_.empty()) return;
  open(Block::thinking, thinking_head);
  out_.verbatim("{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}}\n\n");
  signature_ = std::exchange(signed_call_, {});
  close();
  last_ = Block::tool;
}

bool BlockStream::must_wait(const Event& event) const {
  if (block_ != Block::tool && waiting_.empty()) return false;
  switch (event.kind) {
    case EventKind::tool_delta:
    case EventKind::tool_close:
      return event.call != call_ || block_ != Block::tool;
    case EventKind::signature:
      return last_ == Block::tool && event.call != call_;
    default:
      return true;
  }
}

Waiting* BlockStream::waiting_call(std::uint32_t call) {
  for (Waiting& each : waiting_) {
    if (each.kind == EventKind::tool_open && each.call == call) return &each;
  }
  return nullptr;
}

void BlockStream::wait(const Event& event) {
  waiting_bytes_ +=
      event.text.size() + event.raw.size() + event.name.size() + event.id.size() + sizeof(Waiting);
  if (waiting_bytes_ > waiting_bytes_max || waiting_.size() >= waiting_max) {
    fail({.kind = hub::ErrorKind::server,
          .message = "The provider sent too much beside an open call of a tool."});
    return;
  }
  Waiting* const call = waiting_call(event.call);
  const bool of_call = event.kind == EventKind::tool_delta || event.kind == EventKind::tool_close ||
                       event.kind == EventKind::signature;
  if (of_call) {
    if (call == nullptr) return;
    if (event.kind == EventKind::tool_delta) call->text.append(event.text);
    if (event.kind == EventKind::tool_close) call->closed = true;
    if (event.kind == EventKind::signature) {
      call->signature = event.text;
      call->issuer = event.issuer;
    }
    return;
  }
  if (event.kind == EventKind::block_end || event.kind == EventKind::citation) return;
  if (!waiting_.empty() && waiting_.back().kind == event.kind &&
      (event.kind == EventKind::text || event.kind == EventKind::thinking)) {
    waiting_.back().text.append(event.text);
    return;
  }
  waiting_.push_back({.kind = event.kind,
                      .issuer = event.issuer,
                      .call = event.call,
                      .id = std::string(event.id),
                      .name = std::string(event.name),
                      .text = std::string(event.text),
                      .raw = std::string(event.raw)});
}

// Writes what waits, up to and including the first call that is not complete.
void BlockStream::next_waiting() {
  std::size_t done = 0;
  while (done < waiting_.size() && block_ != Block::tool) {
    const Waiting& next = waiting_[done++];
    if (next.kind != EventKind::tool_open) {
      content({.kind = next.kind,
               .issuer = next.issuer,
               .text = next.text,
               .id = next.id,
               .raw = next.raw});
      continue;
    }
    tool_open(next.call, next.id, next.name);
    if (!next.signature.empty())
      signature({.kind = EventKind::signature, .issuer = next.issuer, .text = next.signature});
    tool_delta(next.text);
    if (next.closed) tool_close();
  }
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(done));
  if (waiting_.empty()) waiting_bytes_ = 0;
}

// -- The end --

void BlockStream::end() {
  if (!started_) start({}, {});
  close();
  while (!waiting_.empty()) {
    next_waiting();
    close();
  }
  out_.verbatim("event: message_delta\ndata: ").begin_object();
  out_.key("type").string("message_delta").key("delta").begin_object();
  write_stop(finish_for(finish_, calls_ > 0, refused_), finish_text_, out_);
  out_.end_object().key("usage");
  write_usage(usage_, context_.input_tokens_estimate, bytes_ / 4, out_);
  out_.end_object().verbatim("\n\n");
  out_.verbatim("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
  ended_ = true;
}

}  // namespace penstock::dialect::anthropic
