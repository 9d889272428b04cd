// Ollama's row in the table of dialects. Nobody's client speaks it to us.
#include "dialect/ollama/table.h"

#include "dialect/ollama/ollama.h"

namespace penstock::dialect {

const DialectTable& ollama_table() {
  static constexpr DialectTable table{.name = "ollama",
                                      .framing = Framing::ndjson,
                                      .write_request = ollama::write_request,
                                      .read_answer = ollama::read_answer,
                                      .stream_reader = ollama::stream_reader,
                                      .read_error = ollama::read_error};
  return table;
}

}  // namespace penstock::dialect
