// The rows of chat completions and of legacy completions in the table of dialects. No provider is
// spoken to in the latter: those that still have it get the body as it came.
#include "dialect/openai_chat/table.h"

#include "dialect/openai_chat/chat.h"

namespace penstock::dialect {

const DialectTable& openai_chat_table() {
  static constexpr DialectTable table{.name = "openai_chat",
                                      .framing = Framing::sse,
                                      .carriers = {"\"reasoning_details\"", "\"extra_content\""},
                                      .tool_names = NameRule::word_64,
                                      .read_request = openai_chat::read_request,
                                      .write_answer = openai_chat::write_answer,
                                      .stream_writer = openai_chat::stream_writer,
                                      .write_error = openai_chat::write_error,
                                      .write_request = openai_chat::write_request,
                                      .read_answer = openai_chat::read_answer,
                                      .stream_reader = openai_chat::stream_reader,
                                      .read_error = openai_chat::read_error};
  return table;
}

const DialectTable& openai_completions_table() {
  static constexpr DialectTable table{.name = "openai_completions",
                                      .framing = Framing::sse,
                                      .read_request = openai_chat::read_completion_request,
                                      .write_answer = openai_chat::write_completion,
                                      .stream_writer = openai_chat::completion_stream_writer,
                                      .write_error = openai_chat::write_error};
  return table;
}

}  // namespace penstock::dialect
