// Pieces of an answer that the writers of streams and of whole answers share.
#pragma once

#include <string>

#include "dialect/gemini/signature.h"
#include "penstock/json_document.h"

namespace penstock::dialect::gemini {

// {"text":…} with the thought's mark and the signature, if any (`signature` empty: none).
void write_text_part(hub::Escaped text, bool thought, const Signed& kind, hub::Escaped signature,
                     json::Writer& out);

struct CallPart {
  hub::Escaped id{};
  hub::Escaped name{};
  Bytes arguments{};  // escaped once
  hub::Escaped signature{};
  Signed kind{};
};
void write_call_part(const CallPart& call, json::Document& document, json::Writer& out);

// An image or audio; an address that is no data becomes fileData.
void write_media_part(hub::Source source, hub::Escaped media_type, hub::Escaped data,
                      json::Writer& out);

// `logprobsResult` from an array of OpenAI's token objects.
void write_logprobs(json::View tokens, json::Writer& out);

// A JSON value on one line: line ends, which stand only between its tokens, become blanks. An SSE
// event must not be broken by them.
Bytes on_one_line(Bytes raw, std::string& room);

}  // namespace penstock::dialect::gemini
