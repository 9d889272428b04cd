#include "dialect/anthropic/answer_writer.h"

#include "dialect/anthropic/answer_words.h"
#include "dialect/anthropic/usage.h"
#include "dialect/arguments.h"
#include "dialect/tool_id.h"

namespace penstock::dialect::anthropic {
namespace {

using hub::AnswerPart;
using hub::Issuer;
using hub::PartKind;

class AnswerWriter {
 public:
  AnswerWriter(const AnswerContext& context, json::Composer& out) : context_(context), out_(out) {}

  void write(const hub::Answer& answer);

 private:
  void part(const AnswerPart& part);
  void text(const AnswerPart& part);
  void thinking(const AnswerPart& part, hub::Escaped id, Bytes text);
  void tool_use(const AnswerPart& part);

  const AnswerContext& context_;
  json::Composer& out_;
  json::Document document_;
  std::string signature_;
  std::uint32_t calls_ = 0;
  std::uint64_t bytes_ = 0;  // of text, for an estimate
  bool refused_ = false;
};

void AnswerWriter::write(const hub::Answer& answer) {
  static const hub::AnswerChoice nothing;
  const hub::AnswerChoice& choice = answer.choices.empty() ? nothing : answer.choices.front();
  out_.begin_object();
  write_identity(answer.id, answer.model, context_, out_);
  out_.key("content").begin_array();
  for (const AnswerPart& each : choice.parts) part(each);
  out_.end_array();
  write_stop(finish_for(choice.finish, calls_ > 0, refused_), choice.finish_text, out_);
  out_.key("usage");
  write_usage(answer.usage, context_.input_tokens_estimate, bytes_ / 4, out_);
  out_.end_object();
}

void AnswerWriter::part(const AnswerPart& part) {
  switch (part.kind) {
    case PartKind::refusal:
      refused_ = true;
      [[fallthrough]];
    case PartKind::text:
      text(part);
      break;
    case PartKind::thinking:
      thinking(part, part.id, part.text);
      break;
    case PartKind::redacted_thinking:
      signature_.clear();
      append_signature(part.issuer, part.id, part.signature, signature_);
      out_.begin_object().key("type").string("redacted_thinking");
      out_.key("data").escaped_string(signature_).end_object();
      break;
    case PartKind::tool_call:
      tool_use(part);
      break;
    case PartKind::opaque:
      if (part.issuer == Issuer::anthropic) out_.raw(part.raw);
      break;
    default:  // what a model drew or said: its words can be told
      text(part);
      break;
  }
}

void AnswerWriter::text(const AnswerPart& part) {
  bytes_ += part.text.size();
  if (!part.text.empty() || !part.citations.empty()) {
    out_.begin_object().key("type").string("text");
    out_.key("text").escaped_string(part.text);
    if (!part.citations.empty()) {
      out_.key("citations").begin_array();
      for (const AnswerPart::Cited& each : part.citations) {
        write_citation({.url = each.url,
                        .title = each.title,
                        .cited_text = each.cited_text,
                        .raw = each.raw,
                        .issuer = each.issuer},
                       out_);
      }
      out_.end_array();
    }
    out_.end_object();
  }
  if (!part.signature.empty()) thinking(part, signed_text_id, {});
}

// A block without a signature gets the gateway's mark: clients keep only blocks that are signed.
void AnswerWriter::thinking(const AnswerPart& part, hub::Escaped id, Bytes text) {
  bytes_ += text.size();
  if (part.signature.empty() && !context_.show_reasoning) return;
  signature_.clear();
  append_signature(part.issuer, id, part.signature, signature_);
  out_.begin_object().key("type").string("thinking");
  out_.key("thinking").escaped_string(context_.show_reasoning ? text : Bytes());
  out_.key("signature").escaped_string(signature_).end_object();
}

void AnswerWriter::tool_use(const AnswerPart& part) {
  IdRoom room;
  const hub::Escaped id = fit_tool_id(part.id, IdRule::word, calls_++, room);
  if (!part.signature.empty()) thinking(part, id, {});
  bytes_ += part.text.size();
  out_.begin_object().key("type").string("tool_use").key("id").escaped_string(id);
  out_.key("name").escaped_string(part.name).key("input");
  write_arguments_object(Bytes(part.text), document_, out_);
  out_.end_object();
}

}  // namespace

void write_answer(const hub::Answer& answer, const AnswerContext& context, json::Composer& out) {
  AnswerWriter(context, out).write(answer);
}

}  // namespace penstock::dialect::anthropic
