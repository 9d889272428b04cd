#pragma once

#include "penstock/dialect.h"

namespace penstock::dialect {

const DialectTable& cohere_table();

}  // namespace penstock::dialect
