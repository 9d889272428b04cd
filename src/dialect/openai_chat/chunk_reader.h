// A provider's stream of chat completion chunks as events; a whole answer is one chunk that says
// everything, so that the two cannot disagree.
#pragma once

#include <vector>

#include "dialect/openai_chat/delta_reader.h"

namespace penstock::dialect::openai_chat {

class ChunkReader final : public StreamReader {
 public:
  explicit ChunkReader(const TargetTraits& target);

  Result<> frame(Bytes name, json::View data, hub::EventSink& out) override;
  Result<> word(Bytes data, hub::EventSink& out) override;
  Result<> finish(hub::EventSink& out) override;
  bool done() const override { return done_; }

  // A whole answer: its only chunk was read.
  void end() { done_ = true; }
  bool begun() const { return begun_; }

 private:
  Result<> choice(json::View choice, std::uint32_t ordinal, json::View body, hub::EventSink& out);
  DeltaReader* reader_of(std::uint32_t index);
  void begin(json::View body, hub::EventSink& out);
  void take_usage(json::View body, bool alone);
  void error(json::View body, hub::EventSink& out);
  bool is_complete() const;

  const Quirks& quirks_;
  std::vector<DeltaReader> choices_{};
  hub::Usage usage_{};
  bool usage_alone_ = false;  // a chunk with nothing but usage came
  bool sources_told_ = false;
  bool begun_ = false;
  bool done_ = false;    // the terminator came, or an error
  bool closed_ = false;  // the end was told, or an error
};

}  // namespace penstock::dialect::openai_chat
