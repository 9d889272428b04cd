// Looks through an event for the few keys that matter, in one pass and without parsing. Keys are
// found at any depth; who finds one decides where it stands.
#pragma once

#include "penstock/bytes.h"

namespace penstock::sse {

// A string that merely reads like a key is not found, since no colon follows it, nor is one inside
// a string, since its quotes are escaped there. Keys written with escapes are not found either.
struct Probe {
  Bytes usage;                // the last "usage" key, from its quote to the end of the text
  bool usage_object = false;  // one of them opens an object
  bool error = false;         // an "error" key has a value that is not null, false or ""
  Bytes finish_reason;        // the last "finish_reason" that is a non-empty string, inside quotes
};

Probe probe(Bytes text);

}  // namespace penstock::sse
