#include "dialect/bedrock/table.h"

namespace penstock::dialect {

const DialectTable& bedrock_table() {
  static constexpr DialectTable table{.name = "bedrock"};
  return table;
}

}  // namespace penstock::dialect
