#include "dialect/cohere/table.h"

namespace penstock::dialect {

const DialectTable& cohere_table() {
  static constexpr DialectTable table{.name = "cohere"};
  return table;
}

}  // namespace penstock::dialect
