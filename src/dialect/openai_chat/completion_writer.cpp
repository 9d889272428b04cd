// Answers of a chat as legacy completions: {"object":"text_completion","choices":[{"text",…}]}.
// What is neither text nor a refusal has no place there.
#include <string>

#include "dialect/openai_chat/chat.h"
#include "dialect/openai_chat/envelope.h"
#include "dialect/openai_chat/usage.h"
#include "dialect/openai_chat/words.h"

namespace penstock::dialect::openai_chat {
namespace {

using hub::Event;
using hub::EventKind;

Envelope envelope_of(hub::Escaped id, hub::Escaped model, hub::Escaped fingerprint,
                     std::int64_t created) {
  return {.object = "text_completion",
          .id_prefix = "cmpl-",
          .id = id,
          .model = model,
          .fingerprint = fingerprint,
          .created = created};
}

class CompletionWriter final : public StreamWriter {
 public:
  CompletionWriter(const AnswerContext& context, json::Composer& out)
      : context_(context), out_(out) {}

  void on(const Event& event) override;
  void fail(const hub::ErrorNote& error) override;
  void heartbeat() override { out_.verbatim(": ping\n\n"); }

 private:
  void begin(const Event& event);
  void chunk(std::uint32_t index, hub::Escaped text, Bytes finish);
  void end();

  AnswerContext context_;
  json::Composer& out_;
  json::Composer head_{};
  json::Composer piece_{};
  hub::Usage usage_{};
  bool anything_ = false;
  bool begun_ = false;
  bool over_ = false;
};

void CompletionWriter::begin(const Event& event) {
  if (begun_) return;
  begun_ = true;
  const bool told = event.kind == EventKind::begin;
  open_envelope(told ? envelope_of(event.id, event.model, event.fingerprint, event.created)
                     : envelope_of({}, {}, {}, 0),
                context_, head_);
}

void CompletionWriter::chunk(std::uint32_t index, hub::Escaped text, Bytes finish) {
  out_.verbatim("data: ").verbatim(head_.text()).verbatim(R"(,"choices":[{"text":")");
  const std::string number = std::to_string(index);  // short enough to need no memory
  out_.verbatim(text).verbatim(R"(","index":)").verbatim(number);
  out_.verbatim(R"(,"logprobs":null,"finish_reason":)");
  if (finish.empty())
    out_.verbatim("null");
  else
    out_.verbatim("\"").verbatim(finish).verbatim("\"");
  out_.verbatim(context_.include_usage ? "}],\"usage\":null}\n\n" : "}]}\n\n");
}

void CompletionWriter::end() {
  over_ = true;
  if (context_.include_usage && usage_.any()) {
    piece_.clear();
    write_usage(usage_, piece_);
    out_.verbatim("data: ").verbatim(head_.text()).verbatim(R"(,"choices":[],"usage":)");
    out_.verbatim(piece_.text()).verbatim("}\n\n");
  }
  out_.verbatim("data: [DONE]\n\n");
}

void CompletionWriter::fail(const hub::ErrorNote& error) {
  if (over_) return;
  over_ = true;
  piece_.clear();
  write_error(error, piece_);
  out_.verbatim("data: ").verbatim(piece_.text()).verbatim("\n\n");
}

void CompletionWriter::on(const Event& event) {
  if (over_ || event.kind == EventKind::ping || event.choice >= hub::Answer::choices_max) return;
  if (event.kind == EventKind::error) return fail(*event.error);
  begin(event);
  switch (event.kind) {
    case EventKind::text:
    case EventKind::refusal:
      anything_ = true;
      chunk(event.choice, event.text, {});
      break;
    case EventKind::finish:
      chunk(event.choice, {}, finish_word(event.finish, {.anything = anything_}, false));
      break;
    case EventKind::usage:
      usage_.take(*event.usage);
      break;
    case EventKind::end:
      end();
      break;
    default:
      break;
  }
}

}  // namespace

std::unique_ptr<StreamWriter> completion_stream_writer(const AnswerContext& context,
                                                       json::Composer& out) {
  return std::make_unique<CompletionWriter>(context, out);
}

void write_completion(const hub::Answer& answer, const AnswerContext& context,
                      json::Composer& out) {
  open_envelope(envelope_of(answer.id, answer.model, answer.fingerprint, answer.created), context,
                out);
  out.key("choices").begin_array();
  std::uint32_t index = 0;
  bool anything = false;
  for (const hub::AnswerChoice& choice : answer.choices) {
    out.begin_object().key("text").open_string();
    for (const hub::AnswerPart& part : choice.parts) {
      if (part.kind != hub::PartKind::text && part.kind != hub::PartKind::refusal) continue;
      anything = true;
      out.more_escaped(part.text);
    }
    out.close_string().key("index").unsigned_integer(index++).key("logprobs").null();
    out.key("finish_reason").string(finish_word(choice.finish, {.anything = anything}, false));
    out.end_object();
  }
  out.end_array();
  if (answer.usage.any()) {
    out.key("usage");
    write_usage(answer.usage, out);
  }
  out.end_object();
}

}  // namespace penstock::dialect::openai_chat
