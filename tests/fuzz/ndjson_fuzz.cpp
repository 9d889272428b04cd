// Lines of JSON: the framer gives what a second reading of the whole text gives, whole and cut
// where the input says, and holds no more than came.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "fuzz_cuts.h"
#include "penstock/ndjson.h"

namespace {

using namespace penstock;
using Lines = std::vector<std::string>;

constexpr std::size_t line_bytes_max = 4096;

void check(bool holds) {
  if (!holds) std::abort();
}

// None: a line was too large.
std::optional<Lines> framed(Bytes text, const std::vector<std::size_t>& ends) {
  Lines out;
  sse::NdjsonFramer framer(line_bytes_max);
  Bytes line;
  std::size_t from = 0;
  for (const std::size_t end : ends) {
    // A copy of its own: a view that outlives its chunk shows under the sanitizers.
    const std::string chunk(text.substr(from, end - from));
    from = end;
    framer.feed(chunk);
    for (;;) {
      const auto more = framer.next(line);
      if (!more) {
        check(more.error() == Error{Code::too_large, Side::upstream});
        return {};
      }
      if (!*more) break;
      out.emplace_back(line);
    }
    check(framer.held() <= line_bytes_max);
  }
  if (framer.last(line)) out.emplace_back(line);
  return out;
}

// The lines by the contract of ndjson.h, of a text that is there as one.
Lines read(Bytes text) {
  Lines out;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    Bytes line = text.substr(0, end);
    text.remove_prefix(end == Bytes::npos ? text.size() : end + 1);
    constexpr Bytes blanks = " \t\r";
    while (!line.empty() && blanks.contains(line.front())) line.remove_prefix(1);
    while (!line.empty() && blanks.contains(line.back())) line.remove_suffix(1);
    if (!line.empty()) out.emplace_back(line);
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Input input = fuzz::take_cuts(data, size);
  std::vector<std::size_t> every;
  for (std::size_t end = 1; end <= input.bytes.size(); ++end) every.push_back(end);
  const auto whole = framed(input.bytes, {input.bytes.size()});
  const auto cut = framed(input.bytes, input.ends);
  const auto bytewise = framed(input.bytes, every);
  check(cut.has_value() == whole.has_value() && bytewise.has_value() == whole.has_value());
  if (!whole) return 0;
  check(*whole == read(input.bytes) && *cut == *whole && *bytewise == *whole);
  return 0;
}
