// Event streams: the framer gives what a second reader gives, whole and cut where the input says;
// what the watcher lets through is again one event, and canonical.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "fuzz_cuts.h"
#include "penstock/sse.h"
#include "support/json_tree.h"
#include "support/sse_events.h"

namespace {

using namespace penstock;

void check(bool holds) {
  if (!holds) std::abort();
}

std::string passed_on(const sse::Event& event, const sse::ChatWatcher::Look& look) {
  Gather gather;
  std::string out;
  if (sse::gather_event(event, look, gather)) {
    for (const Bytes piece : gather.pieces()) out += piece;
    return out;
  }
  const Bytes whole[] = {event.data};
  const std::span<const Bytes> data = look.slice_count != 0 ? look.edited() : std::span(whole);
  out.resize(sse::written_bytes(event.name, data));
  check(sse::write_event(event.name, data, out).has_value());
  return out;
}

// Every event of a stream as the client gets it.
void watch(const test::Messages& messages, bool hide_usage) {
  sse::ChatWatcher watcher(hide_usage);
  for (const test::Message& message : messages) {
    const sse::Event event{message.name, message.data, {}};
    const auto look = watcher.look(event);
    if (look.hide) continue;
    const test::Messages again = test::read_events(passed_on(event, look));
    check(again.size() == 1 && again[0].name == message.name);
    check(again[0].data.find('\n') == std::string::npos);
    if (look.slice_count == 0) {
      check(again[0].data.size() == message.data.size());
      continue;
    }
    check(hide_usage);
    auto before = test::read_tree(message.data);
    if (!before) continue;  // nothing is promised for unsound JSON
    before->erase("usage");
    check(test::read_tree(again[0].data) == before);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Input input = fuzz::take_cuts(data, size);
  std::vector<std::string> chunks;
  std::size_t from = 0;
  for (const std::size_t end : input.ends) {
    chunks.emplace_back(input.bytes.substr(from, end - from));
    from = end;
  }
  const test::Messages expected = test::read_events(input.bytes);
  check(test::frame({std::string(input.bytes)}) == expected);
  check(test::frame(chunks) == expected);
  watch(expected, true);
  watch(expected, false);
  return 0;
}
