// Requests of every client dialect to every provider dialect: no crash, what comes out is sound
// JSON and not out of proportion, a refusal names its field. The first byte chooses the client.
#include <array>
#include <cstdint>
#include <cstdlib>

#include "penstock/translate.h"

namespace {

using namespace penstock;
using dialect::Dialect;

void check(bool holds) {
  if (!holds) std::abort();
}

const dialect::Quirks plain{};
const dialect::Quirks narrow{.max_tokens = "max_tokens",
                             .required_choice = "any",
                             .reasoning_back = true,
                             .developer_role = false,
                             .json_schema = false,
                             .strict = false,
                             .tool_choice_named = false,
                             .logprobs = false,
                             .user = false,
                             .image_url = false,
                             .short_tool_ids = true};

void write_for(Dialect provider, const hub::Request& request, std::size_t bytes,
               dialect::DropParams drop) {
  dialect::TargetTraits target;
  target.model = target.base_model = bytes % 2 == 0 ? "claude-sonnet-4-5" : "gemini-2.5-pro";
  target.quirks = bytes % 3 == 0 ? &narrow : &plain;
  target.drop_params = drop;
  target.prompt_cache =
      bytes % 5 == 0 ? dialect::PromptCache::automatic : dialect::PromptCache::off;
  json::Composer out;
  dialect::Losses losses;
  const auto done = translate::write_request(provider, request, target, out, losses);
  if (!done) {
    check(done.error().side == Side::client);
    check(done.error().code != Code::unsupported_by_target || !losses.refused.empty());
    return;
  }
  json::Document document;
  check(document.read(out.text(), json::Judge::answer).has_value());
  check(out.size() <= 24 * bytes + 16'384);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr std::array clients{Dialect::openai_chat, Dialect::openai_completions,
                               Dialect::openai_responses, Dialect::anthropic, Dialect::gemini};
  const Dialect client = clients[data[0] % clients.size()];
  const Bytes body(reinterpret_cast<const char*>(data) + 1, size - 1);
  translate::Workbench bench;
  hub::Request request;
  dialect::RequestIssue issue;
  const auto read = translate::read_request(client, body, bench, request, issue);
  if (!read) {
    check(read.error().side == Side::client);
    return 0;
  }
  for (std::size_t i = 0; i < dialect::dialects; ++i) {
    const auto provider = static_cast<Dialect>(i);
    if (!translate::is_provider_dialect(provider)) continue;
    write_for(provider, request, body.size(), dialect::DropParams::drop);
    write_for(provider, request, body.size(), dialect::DropParams::error);
  }
  return 0;
}
