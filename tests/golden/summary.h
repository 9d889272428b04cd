// An answer in words that are the same in every client dialect, so that one expectation serves all:
//   thinking: TEXT          text: TEXT          refusal: TEXT
//   call: NAME {…}          arguments with their members in order
//   finish: tool_calls      a word of the hub
//   usage: input 20 cached 4 output 7   all of the input, the cached part of it, all of the output
#pragma once

#include <string>
#include <vector>

#include "reading.h"

namespace golden {

// What differs between `says` and what the client `client` read, in words; empty: nothing. What a
// dialect has no word for (reasoning in legacy completions) is not asked of it.
std::vector<std::string> differences(Dialect client, const std::vector<std::string>& says,
                                     const Reading& reading);

// A tree in one line, keys and strings bare.
std::string write(const Tree& tree);

}  // namespace golden
