// The parts of the writer of chat requests for OpenAI's servers and those like them.
#pragma once

#include "penstock/dialect.h"

namespace penstock::dialect::openai_chat {

// What all parts of one request's writing share.
struct Writing {
  const hub::Request& request;
  const TargetTraits& target;
  const Quirks& quirks;
  json::Composer& out;
  Losses& losses;

  // The server is OpenAI's own: custom tools, allowed_tools, breakpoints and ids of audio exist on
  // its platform only, like `verbosity`, by which it is known.
  bool is_openai() const { return quirks.verbosity; }
  // What the client's body held beyond the hub's words is of this dialect.
  bool owns_extra() const { return request.issuer == hub::Issuer::openai && !request.responses; }
};

// The value of `messages`. `instruction`: a text of ours that is put before or into the first
// system message; may be empty.
Result<> write_messages(Writing& writing, Bytes instruction);

// `tools`, `tool_choice`, `parallel_tool_calls` and what asks for a search, as far as there are
// any.
Result<> write_tools(Writing& writing);

// `response_format`. True: the schema or the wish for JSON must also be told in words.
bool write_response_format(Writing& writing);

}  // namespace penstock::dialect::openai_chat
