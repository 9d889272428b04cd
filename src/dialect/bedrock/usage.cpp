#include "dialect/bedrock/usage.h"

#include <algorithm>

namespace penstock::dialect::bedrock {
namespace {

hub::Tokens tokens(json::View value) {
  const auto number = value.integer();
  if (!number || *number < 0) return {};
  return static_cast<std::uint64_t>(*number);
}

hub::Tokens either(json::View usage, Bytes name, Bytes other) {
  const hub::Tokens found = tokens(usage[name]);
  return found.present ? found : tokens(usage[other]);
}

}  // namespace

hub::Usage read_usage(json::View usage) {
  hub::Usage out;
  out.input = tokens(usage["inputTokens"]);
  out.output = tokens(usage["outputTokens"]);
  out.cache_read = either(usage, "cacheReadInputTokens", "cacheReadInputTokenCount");
  const hub::Tokens written = either(usage, "cacheWriteInputTokens", "cacheWriteInputTokenCount");
  std::uint64_t hour = 0;
  for (const json::View detail : usage["cacheDetails"]) {
    if (detail["ttl"].is("1h")) hour += tokens(detail["inputTokens"]).value;
  }
  if (!written.present) return out;
  // What no detail speaks of was written for the usual five minutes.
  hour = std::min(hour, written.value);
  out.cache_write_5m = written.value - hour;
  if (hour > 0) out.cache_write_1h = hour;
  return out;
}

}  // namespace penstock::dialect::bedrock
