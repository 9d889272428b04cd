// A whole answer as events.
#include "dialect/openai_chat/chat.h"
#include "dialect/openai_chat/chunk_reader.h"

namespace penstock::dialect::openai_chat {

Result<> read_answer(json::View body, const TargetTraits& target, hub::EventSink& out) {
  ChunkReader reader(target);
  PENSTOCK_CHECK(reader.frame({}, body, out));
  reader.end();
  return reader.finish(out);
}

}  // namespace penstock::dialect::openai_chat
