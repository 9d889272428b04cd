// A whole answer: the response object that a stream would have ended with.
#include "dialect/openai_responses/response_writer.h"
#include "dialect/openai_responses/responses.h"

namespace penstock::dialect::openai_responses {

void write_answer(const hub::Answer& answer, const AnswerContext& context, json::Composer& out) {
  ResponseWriter(context).finished(answer, out);
}

}  // namespace penstock::dialect::openai_responses
