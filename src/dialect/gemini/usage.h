// Token figures: Google's `usageMetadata` and the hub's buckets. Google counts cached tokens inside
// the prompt, thoughts outside of the candidates and tool use outside of both
// (https://ai.google.dev/api/generate-content#UsageMetadata).
#pragma once

#include <array>

#include "penstock/hub.h"
#include "penstock/json_document.h"
#include "penstock/json_writer.h"

namespace penstock::dialect::gemini {

// The figures of an answer as they came. In a stream they are running totals that may also fall:
// the last chunk's count, an earlier one's only for what the last lacks.
class Figures {
 public:
  void read(json::View usage_metadata);
  hub::Usage usage() const;

 private:
  struct Modalities {
    hub::Tokens audio{};
    hub::Tokens image{};
    void read(json::View details);
  };

  hub::Tokens prompt_, cached_, candidates_, thoughts_, tool_use_, total_;
  Modalities in_prompt_, in_cached_, in_candidates_;
};

// Writes the object; keys without a figure are left out.
void write_usage(const hub::Usage& usage, json::Writer& out);

}  // namespace penstock::dialect::gemini
