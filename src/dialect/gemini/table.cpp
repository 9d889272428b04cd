#include "dialect/gemini/table.h"

#include "dialect/gemini/count_tokens.h"
#include "dialect/gemini/gemini.h"

namespace penstock::dialect {
namespace {

void write_count(std::uint64_t tokens, json::Composer& out) {
  write_gemini_count(tokens, {}, out);
}

}  // namespace

const DialectTable& gemini_table() {
  static constexpr DialectTable table{.name = "gemini",
                                      .framing = Framing::sse,
                                      .carriers = {"cGVuc3RvY2s6"},
                                      .tool_names = NameRule::dotted,
                                      .read_request = gemini::read_request,
                                      .write_answer = gemini::write_answer,
                                      .stream_writer = gemini::stream_writer,
                                      .write_error = gemini::write_error,
                                      .read_count_request = read_gemini_count_request,
                                      .write_count = write_count,
                                      .write_request = gemini::write_request,
                                      .read_answer = gemini::read_answer,
                                      .stream_reader = gemini::stream_reader,
                                      .read_error = gemini::read_error};
  return table;
}

}  // namespace penstock::dialect
