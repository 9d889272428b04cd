// The chunked coding: both decoders agree, whole and cut where the input says, and a payload that
// is framed again decodes to itself.
#include <array>
#include <cstdint>
#include <cstdlib>

#include "fuzz_cuts.h"
#include "judge.h"

namespace {

constexpr std::uint64_t body_max = 1 << 16;

struct Decoded {
  reference::Verdict verdict;
  std::string body;
  std::string rest;
};

Decoded decode(std::string_view bytes, const std::vector<std::size_t>& ends) {
  ours::Connection connection{bytes, ends};
  Decoded out;
  std::string why;
  out.verdict = ours::read_chunked(connection, body_max, out.body, why);
  if (out.verdict == reference::Verdict::accept) out.rest = bytes.substr(connection.at);
  return out;
}

void check(bool holds) {
  if (!holds) std::abort();
}

void frame_again(const std::string& body) {
  std::array<char, penstock::http::chunk_size_bytes_max> size;
  std::string framed;
  if (!body.empty()) {
    framed += penstock::http::write_chunk_size(size, body.size());
    framed += body;
    framed += penstock::http::chunk_end;
  }
  framed += penstock::http::last_chunk;
  const Decoded again = decode(framed, {framed.size()});
  check(again.verdict == reference::Verdict::accept && again.body == body && again.rest.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Input input = fuzz::take_cuts(data, size);
  std::string body;
  std::string rest;
  const reference::Verdict verdict =
      reference::judge_chunked(std::string(input.bytes), body_max, body, rest);
  for (const auto& ends : {std::vector<std::size_t>{input.bytes.size()}, input.ends}) {
    const Decoded got = decode(input.bytes, ends);
    check(got.verdict == verdict);
    if (verdict == reference::Verdict::accept) check(got.body == body && got.rest == rest);
  }
  if (verdict == reference::Verdict::accept) frame_again(body);
  return 0;
}
