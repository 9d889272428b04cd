// The head that every chunk and every whole answer has: id, object, created, model, and the tier
// and fingerprint where the provider told them.
#pragma once

#include <string>

#include "penstock/dialect.h"

namespace penstock::dialect::openai_chat {

struct Envelope {
  Bytes object{};
  Bytes id_prefix{};  // "chatcmpl-"
  hub::Escaped id{};  // the provider's
  hub::Escaped model{};
  hub::Escaped tier{};
  hub::Escaped fingerprint{};
  std::int64_t created = 0;
};

// Opens an object and writes the head into it; the caller goes on and closes it. What a provider
// told at an unreasonable length is not repeated on every chunk.
void open_envelope(const Envelope& envelope, const AnswerContext& context, json::Writer& out);

}  // namespace penstock::dialect::openai_chat
