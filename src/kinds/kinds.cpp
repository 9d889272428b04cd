// The one table of provider kinds. The sections named in the comments are of the provider's own
// documentation, or of the traffic recorded from it where that says more.
#include "penstock/kinds.h"

#include <array>

#include "penstock/assert.h"

namespace penstock {
namespace {

using dialect::Dialect;
using dialect::Quirks;
using dialect::SearchForm;
using enum Service;
using enum Resource;

// What can be said of servers that call themselves OpenAI-compatible: the older name of the output
// limit, no `developer` role, and nothing that belongs to OpenAI's own platform.
constexpr Quirks compatible{
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
constexpr Quirks mistral{
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
constexpr Quirks groq{
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
constexpr Quirks deepseek{
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
constexpr Quirks xai{
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
constexpr Quirks openrouter{
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
constexpr Quirks perplexity{
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
constexpr Quirks together{
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
constexpr Quirks fireworks{
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

constexpr Quirks cerebras{
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
constexpr Quirks moonshot{
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
constexpr Quirks ollama{
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
constexpr Quirks vllm{
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
constexpr Quirks llamacpp{
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
constexpr Quirks tgi{
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
constexpr Quirks lmstudio{
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

constexpr std::array<KindFacts, provider_kinds> rows{{
    {.name = "openai",
     .base_url = "https://api.openai.com/v1",
     .services = {chat, completions, embeddings, responses, models, moderations, count_tokens},
     .resources = {images, transcriptions, speech, files, batches},
     .apis = {.chat = true, .responses = true}},
    {.name = "openai-compatible",
     .needs_key = false,
     .services = {chat, completions, embeddings, models, rerank, moderations},
     .resources = {images, transcriptions, speech, files, batches},
     .apis = {.chat = true, .responses = true},
     .quirks = compatible},
    {.name = "azure",
     .added = "/openai",
     .paths = Paths::azure,
     .auth = Auth::api_key,
     .services = {chat, completions, embeddings, responses, models},
     .resources = {images, transcriptions, speech, files, batches},
     .apis = {.chat = true, .responses = true, .messages = true}},
    {.name = "anthropic",
     .base_url = "https://api.anthropic.com",
     .added = "/v1",
     .paths = Paths::anthropic,
     .auth = Auth::x_api_key,
     .chat = Dialect::anthropic,
     .services = {chat, models, count_tokens},
     .apis = {.messages = true}},
    {.name = "gemini",
     .base_url = "https://generativelanguage.googleapis.com",
     .added = "/v1beta",
     .paths = Paths::gemini,
     .auth = Auth::x_goog_api_key,
     .chat = Dialect::gemini,
     .services = {chat, embeddings, models, count_tokens},
     .apis = {.chat = true},
     .quirks = compatible},
    {.name = "vertex",
     .base_url = "https://{region}-aiplatform.googleapis.com",
     .added = "/v1",
     .paths = Paths::vertex,
     .auth = Auth::google,
     .chat = Dialect::gemini,
     .services = {chat, embeddings, count_tokens},
     .apis = {.chat = true, .messages = true},
     .quirks = compatible},
    {.name = "bedrock",
     .base_url = "https://bedrock-runtime.{region}.amazonaws.com",
     .added = "/model",
     .paths = Paths::bedrock,
     .auth = Auth::aws,
     .chat = Dialect::bedrock,
     .services = {chat, embeddings, rerank, count_tokens},
     .apis = {.messages = true}},
    {.name = "mistral",
     .base_url = "https://api.mistral.ai/v1",
     .services = {chat, embeddings, models, moderations},
     .resources = {transcriptions, files},
     .apis = {.chat = true},
     .quirks = mistral},
    {.name = "groq",
     .base_url = "https://api.groq.com/openai/v1",
     .services = {chat, models},
     .resources = {transcriptions, speech, files, batches},
     .apis = {.chat = true, .responses = true},
     .quirks = groq},
    {.name = "cohere",
     .base_url = "https://api.cohere.com",
     .added = "/v2",
     .paths = Paths::cohere,
     .chat = Dialect::cohere,
     .services = {chat, embeddings, models, rerank}},
    {.name = "deepseek",
     .base_url = "https://api.deepseek.com",
     .services = {chat, models},
     .apis = {.chat = true, .messages = true},
     .quirks = deepseek},
    {.name = "xai",
     .base_url = "https://api.x.ai/v1",
     .services = {chat, embeddings, responses, models},
     .resources = {images},
     .apis = {.chat = true, .responses = true},
     .quirks = xai},
    {.name = "openrouter",
     .base_url = "https://openrouter.ai/api/v1",
     .services = {chat, completions, embeddings, responses, models},
     .apis = {.chat = true, .responses = true, .messages = true},
     .quirks = openrouter},
    {.name = "perplexity",
     .base_url = "https://api.perplexity.ai",
     .services = {chat},
     .apis = {.chat = true},
     .quirks = perplexity},
    {.name = "together",
     .base_url = "https://api.together.xyz/v1",
     .services = {chat, completions, embeddings, models, rerank},
     .resources = {images, transcriptions, speech},
     .apis = {.chat = true},
     .quirks = together},
    {.name = "fireworks",
     .base_url = "https://api.fireworks.ai/inference/v1",
     .services = {chat, completions, embeddings, models},
     .apis = {.chat = true, .responses = true},
     .quirks = fireworks},
    {.name = "cerebras",
     .base_url = "https://api.cerebras.ai/v1",
     .services = {chat, completions, models},
     .apis = {.chat = true},
     .quirks = cerebras},
    {.name = "moonshot",
     .base_url = "https://api.moonshot.ai/v1",
     .services = {chat, models},
     .resources = {files},
     .apis = {.chat = true},
     .quirks = moonshot},
    {.name = "ollama",
     .base_url = "http://127.0.0.1:11434",
     .added = "/v1",
     .paths = Paths::ollama,
     .needs_key = false,
     .chat = Dialect::ollama,
     .services = {chat, completions, embeddings, responses, models},
     .apis = {.chat = true, .responses = true, .messages = true},
     .quirks = ollama},
    {.name = "vllm",
     .needs_key = false,
     .services = {chat, completions, embeddings, responses, models, rerank},
     .resources = {transcriptions},
     .apis = {.chat = true, .responses = true, .messages = true},
     .quirks = vllm},
    {.name = "llamacpp",
     .needs_key = false,
     .services = {chat, completions, embeddings, models, rerank, count_tokens},
     .apis = {.chat = true, .responses = true, .messages = true},
     .quirks = llamacpp},
    {.name = "tgi",
     .needs_key = false,
     .services = {chat, completions, models},
     .apis = {.chat = true},
     .quirks = tgi},
    {.name = "lmstudio",
     .needs_key = false,
     .services = {chat, completions, embeddings, models},
     .apis = {.chat = true, .responses = true},
     .quirks = lmstudio},
}};

constexpr std::size_t words_bytes = [] {
  std::size_t bytes = rows.size() - 1;
  for (const KindFacts& row : rows) bytes += row.name.size();
  return bytes;
}();
constexpr auto words = [] {
  std::array<char, words_bytes> text{};
  std::size_t at = 0;
  for (const KindFacts& row : rows) {
    if (at > 0) text[at++] = '|';
    for (const char c : row.name) text[at++] = c;
  }
  return text;
}();

}  // namespace

const KindFacts& facts_of(ProviderKind kind) {
  PENSTOCK_ASSERT(static_cast<std::size_t>(kind) < rows.size());
  return rows[static_cast<std::size_t>(kind)];
}

std::span<const KindFacts> all_kinds() {
  return rows;
}

std::string_view name_of(ProviderKind kind) {
  return facts_of(kind).name;
}

std::string_view kind_words() {
  return {words.data(), words.size()};
}

}  // namespace penstock
