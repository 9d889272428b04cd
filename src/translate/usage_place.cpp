#include "translate/usage_place.h"

namespace penstock::translate {
namespace {

using dialect::Dialect;

json::View first_object(json::View one, json::View other) {
  if (one.is_object()) return one;
  return other.is_object() ? other : json::View();
}

}  // namespace

json::View usage_object(Dialect provider, Bytes name, json::View frame) {
  switch (provider) {
    case Dialect::openai_chat:
    case Dialect::openai_completions:
      return first_object(frame["usage"], frame["x_groq"]["usage"]);
    case Dialect::openai_responses:
      if (name.ends_with(".delta")) return {};
      return first_object(frame["response"]["usage"], frame["usage"]);
    case Dialect::anthropic:
      if (name == "content_block_delta") return {};
      return first_object(frame["usage"], frame["message"]["usage"]);
    case Dialect::gemini:
      return first_object(frame["usageMetadata"], {});
    case Dialect::bedrock:
      return first_object(frame["usage"], {});
    case Dialect::cohere:
      return first_object(frame["usage"], frame["delta"]["usage"]);
    case Dialect::ollama:
      return {};
  }
  PENSTOCK_UNREACHABLE();
}

void keep_usage(Dialect provider, Bytes name, json::View frame,
                std::unique_ptr<json::KeptValue>& kept) {
  const json::View usage = usage_object(provider, name, frame);
  if (!usage.exists()) return;
  if (!kept) kept = std::make_unique<json::KeptValue>();
  if (provider == Dialect::anthropic)
    kept->merge(usage.raw());
  else
    kept->keep(usage.raw());
}

}  // namespace penstock::translate
