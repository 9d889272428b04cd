// What providers that speak OpenAI's chat API want to have otherwise. The sections named in the
// comments are of the provider's own documentation, or of the traffic recorded from it where that
// says more. Only kinds.cpp includes this.
#pragma once

#include "penstock/quirks.h"

namespace penstock::quirks_of {

using dialect::Quirks;
using dialect::SearchForm;

// What can be said of servers that call themselves OpenAI-compatible: the older name of the output
// limit, no `developer` role, and nothing that belongs to OpenAI's own platform.
inline constexpr Quirks compatible{
    .max_tokens = "max_tokens",
    .developer_role = false,
    .metadata = false,
    .store = false,
    .service_tier = false,
    .verbosity = false,
    .web_search = SearchForm::none,
    .file_input = false,
    .prediction = false,
};

// API reference, chat completion: unknown members are a 422. `random_seed`, `any`, tool-call ids of
// nine letters or digits; usage comes unasked. Earlier reasoning goes back as `thinking` parts.
// Tiers are `auto` and `standard_only`, documents are `document_url` parts.
inline constexpr Quirks mistral{
    .max_tokens = "max_tokens",
    .required_choice = "any",
    .seed_field = "random_seed",
    .developer_role = false,
    .stream_options = false,
    .logprobs = false,
    .logit_bias = false,
    .user = false,
    .store = false,
    .service_tier = false,
    .verbosity = false,
    .web_search = SearchForm::none,
    .file_input = false,
    .short_tool_ids = true,
};

// API reference and "OpenAI compatibility": logprobs, logit_bias and n above 1 are a 400, penalties
// are taken and ignored. Tiers are `on_demand` and `performance`.
inline constexpr Quirks groq{
    .reasoning_field = "reasoning",
    .developer_role = false,
    .n = false,
    .logprobs = false,
    .logit_bias = false,
    .penalties = false,
    .store = false,
    .service_tier = false,
    .verbosity = false,
    .web_search = SearchForm::none,
    .audio_input = false,
    .file_input = false,
    .prediction = false,
};

// API reference, chat completion: reasoning of turns with tool calls must come back (400 else).
// JSON by `json_object` only; content is text only (other parts were a 400 where recorded).
inline constexpr Quirks deepseek{
    .max_tokens = "max_tokens",
    .reasoning_back = true,
    .developer_role = false,
    .json_schema = false,
    .strict = false,
    .parallel_tool_calls = false,
    .n = false,
    .seed = false,
    .logit_bias = false,
    .user = false,
    .metadata = false,
    .store = false,
    .service_tier = false,
    .verbosity = false,
    .web_search = SearchForm::none,
    .image_url = false,
    .audio_input = false,
    .file_input = false,
    .prediction = false,
};

// API reference, chat completions. Reasoning tokens stand beside completion_tokens (recorded).
// What reasoning models refuse beyond this is decided by model: `quirks_of`.
inline constexpr Quirks xai{
    .developer_role = false,
    .parallel_tool_calls = false,
    .n = false,
    .logit_bias = false,
    .user = false,
    .metadata = false,
    .store = false,
    .service_tier = false,
    .verbosity = false,
    .web_search = SearchForm::none,
    .audio_input = false,
    .file_input = false,
    .prediction = false,
    .usage_needs_sum = true,
};

// API reference, "Create a chat completion": one choice; `reasoning` and `reasoning_details` go
// back as they came; cache_control on parts for Anthropic and Gemini models.
inline constexpr Quirks openrouter{
    .reasoning_field = "reasoning",
    .reasoning_back = true,
    .developer_role = false,
    .n = false,
    .store = false,
    .verbosity = false,
    .web_search = SearchForm::plugin,
    .cache_control = true,
    .reasoning_details = true,
    .top_k = true,
};

// Streams end without [DONE] (recorded). Sampling extras are not in the API reference.
inline constexpr Quirks perplexity{
    .max_tokens = "max_tokens",
    .developer_role = false,
    .strict = false,
    .parallel_tool_calls = false,
    .n = false,
    .seed = false,
    .logprobs = false,
    .logit_bias = false,
    .user = false,
    .metadata = false,
    .store = false,
    .service_tier = false,
    .verbosity = false,
    .web_search = SearchForm::perplexity,
    .audio_input = false,
    .file_input = false,
    .prediction = false,
    .terminator = false,
};

// SDK types: `logprobs` is a number there.
inline constexpr Quirks together{
    .max_tokens = "max_tokens",
    .reasoning_field = "reasoning",
    .developer_role = false,
    .parallel_tool_calls = false,
    .logprobs = false,
    .user = false,
    .metadata = false,
    .store = false,
    .service_tier = false,
    .verbosity = false,
    .web_search = SearchForm::none,
    .audio_input = false,
    .file_input = false,
    .prediction = false,
    .top_k = true,
};

// API reference: `user` also chooses the server whose cache is warm; `reasoning_history` says what
// becomes of reasoning_content in earlier turns.
inline constexpr Quirks fireworks{
    .max_tokens = "max_tokens",
    .reasoning_back = true,
    .developer_role = false,
    .metadata = false,
    .store = false,
    .service_tier = false,
    .verbosity = false,
    .web_search = SearchForm::none,
    .audio_input = false,
    .file_input = false,
    .prediction = false,
    .top_k = true,
};

inline constexpr Quirks cerebras{
    .reasoning_field = "reasoning",
    .developer_role = false,
    .n = false,
    .logit_bias = false,
    .penalties = false,
    .metadata = false,
    .store = false,
    .service_tier = false,
    .verbosity = false,
    .web_search = SearchForm::none,
    .image_url = false,
    .audio_input = false,
    .file_input = false,
    .prediction = false,
};

// Reasoning has to go back in loops with tools.
inline constexpr Quirks moonshot{
    .max_tokens = "max_tokens",
    .reasoning_back = true,
    .developer_role = false,
    .parallel_tool_calls = false,
    .logprobs = false,
    .logit_bias = false,
    .user = false,
    .metadata = false,
    .store = false,
    .service_tier = false,
    .verbosity = false,
    .web_search = SearchForm::none,
    .audio_input = false,
    .file_input = false,
    .prediction = false,
};

// docs/openai.md of the project, for targets with `api: chat`: images inline only, no tool_choice.
inline constexpr Quirks ollama{
    .max_tokens = "max_tokens",
    .reasoning_field = "reasoning",
    .developer_role = false,
    .strict = false,
    .tool_choice_named = false,
    .tool_choice_required = false,
    .parallel_tool_calls = false,
    .n = false,
    .logit_bias = false,
    .user = false,
    .metadata = false,
    .store = false,
    .service_tier = false,
    .verbosity = false,
    .web_search = SearchForm::none,
    .image_url = false,
    .audio_input = false,
    .file_input = false,
    .prediction = false,
};

// The request class of the server: `user` is taken and ignored, earlier reasoning is read from
// `reasoning`.
inline constexpr Quirks vllm{
    .reasoning_field = "reasoning",
    .reasoning_back = true,
    .developer_role = false,
    .user = false,
    .metadata = false,
    .store = false,
    .service_tier = false,
    .verbosity = false,
    .web_search = SearchForm::none,
    .file_input = false,
    .prediction = false,
    .top_k = true,
};

// README of the server: a named tool_choice is reported to be taken for `auto`.
inline constexpr Quirks llamacpp{
    .max_tokens = "max_tokens",
    .developer_role = false,
    .tool_choice_named = false,
    .user = false,
    .metadata = false,
    .store = false,
    .service_tier = false,
    .verbosity = false,
    .web_search = SearchForm::none,
    .file_input = false,
    .prediction = false,
    .top_k = true,
};

// Source of the router: JSON output wants its schema in a member of its own, `value`.
inline constexpr Quirks tgi{
    .max_tokens = "max_tokens",
    .developer_role = false,
    .json_schema = false,
    .json_object = false,
    .strict = false,
    .parallel_tool_calls = false,
    .n = false,
    .user = false,
    .metadata = false,
    .store = false,
    .service_tier = false,
    .verbosity = false,
    .web_search = SearchForm::none,
    .reasoning_effort = false,
    .audio_input = false,
    .file_input = false,
    .prediction = false,
};

// "OpenAI compatibility endpoints": tool_choice is a word, images are inline, JSON has a schema.
inline constexpr Quirks lmstudio{
    .max_tokens = "max_tokens",
    .developer_role = false,
    .json_object = false,
    .tool_choice_named = false,
    .parallel_tool_calls = false,
    .n = false,
    .user = false,
    .metadata = false,
    .store = false,
    .service_tier = false,
    .verbosity = false,
    .web_search = SearchForm::none,
    .image_url = false,
    .audio_input = false,
    .file_input = false,
    .prediction = false,
};

}  // namespace penstock::quirks_of
