// Requests of a connection: both parsers agree, whole and cut where the input says, and no route
// path leaves its place.
#include <array>
#include <cstdint>
#include <cstdlib>

#include "fuzz_cuts.h"
#include "judge.h"

namespace {

constexpr std::uint64_t body_max = 1 << 16;

void check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Input input = fuzz::take_cuts(data, size);
  const reference::Judgement expected =
      reference::judge_requests(std::string(input.bytes), body_max);
  const std::vector<std::size_t> whole = {input.bytes.size()};
  check(ours::same(expected, ours::judge_requests(input.bytes, body_max, whole)));
  check(ours::same(expected, ours::judge_requests(input.bytes, body_max, input.ends)));
  for (const reference::Message& message : expected.messages) {
    std::array<char, 256> scratch;
    const std::string_view path = penstock::http::route_path(message.path, scratch);
    check(path.find("/../") == std::string_view::npos && path.find("//") == std::string_view::npos);
    check(path.size() <= message.path.size());
  }
  return 0;
}
