// The response object: what the request said, what the answer is so far, how it ended.
#pragma once

#include <string>

#include "dialect/openai_responses/output_writer.h"

namespace penstock::dialect::openai_responses {

class ResponseWriter {
 public:
  explicit ResponseWriter(const AnswerContext& context);

  // Not finished: no output, no usage.
  void in_progress(const hub::Answer& answer, json::Writer& out);
  // Finished as `choice_of(answer)` says.
  void finished(const hub::Answer& answer, json::Writer& out);
  // Ended by an error.
  void failed(const hub::Answer& answer, const hub::ErrorNote& error, json::Writer& out);

  // The one choice of this dialect; an empty one when nothing was said.
  static const hub::AnswerChoice& choice_of(const hub::Answer& answer);
  OutputWriter& items() { return items_; }

 private:
  struct Standing {
    Bytes status;
    Bytes reason{};
    const hub::ErrorNote* error = nullptr;
  };
  void write(const hub::Answer& answer, const Standing& standing, json::Writer& out);

  const AnswerContext& context_;
  OutputWriter items_;
  std::string echo_;  // the members that repeat the request, with a comma before each
};

}  // namespace penstock::dialect::openai_responses
