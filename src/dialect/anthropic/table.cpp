#include "dialect/anthropic/table.h"

#include "dialect/anthropic/answer_reader.h"
#include "dialect/anthropic/answer_writer.h"
#include "dialect/anthropic/errors.h"
#include "dialect/anthropic/request_reader.h"
#include "dialect/anthropic/request_writer.h"
#include "dialect/anthropic/stream_writer.h"
#include "dialect/anthropic/token_count.h"

namespace penstock::dialect {

const DialectTable& anthropic_table() {
  static constexpr DialectTable table{
      .name = "anthropic",
      .framing = Framing::sse,
      .carriers = {"\"pk1."},
      .tool_names = NameRule::word_128,
      .read_request = anthropic::read_request,
      .write_answer = anthropic::write_answer,
      .stream_writer = anthropic::stream_writer,
      .write_error = anthropic::write_error,
      .read_count_request = anthropic::read_count_request,
      .write_count = anthropic::write_token_count,
      .write_request = anthropic::write_request,
      .read_answer = anthropic::read_answer,
      .stream_reader = anthropic::stream_reader,
      .read_error = anthropic::read_error,
  };
  return table;
}

}  // namespace penstock::dialect
