#pragma once

#include "penstock/dialect.h"

namespace penstock::dialect {

const DialectTable& anthropic_table();

}  // namespace penstock::dialect
