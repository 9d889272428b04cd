// The dialects there are.
#include "dialect/anthropic/table.h"

#include "dialect/bedrock/table.h"
#include "dialect/cohere/table.h"
#include "dialect/gemini/table.h"
#include "dialect/ollama/table.h"
#include "dialect/openai_chat/table.h"
#include "dialect/openai_responses/table.h"

namespace penstock::dialect {

const DialectTable& dialect_of(Dialect dialect) {
  switch (dialect) {
    case Dialect::openai_chat:
      return openai_chat_table();
    case Dialect::openai_completions:
      return openai_completions_table();
    case Dialect::openai_responses:
      return openai_responses_table();
    case Dialect::anthropic:
      return anthropic_table();
    case Dialect::gemini:
      return gemini_table();
    case Dialect::bedrock:
      return bedrock_table();
    case Dialect::cohere:
      return cohere_table();
    case Dialect::ollama:
      return ollama_table();
  }
  PENSTOCK_UNREACHABLE();
}

}  // namespace penstock::dialect
