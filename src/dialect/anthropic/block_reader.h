// Reads the content of a client's message: blocks of every kind, as parts of the hub.
#pragma once

#include <vector>

#include "dialect/anthropic/issue.h"

namespace penstock::dialect::anthropic {

class BlockReader {
 public:
  explicit BlockReader(Judge& judge) : judge_(judge) {}

  // `content`: a string or an array of blocks. Appends to `out`.
  Result<> content(json::View content, const Path& path, std::vector<hub::Part>& out);

 private:
  Result<> block(json::View block, const Path& path, hub::Part& out);
  Result<> media(json::View block, const Path& path, hub::Part& out);
  Result<> tool_use(json::View block, const Path& path, hub::Part& out);
  Result<> tool_result(json::View block, const Path& path, hub::Part& out);
  static void thinking(hub::Escaped signature, hub::Part& out);
  Bytes name_of_call(hub::Escaped id) const;

  struct Call {
    hub::Escaped id;
    hub::Escaped name;
  };
  Judge& judge_;
  std::vector<Call> calls_;  // of the conversation so far, for the results' names
};

// Signatures of other providers that came back inside thinking blocks go where they belong: to the
// call or the text that was signed. Blocks that held nothing else are taken out.
void restore_carried(std::vector<hub::Part>& parts);

}  // namespace penstock::dialect::anthropic
