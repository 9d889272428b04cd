// Writes a whole answer for a client of generateContent.
#include "dialect/gemini/answer_parts.h"
#include "dialect/gemini/finish.h"
#include "dialect/gemini/gemini.h"
#include "dialect/gemini/grounding.h"
#include "dialect/gemini/usage.h"

namespace penstock::dialect::gemini {
namespace {

class AnswerWriter {
 public:
  AnswerWriter(const AnswerContext& context, json::Composer& out) : context_(context), out_(out) {}

  void choice(const hub::AnswerChoice& choice, std::size_t index) {
    out_.begin_object();
    if (!choice.parts.empty()) {
      out_.key("content").begin_object().key("role").string("model");
      out_.key("parts").begin_array();
      for (const hub::AnswerPart& one : choice.parts) part(one);
      out_.end_array().end_object();
    }
    out_.key("finishReason").string(finish_word(choice.finish));
    if (!choice.finish_text.empty() && choice.finish != hub::Finish::stop_sequence) {
      out_.key("finishMessage").escaped_string(choice.finish_text);
    }
    out_.key("index").unsigned_integer(index);
    grounding(choice);
    logprobs(choice);
    out_.end_object();
  }

 private:
  void part(const hub::AnswerPart& part) {
    const Signed kind{.issuer = part.issuer, .id = part.id};
    switch (part.kind) {
      case hub::PartKind::text:
      case hub::PartKind::refusal:
        write_text_part(part.text, false, kind, part.signature, out_);
        break;
      case hub::PartKind::thinking:
        if (context_.show_reasoning || !part.signature.empty()) {
          const Bytes text = context_.show_reasoning ? Bytes(part.text) : Bytes();
          write_text_part(text, true, kind, part.signature, out_);
        }
        break;
      case hub::PartKind::redacted_thinking:
        write_text_part({}, true, {.issuer = part.issuer, .redacted = true, .id = part.id},
                        part.signature, out_);
        break;
      case hub::PartKind::tool_call:
        write_call_part({.id = part.id,
                         .name = part.name,
                         .arguments = part.text,
                         .signature = part.signature,
                         .kind = {.issuer = part.issuer}},
                        document_, out_);
        break;
      case hub::PartKind::image:
      case hub::PartKind::audio:
      case hub::PartKind::video:
      case hub::PartKind::file:
        write_media_part(part.source, part.media_type, part.raw, out_);
        if (!part.text.empty()) write_text_part(part.text, false, {}, {}, out_);
        break;
      case hub::PartKind::opaque:
        if (part.issuer == hub::Issuer::gemini) out_.raw(part.raw);
        break;
      case hub::PartKind::tool_result:
        break;
    }
  }

  void grounding(const hub::AnswerChoice& choice) {
    GroundingWriter writer;
    TextTrack text;
    for (const hub::AnswerPart& part : choice.parts) {
      if (part.kind == hub::PartKind::text) text.add(part.text);
      for (const hub::AnswerPart::Cited& cited : part.citations) {
        writer.add({.url = cited.url,
                    .title = cited.title,
                    .cited_text = cited.cited_text,
                    .start = cited.start,
                    .end = cited.end});
      }
    }
    if (writer.empty()) return;
    out_.key("groundingMetadata");
    writer.write(text, out_);
  }

  void logprobs(const hub::AnswerChoice& choice) {
    if (choice.logprobs.empty()) return;
    const std::string list = "[" + choice.logprobs + "]";
    const auto read = document_.read(list, json::Judge::answer);
    if (!read) return;
    out_.key("logprobsResult");
    write_logprobs(*read, out_);
  }

  const AnswerContext& context_;
  json::Composer& out_;
  json::Document document_{};
};

}  // namespace

void write_answer(const hub::Answer& answer, const AnswerContext& context, json::Composer& out) {
  AnswerWriter writer(context, out);
  out.begin_object().key("candidates").begin_array();
  for (std::size_t i = 0; i < answer.choices.size(); ++i) writer.choice(answer.choices[i], i);
  out.end_array().key("usageMetadata");
  write_usage(answer.usage, out);
  out.key("modelVersion");
  if (answer.model.empty()) {
    out.string(context.model);
  } else {
    out.escaped_string(answer.model);
  }
  out.key("responseId");
  if (answer.id.empty()) {
    out.string(context.request_id);
  } else {
    out.escaped_string(answer.id);
  }
  out.end_object();
}

}  // namespace penstock::dialect::gemini
