#include "dialect/gemini/table.h"

#include "dialect/gemini/gemini.h"

namespace penstock::dialect {

const DialectTable& gemini_table() {
  static constexpr DialectTable table{.name = "gemini",
                                      .framing = Framing::sse,
                                      .read_request = gemini::read_request,
                                      .write_answer = gemini::write_answer,
                                      .stream_writer = gemini::stream_writer,
                                      .write_error = gemini::write_error,
                                      .write_request = gemini::write_request,
                                      .read_answer = gemini::read_answer,
                                      .stream_reader = gemini::stream_reader,
                                      .read_error = gemini::read_error};
  return table;
}

}  // namespace penstock::dialect
