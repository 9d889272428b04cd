// A small configuration for tests of the gateway's parts.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "penstock/config.h"

namespace penstock::test {

// Two providers, three models, a key for all models and one for `second` only.
inline std::unique_ptr<Snapshot> small_config() {
  config::LoadOptions options;
  options.now_s = 1'800'000'000;
  options.memory_bytes = 1'000'000'000;
  auto loaded = config::load_text(R"(
providers:
  local: {kind: openai-compatible, base_url: "http://127.0.0.1:9001/v1", allow_private: true}
  other: {kind: openai-compatible, base_url: "http://127.0.0.1:9002/v1", allow_private: true}
models:
  first: {targets: [{provider: local, model: m1}]}
  second: {targets: [{provider: other, model: m2}, {provider: local, model: m3}]}
  org/third: {targets: [{provider: local, model: "org/m4"}]}
keys:
  - {name: all, secret: sk-all-0123456789abcdef}
  - {name: narrow, secret: sk-narrow-0123456789abcd, models: [second]}
)",
                                  "f", options);
  if (!loaded) {
    for (const auto& mistake : loaded.error()) MESSAGE(config::to_string(mistake));
  }
  REQUIRE(loaded);
  return std::move(*loaded);
}

}  // namespace penstock::test
