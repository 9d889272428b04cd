#pragma once

#include "penstock/dialect.h"

namespace penstock::dialect {

const DialectTable& gemini_table();

}  // namespace penstock::dialect
