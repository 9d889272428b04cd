// What a Claude model can do, by its name. Used where nobody asked the provider's list of models.
// Source: the capability table of Anthropic's models endpoint, summer 2026; older rows by their
// published limits.
#pragma once

#include <cstdint>

#include "penstock/bytes.h"

namespace penstock::dialect::anthropic {

enum class Thinking : std::uint8_t {
  none,
  budget,    // `enabled` with budget_tokens
  either,    // `adaptive`, and `enabled` is still taken
  adaptive,  // `enabled` is refused
};

struct ModelTraits {
  Bytes contains{};  // what of the name tells it
  std::int64_t output_max = 0;
  bool structured = false;  // output_config.format
  Thinking thinking = Thinking::none;
  bool effort = false;             // takes output_config.effort
  bool effort_max = false;         // and its level `max`
  bool effort_xhigh = false;       // and its level `xhigh`
  bool off_limits_effort = false;  // `disabled` is refused together with an effort above high
  bool sampling = true;            // temperature, top_p and top_k other than the defaults
  bool sampling_pair = false;      // temperature and top_p together
  bool system_turns = false;       // role "system" inside messages
  bool prefill = true;             // the conversation may end with the assistant's turn
  Bytes web_search = "web_search_20250305";
};

// `model`: plain, in any provider's spelling ("us.anthropic.claude-opus-4-6-v1",
// "claude-sonnet-4-5@20250929"). An unknown Claude has the newest model's traits, a
// model of another name those that leave nothing out.
const ModelTraits& traits_of(Bytes model);

}  // namespace penstock::dialect::anthropic
