// Finds the top-level members of an object without judging it: strings and brackets are followed,
// nothing else is looked at. On text that is not sound JSON the result means nothing, but reading
// stays within bounds.
#pragma once

#include "penstock/bytes.h"

namespace penstock::sse {

constexpr bool is_blank(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

// `text` without blanks in front.
Bytes skip_blanks(Bytes text);

// One member, as views into the object.
struct Member {
  Bytes name;   // without quotes, still escaped
  Bytes value;  // without blanks around it
  Bytes whole;  // key and value
};

// Walks the members of `object`, which starts with a brace.
class Members {
 public:
  explicit Members(Bytes object);
  // False: there are no more.
  bool next(Member& member);

 private:
  Bytes rest_;
};

}  // namespace penstock::sse
