#pragma once

#include "penstock/dialect.h"

namespace penstock::dialect {

const DialectTable& openai_chat_table();
const DialectTable& openai_completions_table();

}  // namespace penstock::dialect
