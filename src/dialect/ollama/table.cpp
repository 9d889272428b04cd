#include "dialect/ollama/table.h"

namespace penstock::dialect {

const DialectTable& ollama_table() {
  static constexpr DialectTable table{.name = "ollama"};
  return table;
}

}  // namespace penstock::dialect
