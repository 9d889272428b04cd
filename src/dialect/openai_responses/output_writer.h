// The items of an answer's `output`, from the parts of a folded answer. Stream and whole answer are
// written by the same functions, so that the last event of the one is the other.
#pragma once

#include <span>
#include <string>

#include "penstock/dialect.h"

namespace penstock::dialect::openai_responses {

// What item a part becomes, alone or with its neighbours.
enum class ItemForm : std::uint8_t { none, message, reasoning, call, whole };

// How the answer ended, in this dialect's words.
struct Outcome {
  Bytes status = "completed";  // completed, incomplete or failed
  Bytes reason{};              // incomplete_details.reason
};
Outcome outcome_of(const hub::AnswerChoice& choice);

class OutputWriter {
 public:
  explicit OutputWriter(const AnswerContext& context) : context_(context) {}

  // All items, as an array. `status` is the response's; what was cut is its last part's item.
  void output(const hub::AnswerChoice& choice, Bytes status, json::Writer& out);

  ItemForm form_of(const hub::AnswerPart& part) const;
  // Reasoning whose text is not shown, but whose signature must come back.
  bool is_hidden(const hub::AnswerPart& part) const;
  // A call of a tool that the client declared as a custom one: its plain input stands in "input".
  bool is_custom(const hub::AnswerPart& call) const;

  // Ids are made of the request's id and the place in `output`, so nothing is to be remembered.
  std::string id_of(const hub::AnswerPart& part, std::uint32_t index) const;
  // One object each. `parts` are those of one message, none while it begins.
  void message(std::span<const hub::AnswerPart> parts, Bytes logprobs, Bytes id, Bytes status,
               json::Writer& out);
  void content(const hub::AnswerPart& part, Bytes logprobs, json::Writer& out);
  void annotation(const hub::AnswerPart::Cited& cited, json::Writer& out);
  void reasoning(const hub::AnswerPart& part, std::uint32_t index, json::Writer& out);
  void call(const hub::AnswerPart& part, std::uint32_t index, Bytes status, json::Writer& out);
  // What the call was given, escaped; valid until the next call of this.
  Bytes call_text(const hub::AnswerPart& part);
  // Images, audio and opaque blocks.
  void whole(const hub::AnswerPart& part, std::uint32_t index, json::Writer& out);
  // The signature of a text or a tool call as a reasoning item that follows it.
  void signature(const hub::AnswerPart& part, std::uint32_t index, json::Writer& out);

 private:
  void media(const hub::AnswerPart& part, std::uint32_t index, json::Writer& out);

  const AnswerContext& context_;
  json::Document document_{};
  std::string text_{};   // of call_text
  std::string plain_{};  // the arguments, unescaped
};

}  // namespace penstock::dialect::openai_responses
