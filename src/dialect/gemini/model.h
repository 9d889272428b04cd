// What a request writer must know of a Gemini or Gemma model, told from its name. A name without a
// generation (a tuned model, an endpoint's number, "gemini-flash-latest") counts as a current one.
#pragma once

#include <cstdint>

#include "penstock/quirks.h"

namespace penstock::dialect::gemini {

struct Model {
  int generation = 30;  // ten times the number: 25 is Gemini 2.5
  bool gemma = false;
  bool pro = false;
  bool lite = false;

  // Takes thinkingLevel, wants signatures back, mixes functions with Google's own tools.
  bool third() const { return !gemma && generation >= 30; }
  bool thinks() const { return !gemma && generation >= 25; }
  // Takes JSON Schema; older ones only the subset of OpenAPI.
  bool json_schema() const { return !gemma && generation >= 25; }
  bool system_instruction() const { return !gemma || generation >= 40; }
  std::int64_t budget_min() const { return pro ? 128 : lite ? 512 : 1; }
  std::int64_t budget_max() const { return pro ? 32768 : 24576; }
};

// By `base_model`, or `model` where that is empty.
Model model_of(const TargetTraits& target);

}  // namespace penstock::dialect::gemini
