#include "dialect/anthropic/table.h"

namespace penstock::dialect {

const DialectTable& anthropic_table() {
  static constexpr DialectTable table{.name = "anthropic"};
  return table;
}

}  // namespace penstock::dialect
