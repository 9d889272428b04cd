// What a model behind Converse can do. Bedrock has one API for the models of many makers, but each
// takes only a part of it, and the rest of its options has names of its own. The only thing to go
// by is the model's name; where an ARN hides that, the configuration's `base_model` says it.
#pragma once

#include <cstdint>

#include "dialect/tool_id.h"
#include "penstock/hub.h"

namespace penstock::dialect::bedrock {

enum class Family : std::uint8_t { claude, nova, mistral, llama, gpt_oss, deepseek, other };

enum class Thinking : std::uint8_t {
  none,
  budget,    // Claude: a number of tokens
  adaptive,  // Claude: an effort, or the model decides
  nova,      // reasoningConfig
  effort,    // gpt-oss: always on, an effort
};

struct Model {
  Family family = Family::other;
  Thinking thinking = Thinking::none;
  IdRule ids = IdRule::word;
  hub::Effort effort_max = hub::Effort::high;  // of adaptive thinking
  std::int64_t output_max = 64'000;            // tokens
  bool sampling = true;                        // takes temperature, top_p, top_k
  bool both_samplers = true;                   // takes temperature and top_p together
  bool top_k = false;                          // by a field of its own
  bool json_schema = false;                    // outputConfig.textFormat, and strict tools
  bool forced_choice = true;                   // toolChoice any and tool
  bool result_status = true;                   // toolResult.status
  bool cache_points = false;                   // in system and messages
  bool cache_tools = false;                    // behind the tools as well
  bool cache_hour = false;                     // cachePoint.ttl
  bool system_messages = false;                // role system inside the conversation
  bool prefill = false;                        // the conversation may end with the assistant
  bool audio_input = true;
  bool video_input = true;
};

// `name`: a model id, with or without a region's prefix. An unknown Claude is taken for the newest.
Model model_of(Bytes name);

}  // namespace penstock::dialect::bedrock
