#include "dialect/bedrock/table.h"

#include "dialect/bedrock/errors.h"
#include "dialect/bedrock/reader.h"
#include "dialect/bedrock/request_writer.h"

namespace penstock::dialect {

const DialectTable& bedrock_table() {
  static constexpr DialectTable table{.name = "bedrock",
                                      .framing = Framing::aws_event_stream,
                                      .tool_names = NameRule::word_64,
                                      .write_request = bedrock::write_request,
                                      .read_answer = bedrock::read_answer,
                                      .stream_reader = bedrock::make_stream_reader,
                                      .read_error = bedrock::read_error};
  return table;
}

}  // namespace penstock::dialect
