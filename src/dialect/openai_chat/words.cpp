#include "dialect/openai_chat/words.h"

#include <array>

namespace penstock::dialect::openai_chat {

using hub::Effort;
using hub::Finish;

Finish finish_of(json::View reason) {
  const hub::Escaped word = reason.text();
  if (word.empty()) return Finish::none;
  // `eos` is Together's, `eos_token` TGI's.
  if (word == "stop" || word == "eos" || word == "eos_token") return Finish::stop;
  if (word == "stop_sequence") return Finish::stop_sequence;
  if (word == "length" || word == "max_tokens") return Finish::length;
  if (word == "model_length") return Finish::context_full;  // older Mistral
  if (word == "tool_calls" || word == "function_call") return Finish::tool_calls;
  if (word == "content_filter") return Finish::content_filter;
  // DeepSeek ran out of machines; OpenRouter's and Mistral's `error`.
  if (word == "error" || word == "insufficient_system_resource") return Finish::error;
  return Finish::other;
}

Bytes finish_word(Finish finish, Told told, bool legacy_functions) {
  switch (finish) {
    case Finish::length:
    case Finish::context_full:
      return "length";
    case Finish::content_filter:
      return "content_filter";
    case Finish::refusal:
      // A refusal in words ends like any other answer; one without is a filter's work.
      return told.refusal ? "stop" : "content_filter";
    default:
      break;
  }
  if (told.calls) return legacy_functions ? "function_call" : "tool_calls";
  if (finish == Finish::other && !told.anything) return "content_filter";
  return "stop";
}

namespace {
constexpr std::array<Bytes, 8> efforts{"",       "none", "minimal", "low",
                                       "medium", "high", "xhigh",   "max"};
}  // namespace

Effort effort_of(json::View word) {
  for (std::size_t i = 1; i < efforts.size(); ++i) {
    if (word.is(efforts[i])) return static_cast<Effort>(i);
  }
  return Effort::unset;
}

Bytes word_of(Effort effort) {
  return efforts[static_cast<std::size_t>(effort)];
}

Effort effort_of_budget(std::int64_t tokens) {
  if (tokens < 0) return Effort::unset;
  if (tokens == 0) return Effort::none;
  if (tokens <= 2048) return Effort::low;
  return tokens <= 8192 ? Effort::medium : Effort::high;
}

}  // namespace penstock::dialect::openai_chat
