// One event of a chat stream: framed and looked at, whole in a read and cut by two.
#include <benchmark/benchmark.h>

#include <string>

#include "penstock/sse.h"

using namespace penstock;

namespace {

const std::string event_text =
    R"(data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-4o",)"
    R"("choices":[{"index":0,"delta":{"content":" word"},"finish_reason":null}]})"
    "\n\n";

// Frames what was fed and has each event looked at.
void pass(sse::Framer& framer, sse::ChatWatcher& watcher, benchmark::State& state) {
  sse::Event event;
  for (;;) {
    const auto more = framer.next(event);
    if (!more) state.SkipWithError("refused");
    if (!more || !*more) return;
    benchmark::DoNotOptimize(watcher.look(event));
  }
}

void whole_event(benchmark::State& state) {
  sse::Framer framer;
  sse::ChatWatcher watcher(true);
  for (auto _ : state) {
    framer.feed(event_text);
    pass(framer, watcher, state);
  }
}
BENCHMARK(whole_event);

void event_cut_by_reads(benchmark::State& state) {
  sse::Framer framer;
  sse::ChatWatcher watcher(true);
  const Bytes text = event_text;
  for (auto _ : state) {
    framer.feed(text.substr(0, text.size() / 2));
    pass(framer, watcher, state);
    framer.feed(text.substr(text.size() / 2));
    pass(framer, watcher, state);
  }
}
BENCHMARK(event_cut_by_reads);

void sixteen_events_in_a_read(benchmark::State& state) {
  std::string chunk;
  for (int i = 0; i < 16; ++i) chunk += event_text;
  sse::Framer framer;
  sse::ChatWatcher watcher(true);
  for (auto _ : state) {
    framer.feed(chunk);
    pass(framer, watcher, state);
  }
  state.SetItemsProcessed(state.iterations() * 16);
}
BENCHMARK(sixteen_events_in_a_read);

}  // namespace
