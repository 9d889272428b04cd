// OpenAI's Responses API, as a client's and as a provider's dialect.
#include "dialect/openai_responses/table.h"

#include "dialect/openai_responses/responses.h"

namespace penstock::dialect {

const DialectTable& openai_responses_table() {
  namespace responses = openai_responses;
  static constexpr DialectTable table{
      .name = "openai_responses",
      .framing = Framing::sse,
      .carriers = {"penstock.v1."},
      .tool_names = NameRule::word_64,
      .read_request = responses::read_request,
      .write_answer = responses::write_answer,
      .stream_writer = responses::stream_writer,
      .write_error = responses::write_error,
      .write_request = responses::write_request,
      .read_answer = responses::read_answer,
      .stream_reader = responses::stream_reader,
      .read_error = responses::read_error,
  };
  return table;
}

}  // namespace penstock::dialect
