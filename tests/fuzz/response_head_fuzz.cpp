// Responses of an upstream: both parsers agree, whole and cut where the input says, for GET and for
// HEAD.
#include <cstdint>
#include <cstdlib>

#include "fuzz_cuts.h"
#include "judge.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using penstock::http::Method;
  const fuzz::Input input = fuzz::take_cuts(data, size);
  for (const Method method : {Method::get, Method::head}) {
    const reference::Judgement expected = reference::judge_response(
        std::string(input.bytes), std::string(penstock::http::name(method)));
    const std::vector<std::size_t> whole = {input.bytes.size()};
    if (!ours::same(expected, ours::judge_response(input.bytes, method, whole))) std::abort();
    if (!ours::same(expected, ours::judge_response(input.bytes, method, input.ends))) std::abort();
  }
  return 0;
}
