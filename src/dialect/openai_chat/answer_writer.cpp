// A whole answer, as the sum of what its stream would say.
#include <string>

#include "dialect/openai_chat/answer_pieces.h"
#include "dialect/openai_chat/chat.h"
#include "dialect/openai_chat/envelope.h"
#include "dialect/openai_chat/usage.h"
#include "dialect/openai_chat/words.h"

namespace penstock::dialect::openai_chat {
namespace {

using hub::AnswerChoice;
using hub::AnswerPart;
using hub::PartKind;

class MessageWriter {
 public:
  MessageWriter(const AnswerChoice& choice, std::uint32_t index, const AnswerContext& context,
                json::Composer& out)
      : choice_(choice),
        index_(index),
        context_(context),
        out_(out),
        legacy_(wants_legacy_functions(context)) {}

  void write();

 private:
  bool has(PartKind kind) const;
  void joined(Bytes key, PartKind kind, bool null_if_none);
  void refusal();
  void annotations();
  void details();
  void seal();
  void calls();
  void call(const AnswerPart& part, std::uint32_t number);
  void function_call();
  void media();
  void logprobs();
  bool explained() const {
    return choice_.finish == hub::Finish::refusal && !choice_.finish_text.empty() &&
           !has(PartKind::refusal);
  }

  const AnswerChoice& choice_;
  std::uint32_t index_;
  const AnswerContext& context_;
  json::Composer& out_;
  bool legacy_;
};

bool MessageWriter::has(PartKind kind) const {
  for (const AnswerPart& part : choice_.parts) {
    if (part.kind == kind) return true;
  }
  return false;
}

void MessageWriter::joined(Bytes key, PartKind kind, bool null_if_none) {
  if (!has(kind)) {
    if (null_if_none) out_.key(key).null();
    return;
  }
  out_.key(key).open_string();
  for (const AnswerPart& part : choice_.parts) {
    if (part.kind == kind) out_.more_escaped(part.text);
  }
  out_.close_string();
}

void MessageWriter::refusal() {
  if (explained())
    out_.key("refusal").escaped_string(choice_.finish_text);
  else
    joined("refusal", PartKind::refusal, true);
}

void MessageWriter::annotations() {
  const std::size_t before = out_.size();
  bool any = false;
  out_.key("annotations").begin_array();
  for (const AnswerPart& part : choice_.parts) {
    for (const AnswerPart::Cited& cited : part.citations) {
      const hub::Citation citation{.url = cited.url,
                                   .title = cited.title,
                                   .cited_text = cited.cited_text,
                                   .start = cited.start,
                                   .end = cited.end,
                                   .raw = cited.raw,
                                   .issuer = cited.issuer};
      any = write_annotation(citation, out_) || any;
    }
  }
  out_.end_array();
  if (!any && out_.fits()) out_.cut(before);
}

void MessageWriter::details() {
  std::int64_t index = 0;
  for (const AnswerPart& part : choice_.parts) {
    const bool redacted = part.kind == PartKind::redacted_thinking;
    const bool on_other = part.kind == PartKind::text || part.kind == PartKind::tool_call;
    const bool by_google = part.issuer == hub::Issuer::gemini;
    if (part.signature.empty() || part.kind == PartKind::opaque) continue;
    if (on_other && by_google && !(legacy_ && part.kind == PartKind::tool_call)) continue;
    if (index == 0) out_.key("reasoning_details").begin_array();
    const bool shown = part.kind == PartKind::thinking && context_.show_reasoning;
    write_thought({.issuer = part.issuer,
                   .redacted = redacted || on_other,
                   .text = shown ? hub::Escaped(part.text) : hub::Escaped(),
                   .signature = part.signature,
                   .id = part.id},
                  index++, out_);
  }
  if (index > 0) out_.end_array();
}

// Google signs the last text, too.
void MessageWriter::seal() {
  const AnswerPart* last = nullptr;
  for (const AnswerPart& part : choice_.parts) {
    if (part.kind == PartKind::text && part.issuer == hub::Issuer::gemini &&
        !part.signature.empty())
      last = &part;
  }
  if (last == nullptr) return;
  out_.key("extra_content");
  write_google_seal(last->signature, out_);
}

void MessageWriter::call(const AnswerPart& part, std::uint32_t number) {
  const bool unwrap = !part.custom && is_emulated_custom(part.name, context_);
  const bool custom = part.custom || unwrap;
  out_.begin_object().key("id");
  write_call_id(part.id, context_, index_, number, out_);
  out_.key("type").string(custom ? "custom" : "function");
  out_.key(custom ? "custom" : "function").begin_object();
  out_.key("name").escaped_string(part.name).key(custom ? "input" : "arguments");
  if (unwrap)
    write_custom_input(part.text, out_);
  else
    out_.escaped_string(part.text.empty() && !custom ? hub::Escaped("{}")
                                                     : hub::Escaped(part.text));
  out_.end_object();
  if (!part.signature.empty() && part.issuer == hub::Issuer::gemini) {
    out_.key("extra_content");
    write_google_seal(part.signature, out_);
  }
  out_.end_object();
}

void MessageWriter::calls() {
  if (!has(PartKind::tool_call)) return;
  if (legacy_) return function_call();
  out_.key("tool_calls").begin_array();
  std::uint32_t number = 0;
  for (const AnswerPart& part : choice_.parts) {
    if (part.kind == PartKind::tool_call) call(part, number++);
  }
  out_.end_array();
}

void MessageWriter::function_call() {
  for (const AnswerPart& part : choice_.parts) {
    if (part.kind != PartKind::tool_call) continue;
    out_.key("function_call").begin_object().key("name").escaped_string(part.name);
    out_.key("arguments")
        .escaped_string(part.text.empty() ? hub::Escaped("{}") : hub::Escaped(part.text));
    out_.end_object();
    return;
  }
}

void MessageWriter::media() {
  std::int64_t images = 0;
  for (const AnswerPart& part : choice_.parts) {
    if (part.kind != PartKind::image) continue;
    if (images == 0) out_.key("images").begin_array();
    write_image({.source = part.source, .media_type = part.media_type, .data = part.raw}, images++,
                out_);
  }
  if (images > 0) out_.end_array();
  for (const AnswerPart& part : choice_.parts) {
    if (part.kind != PartKind::audio) continue;
    out_.key("audio");
    write_audio(part.id, part.raw, part.text, out_);
    return;
  }
}

void MessageWriter::logprobs() {
  if (choice_.logprobs.empty() && choice_.refusal_logprobs.empty()) {
    out_.key("logprobs").null();
    return;
  }
  const auto list = [&](Bytes key, const std::string& elements) {
    if (elements.empty())
      out_.key(key).null();
    else
      out_.key(key).begin_array().raw(elements).end_array();
  };
  out_.key("logprobs").begin_object();
  list("content", choice_.logprobs);
  list("refusal", choice_.refusal_logprobs);
  out_.end_object();
}

void MessageWriter::write() {
  out_.begin_object().key("index").unsigned_integer(index_).key("message").begin_object();
  out_.key("role").string("assistant");
  joined("content", PartKind::text, true);
  refusal();
  annotations();
  if (context_.show_reasoning) joined("reasoning_content", PartKind::thinking, false);
  details();
  seal();
  calls();
  media();
  out_.end_object();
  logprobs();
  const Told told{.calls = has(PartKind::tool_call),
                  .refusal = has(PartKind::refusal),
                  .anything = has(PartKind::text) || has(PartKind::refusal) ||
                              has(PartKind::image) || has(PartKind::audio)};
  out_.key("finish_reason").string(finish_word(choice_.finish, told, legacy_)).end_object();
}

}  // namespace

void write_answer(const hub::Answer& answer, const AnswerContext& context, json::Composer& out) {
  open_envelope({.object = "chat.completion",
                 .id_prefix = "chatcmpl-",
                 .id = answer.id,
                 .model = answer.model,
                 .tier = answer.tier,
                 .fingerprint = answer.fingerprint,
                 .created = answer.created},
                context, out);
  out.key("choices").begin_array();
  std::uint32_t index = 0;
  for (const AnswerChoice& one : answer.choices) MessageWriter(one, index++, context, out).write();
  out.end_array();
  if (answer.usage.any()) {
    out.key("usage");
    write_usage(answer.usage, out);
  }
  out.end_object();
}

}  // namespace penstock::dialect::openai_chat
