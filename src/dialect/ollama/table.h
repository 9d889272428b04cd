#pragma once

#include "penstock/dialect.h"

namespace penstock::dialect {

const DialectTable& ollama_table();

}  // namespace penstock::dialect
