#include "dialect/gemini/finish.h"

#include <array>

namespace penstock::dialect::gemini {
namespace {

using hub::Finish;

struct Word {
  Bytes word;
  Finish finish;
};
// The first five stand where their numbers say, from 1.
constexpr std::array<Word, 19> words{{
    {"STOP", Finish::stop},
    {"MAX_TOKENS", Finish::length},
    {"SAFETY", Finish::content_filter},
    {"RECITATION", Finish::content_filter},
    {"OTHER", Finish::other},
    {"BLOCKLIST", Finish::content_filter},
    {"PROHIBITED_CONTENT", Finish::content_filter},
    {"SPII", Finish::content_filter},
    {"IMAGE_SAFETY", Finish::content_filter},
    {"IMAGE_PROHIBITED_CONTENT", Finish::content_filter},
    {"IMAGE_RECITATION", Finish::content_filter},
    {"LANGUAGE", Finish::content_filter},
    {"MODEL_ARMOR", Finish::content_filter},
    {"JAILBREAK", Finish::content_filter},
    {"MALFORMED_FUNCTION_CALL", Finish::malformed_call},
    {"UNEXPECTED_TOOL_CALL", Finish::malformed_call},
    {"TOO_MANY_TOOL_CALLS", Finish::malformed_call},
    {"MALFORMED_RESPONSE", Finish::malformed_call},
    {"CONTINUATION", Finish::paused},
}};

}  // namespace

hub::Finish read_finish(json::View reason) {
  if (!reason) return Finish::none;
  if (const auto number = reason.integer()) {
    if (*number == 0) return Finish::none;
    return *number > 0 && *number <= 5 ? words[static_cast<std::size_t>(*number - 1)].finish
                                       : Finish::other;
  }
  for (const Word& word : words) {
    if (reason.text() == word.word) return word.finish;
  }
  return reason.is("FINISH_REASON_UNSPECIFIED") ? Finish::none : Finish::other;
}

Bytes finish_word(hub::Finish finish) {
  switch (finish) {
    case Finish::stop:
    case Finish::stop_sequence:
    case Finish::tool_calls:
      return "STOP";
    case Finish::length:
    case Finish::context_full:
      return "MAX_TOKENS";
    case Finish::content_filter:
    case Finish::refusal:
      return "SAFETY";
    case Finish::malformed_call:
      return "MALFORMED_FUNCTION_CALL";
    case Finish::none:
    case Finish::paused:
    case Finish::compaction:
    case Finish::error:
    case Finish::other:
      return "OTHER";
  }
  PENSTOCK_UNREACHABLE();
}

}  // namespace penstock::dialect::gemini
