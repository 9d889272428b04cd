// What a writer must know about the model it writes for. Filled by `provider` and configuration.
#pragma once

#include <cstdint>

#include "penstock/bytes.h"

namespace penstock::dialect {

// How an OpenAI-like server is asked to search the web.
enum class SearchForm : std::uint8_t {
  none,
  options,     // web_search_options
  perplexity,  // the same with a plain place, and `search_domain_filter`
  plugin,      // OpenRouter: an entry of `plugins`
};

// Where an OpenAI-like server departs from OpenAI. One row per provider kind; every default is what
// OpenAI itself does.
struct Quirks {
  Bytes max_tokens = "max_completion_tokens";   // the member that limits the output
  Bytes required_choice = "required";           // the word that forces some tool call ("any")
  Bytes reasoning_field = "reasoning_content";  // where an assistant turn's reasoning goes back
  Bytes seed_field = "seed";                    // Mistral: random_seed
  bool reasoning_back = false;  // the reasoning of earlier turns is sent back at all
  bool developer_role = true;   // else it becomes system
  bool stream_options = true;   // takes stream_options.include_usage
  bool json_schema = true;      // else json_object with the schema as an instruction
  bool json_object = true;
  bool strict = true;  // takes `strict` in tools and schemas
  bool tool_choice_named = true;
  bool tool_choice_required = true;  // else a call is asked for in words
  bool parallel_tool_calls = true;
  bool n = true;
  bool seed = true;
  bool logprobs = true;
  bool logit_bias = true;
  bool penalties = true;
  bool stop = true;
  bool user = true;
  bool metadata = true;
  bool store = true;
  bool service_tier = true;
  bool verbosity = true;
  SearchForm web_search = SearchForm::options;
  bool reasoning_effort = true;
  bool image_url = true;  // http(s) addresses of images, not only inline data
  bool audio_input = true;
  bool file_input = true;
  bool prediction = true;
  bool cache_control = false;      // takes cache_control on content parts
  bool reasoning_details = false;  // takes reasoning_details back, whoever signed them (OpenRouter)
  bool top_k = false;
  bool short_tool_ids = false;   // Mistral: exactly nine letters or digits
  bool terminator = true;        // streams end with [DONE]; else with a clean end of the body
  bool usage_needs_sum = false;  // reasoning tokens stand outside completion_tokens (xAI chat)
};

enum class DropParams : std::uint8_t { drop, error };
enum class PromptCache : std::uint8_t { off, automatic };

// The target a request is written for.
struct TargetTraits {
  Bytes model{};       // the upstream's name, plain
  Bytes base_model{};  // the model behind an ARN or deployment name; the same as `model` otherwise
  const Quirks* quirks = nullptr;  // OpenAI-like dialects
  DropParams drop_params = DropParams::drop;
  PromptCache prompt_cache = PromptCache::off;
  std::int64_t max_output_default = 0;  // where the dialect demands a limit; 0: by the model
  bool on_vertex = false;               // Gemini or Anthropic dialect, served by Vertex
  bool in_bedrock_invoke = false;       // Anthropic dialect as the body of InvokeModel
};

}  // namespace penstock::dialect
