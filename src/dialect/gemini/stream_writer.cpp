// Writes a stream for a client of streamGenerateContent: server-sent events of one data line each,
// nothing else in a block, as Google's SDKs want it; or, without alt=sse, one JSON array.
#include <vector>

#include "dialect/gemini/answer_parts.h"
#include "dialect/gemini/finish.h"
#include "dialect/gemini/gemini.h"
#include "dialect/gemini/grounding.h"
#include "dialect/gemini/usage.h"

namespace penstock::dialect::gemini {
namespace {

// Of all arguments that are held because their calls are not complete.
constexpr std::size_t held_bytes_max = 16u << 20;
constexpr std::size_t held_calls_max = 1024;

class ChunkWriter final : public StreamWriter {
 public:
  ChunkWriter(const AnswerContext& context, json::Composer& out) : context_(context), out_(out) {
    set_tail({});
  }

  void on(const hub::Event& event) override;
  void fail(const hub::ErrorNote& error) override;
  void heartbeat() override;

 private:
  enum class Last : std::uint8_t { nothing, text, thinking, call };
  struct Choice {
    bool seen = false;
    bool content = false;
    Last last = Last::nothing;
    hub::Finish finish = hub::Finish::none;
    std::string finish_text{};
    TextTrack text{};
    GroundingWriter grounding{};
  };
  // A call whose arguments are still coming: clients know no pieces of them.
  struct Call {
    std::uint32_t choice = 0, number = 0;
    std::string id{}, name{}, arguments{}, signature{};
    hub::Issuer issuer = hub::Issuer::none;
  };

  Choice& choice(std::uint32_t index);
  Call* call(const hub::Event& event);
  void set_tail(const hub::Event& begin);
  void open_chunk();
  void close_chunk();
  void open_part(const hub::Event& event);
  void close_part(std::uint32_t index);
  void text(const hub::Event& event, bool thought);
  void signature(const hub::Event& event);
  void redacted(const hub::Event& event);
  void open_call(const hub::Event& event);
  void extend_call(const hub::Event& event);
  void close_call(const hub::Event& event);
  void media(const hub::Event& event);
  void logprobs(const hub::Event& event);
  void end();

  const AnswerContext context_;
  json::Composer& out_;
  json::Composer scratch_{};
  json::Document document_{};
  std::string line_;
  std::string tail_;  // what every chunk ends with
  std::vector<Choice> choices_{};
  std::vector<Call> calls_{};
  std::size_t held_ = 0;
  hub::Usage usage_{};
  bool begun_ = false;  // a chunk was written
  bool ended_ = false;
};

ChunkWriter::Choice& ChunkWriter::choice(std::uint32_t index) {
  if (index >= choices_.size()) choices_.resize(index + 1);
  choices_[index].seen = true;
  return choices_[index];
}

ChunkWriter::Call* ChunkWriter::call(const hub::Event& event) {
  for (Call& call : calls_) {
    if (call.choice == event.choice && call.number == event.call) return &call;
  }
  return nullptr;
}

void ChunkWriter::set_tail(const hub::Event& begin) {
  scratch_.clear();
  scratch_.key("modelVersion");
  if (begin.model.empty()) {
    scratch_.string(context_.model);
  } else {
    scratch_.escaped_string(begin.model);
  }
  scratch_.key("responseId");
  if (begin.id.empty()) {
    scratch_.string(context_.request_id);
  } else {
    scratch_.escaped_string(begin.id);
  }
  tail_.assign(",").append(scratch_.text()).append("}");
  tail_.append(context_.json_array ? "\n" : "\r\n\r\n");
}

void ChunkWriter::open_chunk() {
  out_.verbatim(!context_.json_array ? "data: " : begun_ ? ",\r\n" : "[");
  begun_ = true;
}

void ChunkWriter::close_chunk() {
  out_.verbatim(tail_);
}

// Between the two one part is written.
void ChunkWriter::open_part(const hub::Event& event) {
  choice(event.choice).content = true;
  open_chunk();
  out_.verbatim("{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[");
}

void ChunkWriter::close_part(std::uint32_t index) {
  out_.verbatim("]},\"index\":").unsigned_integer(index).verbatim("}]");
  close_chunk();
}

void ChunkWriter::text(const hub::Event& event, bool thought) {
  Choice& to = choice(event.choice);
  to.last = thought ? Last::thinking : Last::text;
  if (event.text.empty() || (thought && !context_.show_reasoning)) return;
  if (!thought) to.text.add(event.text);
  open_part(event);
  out_.verbatim("{\"text\":").escaped_string(event.text);
  out_.verbatim(thought ? ",\"thought\":true}" : "}");
  close_part(event.choice);
}

void ChunkWriter::signature(const hub::Event& event) {
  const Choice& to = choice(event.choice);
  if (to.last == Last::call) {
    if (Call* const open = call(event)) {
      open->signature.assign(event.text);
      open->issuer = event.issuer;
      return;
    }
  }
  open_part(event);
  write_text_part({}, to.last == Last::thinking || to.last == Last::nothing,
                  {.issuer = event.issuer, .id = std::string(event.id)}, event.text, out_);
  close_part(event.choice);
}

void ChunkWriter::redacted(const hub::Event& event) {
  open_part(event);
  write_text_part({}, true, {.issuer = event.issuer, .redacted = true, .id = std::string(event.id)},
                  event.text, out_);
  close_part(event.choice);
  choice(event.choice).last = Last::nothing;
}

void ChunkWriter::open_call(const hub::Event& event) {
  choice(event.choice).last = Last::call;
  if (calls_.size() == held_calls_max) {
    fail({.kind = hub::ErrorKind::server, .message = "Too many tool calls at once."});
    return;
  }
  Call& call = calls_.emplace_back();
  call.choice = event.choice;
  call.number = event.call;
  call.id.assign(event.id);
  call.name.assign(event.name);
}

void ChunkWriter::extend_call(const hub::Event& event) {
  Call* const open = call(event);
  if (open == nullptr) return;
  if (event.text.size() > held_bytes_max - held_) {
    fail({.kind = hub::ErrorKind::server, .message = "The arguments of a tool call are too long."});
    return;
  }
  held_ += event.text.size();
  open->arguments.append(event.text);
}

void ChunkWriter::close_call(const hub::Event& event) {
  const Call* const open = call(event);
  if (open == nullptr) return;
  scratch_.clear();
  write_call_part({.id = open->id,
                   .name = open->name,
                   .arguments = open->arguments,
                   .signature = open->signature,
                   .kind = {.issuer = open->issuer}},
                  document_, scratch_);
  open_part(event);
  out_.raw(on_one_line(scratch_.text(), line_));
  close_part(event.choice);
  held_ -= open->arguments.size();
  calls_.erase(calls_.begin() + (open - calls_.data()));
}

void ChunkWriter::media(const hub::Event& event) {
  open_part(event);
  write_media_part(event.media.source, event.media.media_type, event.media.data, out_);
  if (!event.text.empty()) write_text_part(event.text, false, {}, {}, out_);
  close_part(event.choice);
  choice(event.choice).last = Last::nothing;
}

void ChunkWriter::logprobs(const hub::Event& event) {
  const auto tokens = document_.read(event.raw, json::Judge::answer);
  if (!tokens || event.custom) return;
  choice(event.choice);
  open_chunk();
  out_.begin_object().key("candidates").begin_array().begin_object();
  out_.key("index").unsigned_integer(event.choice).key("logprobsResult");
  write_logprobs(*tokens, out_);
  out_.end_object().end_array();
  close_chunk();
}

// The last chunk: why each candidate ended, and what it all took.
void ChunkWriter::end() {
  open_chunk();
  out_.begin_object().key("candidates").begin_array();
  for (std::size_t i = 0; i < choices_.size(); ++i) {
    const Choice& one = choices_[i];
    if (!one.seen) continue;
    out_.begin_object();
    const Bytes word = finish_word(one.finish);
    if (one.content || word == "STOP" || word == "MAX_TOKENS") {
      out_.key("content").raw(R"({"role":"model","parts":[{"text":""}]})");
    }
    out_.key("finishReason").string(word);
    if (!one.finish_text.empty() && one.finish != hub::Finish::stop_sequence) {
      out_.key("finishMessage").escaped_string(one.finish_text);
    }
    out_.key("index").unsigned_integer(i);
    if (!one.grounding.empty()) {
      out_.key("groundingMetadata");
      one.grounding.write(one.text, out_);
    }
    out_.end_object();
  }
  out_.end_array().key("usageMetadata");
  write_usage(usage_, out_);
  close_chunk();
  if (context_.json_array) out_.verbatim("]");
  ended_ = true;
}

void ChunkWriter::on(const hub::Event& event) {
  if (ended_ || event.choice >= hub::Answer::choices_max) return;
  switch (event.kind) {
    case hub::EventKind::begin:
      return set_tail(event);
    case hub::EventKind::text:
    case hub::EventKind::refusal:
      return text(event, false);
    case hub::EventKind::thinking:
      return text(event, true);
    case hub::EventKind::signature:
      return signature(event);
    case hub::EventKind::redacted:
      return redacted(event);
    case hub::EventKind::block_end:
      return;
    case hub::EventKind::tool_open:
      return open_call(event);
    case hub::EventKind::tool_delta:
      return extend_call(event);
    case hub::EventKind::tool_close:
      return close_call(event);
    case hub::EventKind::citation:
      return choice(event.choice).grounding.add(*event.citation);
    case hub::EventKind::logprobs:
      return logprobs(event);
    case hub::EventKind::media:
      return media(event);
    case hub::EventKind::opaque:
      if (event.issuer != hub::Issuer::gemini) return;
      open_part(event);
      out_.raw(on_one_line(event.raw, line_));
      return close_part(event.choice);
    case hub::EventKind::usage:
      return usage_.take(*event.usage);
    case hub::EventKind::finish:
      choice(event.choice).finish = event.finish;
      choice(event.choice).finish_text.assign(event.text);
      return;
    case hub::EventKind::error:
      return fail(*event.error);
    case hub::EventKind::ping:
      return heartbeat();
    case hub::EventKind::end:
      return end();
  }
}

void ChunkWriter::fail(const hub::ErrorNote& error) {
  if (ended_) return;
  ended_ = true;
  scratch_.clear();
  write_error(error, scratch_);
  open_chunk();
  out_.raw(on_one_line(scratch_.text(), line_));
  // An array that is not closed could not be read at all; the error in it says that it is no
  // answer.
  out_.verbatim(context_.json_array ? "\n]" : "\r\n\r\n");
}

// A blank block: Google's SDKs pass over it, while some of them stumble over comments.
void ChunkWriter::heartbeat() {
  if (!ended_) out_.verbatim(context_.json_array ? "\n" : "\r\n\r\n");
}

}  // namespace

std::unique_ptr<StreamWriter> stream_writer(const AnswerContext& context, json::Composer& out) {
  return std::make_unique<ChunkWriter>(context, out);
}

}  // namespace penstock::dialect::gemini
