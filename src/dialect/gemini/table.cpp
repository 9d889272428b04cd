#include "dialect/gemini/table.h"

namespace penstock::dialect {

const DialectTable& gemini_table() {
  static constexpr DialectTable table{.name = "gemini"};
  return table;
}

}  // namespace penstock::dialect
