// Cohere's row in the table of dialects. Nobody's client speaks it to us.
#include "dialect/cohere/table.h"

#include "dialect/cohere/cohere.h"

namespace penstock::dialect {

const DialectTable& cohere_table() {
  static constexpr DialectTable table{.name = "cohere",
                                      .framing = Framing::sse,
                                      .tool_names = NameRule::word_64,
                                      .write_request = cohere::write_request,
                                      .read_answer = cohere::read_answer,
                                      .stream_reader = cohere::stream_reader,
                                      .read_error = cohere::read_error};
  return table;
}

}  // namespace penstock::dialect
