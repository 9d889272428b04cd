// Streams of every provider dialect to every client dialect, whole and cut where the input says:
// no crash, the same output, every event of it sound, none out of proportion, and nothing that
// failed looks finished. The first byte chooses the provider; for Bedrock a text is put into frames
// line by line, so that the fuzzer need not find checksums.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "fuzz_cuts.h"
#include "replay.h"
#include "support/sse_events.h"
#include "wire.h"

namespace {

using namespace penstock;
using golden::Dialect;

void check(bool holds) {
  if (!holds) std::abort();
}

void judge(const golden::Outcome& outcome, std::size_t bytes) {
  check(outcome.output.size() <= 256 * bytes + 65'536);
  check(outcome.started || outcome.output.empty());
  json::Document document;
  for (const test::Message& message : test::read_events(outcome.output)) {
    if (message.data == "[DONE]") continue;
    check(document.read(message.data, json::Judge::answer).has_value());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  constexpr std::array providers{
      Dialect::openai_chat, Dialect::openai_responses, Dialect::anthropic, Dialect::gemini,
      Dialect::bedrock,     Dialect::cohere,           Dialect::ollama};
  constexpr std::array clients{Dialect::openai_chat, Dialect::openai_completions,
                               Dialect::openai_responses, Dialect::anthropic, Dialect::gemini};
  const Dialect provider = providers[data[0] % providers.size()];
  const fuzz::Input input = fuzz::take_cuts(data + 1, size - 1);
  std::string body(input.bytes);
  golden::Cuts cuts(input.ends.begin(), input.ends.end());
  if (provider == Dialect::bedrock) {
    body = golden::framed(provider, golden::lines_of(body));
    cuts = golden::cut_randomly(body, data[size - 1], 40);
  }
  static const dialect::Quirks quirks{};
  static const hub::Request request;
  dialect::TargetTraits target;
  target.model = target.base_model = "the-model";
  target.quirks = &quirks;
  for (const Dialect client : clients) {
    const auto pair = golden::exchange(client, provider, target, request);
    const golden::Outcome whole = golden::replay_stream(pair, body, golden::cut_nowhere(body));
    judge(whole, body.size());
    check(golden::replay_stream(pair, body, cuts) == whole);
  }
  return 0;
}
