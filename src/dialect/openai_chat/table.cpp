#include "dialect/openai_chat/table.h"

namespace penstock::dialect {

const DialectTable& openai_chat_table() {
  static constexpr DialectTable table{.name = "openai_chat"};
  return table;
}

const DialectTable& openai_completions_table() {
  static constexpr DialectTable table{.name = "openai_completions"};
  return table;
}

}  // namespace penstock::dialect
