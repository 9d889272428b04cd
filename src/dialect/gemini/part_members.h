// The members of one part of a content, found in one pass.
#pragma once

#include "dialect/gemini/gemini.h"

namespace penstock::dialect::gemini {

// What kind of part it is and the members that go with every kind.
struct PartMembers {
  json::View text, inline_data, file_data, call, response, signature, resolution;
  bool thought = false;
  bool unknown = false;  // a member that the hub has no word for

  explicit PartMembers(json::View part) {
    for (const json::View value : part) {
      if (value.is_null()) continue;
      if (value.key_is("text")) {
        text = value;
      } else if (value.key_is("thought")) {
        thought = value.is_true();
      } else if (key_is(value, "thoughtSignature", "thought_signature")) {
        signature = value;
      } else if (key_is(value, "inlineData", "inline_data")) {
        inline_data = value;
      } else if (key_is(value, "fileData", "file_data")) {
        file_data = value;
      } else if (key_is(value, "functionCall", "function_call")) {
        call = value;
      } else if (key_is(value, "functionResponse", "function_response")) {
        response = value;
      } else if (key_is(value, "mediaResolution", "media_resolution")) {
        resolution = value;
      } else {
        unknown = true;
      }
    }
  }
};

}  // namespace penstock::dialect::gemini
