#pragma once

#include "penstock/dialect.h"

namespace penstock::dialect {

const DialectTable& openai_responses_table();

}  // namespace penstock::dialect
