// The one table of provider kinds.
#include "penstock/kinds.h"

#include <array>

#include "kinds/quirks_of.h"
#include "penstock/assert.h"

namespace penstock {
namespace {

using dialect::Dialect;
using enum Service;
using enum Resource;

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
     .quirks = quirks_of::compatible},
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
     .quirks = quirks_of::compatible},
    {.name = "vertex",
     .base_url = "https://{region}-aiplatform.googleapis.com",
     .added = "/v1",
     .paths = Paths::vertex,
     .auth = Auth::google,
     .chat = Dialect::gemini,
     .services = {chat, embeddings, count_tokens},
     .apis = {.chat = true, .messages = true},
     .quirks = quirks_of::compatible},
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
     .quirks = quirks_of::mistral},
    {.name = "groq",
     .base_url = "https://api.groq.com/openai/v1",
     .services = {chat, models},
     .resources = {transcriptions, speech, files, batches},
     .apis = {.chat = true, .responses = true},
     .quirks = quirks_of::groq},
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
     .quirks = quirks_of::deepseek},
    {.name = "xai",
     .base_url = "https://api.x.ai/v1",
     .services = {chat, embeddings, responses, models},
     .resources = {images},
     .apis = {.chat = true, .responses = true},
     .quirks = quirks_of::xai},
    {.name = "openrouter",
     .base_url = "https://openrouter.ai/api/v1",
     .services = {chat, completions, embeddings, responses, models},
     .apis = {.chat = true, .responses = true, .messages = true},
     .quirks = quirks_of::openrouter},
    {.name = "perplexity",
     .base_url = "https://api.perplexity.ai",
     .services = {chat},
     .apis = {.chat = true},
     .quirks = quirks_of::perplexity},
    {.name = "together",
     .base_url = "https://api.together.xyz/v1",
     .services = {chat, completions, embeddings, models, rerank},
     .resources = {images, transcriptions, speech},
     .apis = {.chat = true},
     .quirks = quirks_of::together},
    {.name = "fireworks",
     .base_url = "https://api.fireworks.ai/inference/v1",
     .services = {chat, completions, embeddings, models},
     .apis = {.chat = true, .responses = true},
     .quirks = quirks_of::fireworks},
    {.name = "cerebras",
     .base_url = "https://api.cerebras.ai/v1",
     .services = {chat, completions, models},
     .apis = {.chat = true},
     .quirks = quirks_of::cerebras},
    {.name = "moonshot",
     .base_url = "https://api.moonshot.ai/v1",
     .services = {chat, models},
     .resources = {files},
     .apis = {.chat = true},
     .quirks = quirks_of::moonshot},
    {.name = "ollama",
     .base_url = "http://127.0.0.1:11434",
     .added = "/v1",
     .paths = Paths::ollama,
     .needs_key = false,
     .chat = Dialect::ollama,
     .services = {chat, completions, embeddings, responses, models},
     .apis = {.chat = true, .responses = true, .messages = true},
     .quirks = quirks_of::ollama},
    {.name = "vllm",
     .needs_key = false,
     .services = {chat, completions, embeddings, responses, models, rerank},
     .resources = {transcriptions},
     .apis = {.chat = true, .responses = true, .messages = true},
     .quirks = quirks_of::vllm},
    {.name = "llamacpp",
     .needs_key = false,
     .services = {chat, completions, embeddings, models, rerank, count_tokens},
     .apis = {.chat = true, .responses = true, .messages = true},
     .quirks = quirks_of::llamacpp},
    {.name = "tgi",
     .needs_key = false,
     .services = {chat, completions, models},
     .apis = {.chat = true},
     .quirks = quirks_of::tgi},
    {.name = "lmstudio",
     .needs_key = false,
     .services = {chat, completions, embeddings, models},
     .apis = {.chat = true, .responses = true},
     .quirks = quirks_of::lmstudio},
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
