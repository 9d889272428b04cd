// Whole answers and errors of every provider dialect to every client dialect: no crash, sound JSON,
// and as a stream the same verdict. The first byte chooses the provider.
#include <array>
#include <cstdint>
#include <cstdlib>

#include "replay.h"

namespace {

using namespace penstock;
using golden::Dialect;

void check(bool holds) {
  if (!holds) std::abort();
}

void errors(Dialect client, Dialect provider, Bytes body) {
  translate::Workbench bench;
  hub::ErrorNote note;
  translate::read_error(provider, 429, body, bench, note);
  check(!note.message.empty());
  json::Composer out;
  translate::write_error(client, note, out);
  json::Document document;
  check(document.read(out.text(), json::Judge::answer).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr std::array providers{
      Dialect::openai_chat, Dialect::openai_responses, Dialect::anthropic, Dialect::gemini,
      Dialect::bedrock,     Dialect::cohere,           Dialect::ollama};
  constexpr std::array clients{Dialect::openai_chat, Dialect::openai_completions,
                               Dialect::openai_responses, Dialect::anthropic, Dialect::gemini};
  const Dialect provider = providers[data[0] % providers.size()];
  const Bytes body(reinterpret_cast<const char*>(data) + 1, size - 1);
  static const dialect::Quirks quirks{};
  static const hub::Request request;
  dialect::TargetTraits target;
  target.model = target.base_model = "the-model";
  target.quirks = &quirks;
  json::Document document;
  for (const Dialect client : clients) {
    const auto pair = golden::exchange(client, provider, target, request);
    const golden::Outcome whole = golden::replay_whole(pair, body);
    const golden::Outcome stream = golden::replay_whole_as_stream(pair, body);
    check(whole.told_error.has_value() == stream.told_error.has_value());
    if (whole.good) {
      check(document.read(whole.output, json::Judge::answer).has_value());
      check(whole.output.size() <= 64 * body.size() + 16'384);
    }
    errors(client, provider, body);
  }
  return 0;
}
