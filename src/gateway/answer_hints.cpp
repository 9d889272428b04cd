// What an upstream's head says beside the ordinary: read for failures, and where another dialect is
// spoken; OpenAI's good answers never come here.
#include <algorithm>
#include <ctime>

#include "gateway/exchange.h"

namespace penstock {
namespace {

// Longer waits are not told: nobody waits so long for an answer.
constexpr std::uint32_t wait_max_s = 86'400;

}  // namespace

// Keeps the request's id at the provider if it may be shown.
void Exchange::note_request_id(Bytes id) {
  if (id.size() <= answer_.request_id.text.size() && http::sendable_value(id) &&
      !holds_secret(id, config()) && !reflects_token(id)) {
    answer_.request_id.set(id);
  }
}

// Notes the request's id at the provider, by whichever name it has; of a failure, how long to wait,
// whether to try again, and Bedrock's name of it.
void Exchange::read_answer_hints(const http::Fields& fields) {
  note_request_id(upstream_request_id(fields));
  answer_.error_name.set({});
  if (answer_.status < 400) return;
  const std::uint32_t wait_ms = retry_after_ms(fields, {}, std::time(nullptr));
  answer_.retry_after_s = std::min(wait_ms / 1000 + (wait_ms % 1000 > 0 ? 1U : 0U), wait_max_s);
  answer_.should_retry = should_retry(fields);
  if (provider().kind == ProviderKind::bedrock) {
    answer_.error_name.set(bedrock_error_name(fields));
  }
}

// How long to wait: what the head says goes before what the body says.
void Exchange::take_wait(hub::ErrorNote& note) {
  if (answer_.retry_after_s == 0 && note.retry_after_ms > 0) {
    answer_.retry_after_s = std::min((note.retry_after_ms - 1) / 1000 + 1, wait_max_s);
  }
  note.retry_after_ms = answer_.retry_after_s * 1000;
}

// What follows from a failure's status, unless the provider knows better: when it asks for another
// try, another target gets one. When it asks for none, that is true of this target, which is not
// asked again anyway; the client is told so with the provider's words.
Retry Exchange::retry_of(Next next) const {
  return next == Next::next_target || answer_.should_retry == true ? Retry::yes : Retry::no;
}

}  // namespace penstock
