// A streamed text event costs nothing from the heap, for every pair of dialects. The text itself is
// kept where it is repeated at the end or citations are placed in it: in a buffer that doubles, so
// that a thousand events cost a handful of allocations and none of them is the event's own.
#include <doctest/doctest.h>

#include <atomic>
#include <string>

#include "allocations.h"
#include "penstock/translate.h"
#include "text_events.h"
#include "wire.h"

namespace {

using namespace penstock;
using golden::Dialect;

// Allocations of `events` text events behind a warm-up.
std::uint64_t allocations(const test::TextStream& provider, Dialect client, int events) {
  static const dialect::Quirks quirks{};
  const hub::Request request;
  dialect::TargetTraits target{.model = "m", .base_model = "m", .quirks = &quirks};
  dialect::AnswerContext context;
  context.request_id = "0123456789abcdef";
  context.model = "m";
  context.request = &request;
  translate::Workbench bench;
  translate::StreamTranslation stream(client, provider.dialect, target, context, bench);
  const std::string event = golden::framed(provider.dialect, {provider.event}, false);
  REQUIRE(stream.feed(golden::framed(provider.dialect, provider.head, false)));
  for (int i = 0; i < 100; ++i) {
    REQUIRE(stream.feed(event));
    stream.drained();
  }
  std::atomic<std::uint64_t> counter = 0;
  bool fine = true;
  test::count_allocations_into(&counter);
  for (int i = 0; i < events; ++i) {
    fine = fine && stream.feed(event) && stream.output().find(" word") != Bytes::npos;
    stream.drained();
  }
  test::count_allocations_into(nullptr);
  REQUIRE(fine);
  return counter;
}

}  // namespace

TEST_CASE("translation/a_text_event_takes_nothing_from_the_heap") {
  for (const test::TextStream& provider : test::text_streams()) {
    for (const Dialect client : {Dialect::openai_chat, Dialect::openai_completions,
                                 Dialect::openai_responses, Dialect::anthropic, Dialect::gemini}) {
      const auto name = [](Dialect d) { return std::string(dialect::dialect_of(d).name); };
      INFO(name(provider.dialect) << " -> " << name(client));
      CHECK(allocations(provider, client, 1000) <= 16);
    }
  }
}
