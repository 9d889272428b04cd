#include "dialect/openai_responses/table.h"

namespace penstock::dialect {

const DialectTable& openai_responses_table() {
  static constexpr DialectTable table{.name = "openai_responses"};
  return table;
}

}  // namespace penstock::dialect
