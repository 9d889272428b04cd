// Extensions of the gateway in a body that is written anew: where bodies are spliced they are cut
// out, here the reader took them for members that some provider may know.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "penstock/hub.h"
#include "penstock/json.h"

namespace penstock {

// Takes them out of what was read of `body`. facts: of the same body, where it stands now.
inline void forget_extensions(Bytes body, const json::Facts& facts,
                              std::vector<hub::Extra>& extra) {
  if (facts.cut_count == 0) return;
  const std::span cuts(facts.cuts.data(), facts.cut_count);
  std::erase_if(extra, [&](const hub::Extra& one) {
    return std::ranges::any_of(cuts, [&](const json::Cut& cut) {
      return one.key.data() == body.data() + cut.begin + 1;  // behind the key's quote
    });
  });
}

}  // namespace penstock
