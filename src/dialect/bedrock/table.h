#pragma once

#include "penstock/dialect.h"

namespace penstock::dialect {

const DialectTable& bedrock_table();

}  // namespace penstock::dialect
