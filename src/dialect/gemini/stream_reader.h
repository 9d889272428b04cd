// Reads the chunks of streamGenerateContent; a whole answer is a stream of one chunk.
#pragma once

#include <string>
#include <vector>

#include "dialect/gemini/gemini.h"
#include "dialect/gemini/grounding.h"
#include "dialect/gemini/part_members.h"
#include "dialect/gemini/partial_arguments.h"
#include "dialect/gemini/usage.h"

namespace penstock::dialect::gemini {

class Reader final : public StreamReader {
 public:
  // `whole`: the answer is known to be all there, so a finish reason may be missing.
  explicit Reader(bool whole = false) : whole_(whole) {}

  Result<> frame(Bytes name, json::View data, hub::EventSink& out) override;
  // There is no terminal event: a chunk with a finish reason and then the end of the body is one.
  Result<> finish(hub::EventSink& out) override;
  bool done() const override { return done_; }

 private:
  enum class Open : std::uint8_t { nothing, text, thinking };

  struct Choice {
    bool seen = false;
    bool content = false;  // anything was said
    bool calling = false;  // a call's arguments come piece by piece
    Open open = Open::nothing;
    hub::Finish finish = hub::Finish::none;
    std::uint32_t calls = 0;
    std::string finish_text{};
    TextTrack text{};
    CitationReader citations{};
    PartialArguments arguments{};
  };

  void begin(json::View data, hub::EventSink& out);
  void blocked(json::View feedback, hub::EventSink& out);
  Result<> candidate(json::View candidate, hub::EventSink& out);
  Result<> part(json::View part, bool calls_count, std::uint32_t at, hub::EventSink& out);
  void text_part(const PartMembers& part, std::uint32_t at, hub::EventSink& out);
  void sign(hub::Escaped signature, std::uint32_t at, hub::EventSink& out);
  void media_part(const PartMembers& part, std::uint32_t at, hub::EventSink& out);
  Result<> call_part(json::View part, const PartMembers& members, std::uint32_t at,
                     hub::EventSink& out);
  void open_call(json::View part, const PartMembers& members, std::uint32_t at,
                 hub::EventSink& out);
  void close_call(hub::Raw arguments, std::uint32_t at, hub::EventSink& out);
  void end_partial_call(std::uint32_t at, hub::EventSink& out);
  void logprobs(json::View result, std::uint32_t at, hub::EventSink& out);
  void usage(hub::EventSink& out);
  hub::Finish final_finish(const Choice& choice) const;

  std::vector<Choice> choices_{};
  Figures figures_;
  std::string id_;
  json::Composer scratch_{};
  bool whole_;
  bool begun_ = false;
  bool blocked_ = false;
  bool has_usage_ = false;
  bool done_ = false;
};

}  // namespace penstock::dialect::gemini
