// Whose reasoning an entry of `reasoning_details` is: the words of its `format` member, which
// OpenRouter introduced and others took over.
#pragma once

#include "penstock/hub.h"
#include "penstock/json_document.h"

namespace penstock::dialect::openai_chat {

// An unknown format is `other`; without one a signature is taken for Anthropic's, as only theirs
// were carried when there was no format yet.
hub::Issuer issuer_of_format(json::View format);
Bytes format_of(hub::Issuer issuer);

}  // namespace penstock::dialect::openai_chat
