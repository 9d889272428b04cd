// AWS event streams: whole and cut where the input says the framer gives the same frames and the
// same error, every frame is one that a second, slow reading of the format finds, and no more is
// held than came. The first byte chooses: the bytes as they are, or put into frames line by line
// with one bit turned over, so that the fuzzer need not find checksums.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "fuzz_cuts.h"
#include "penstock/event_stream.h"
#include "wire.h"

namespace {

using namespace penstock;

void check(bool holds) {
  if (!holds) std::abort();
}

std::uint32_t number_at(Bytes bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value = value << 8 | static_cast<std::uint8_t>(bytes[at + i]);
  }
  return value;
}

std::uint32_t slow_crc32(Bytes bytes) {
  std::uint32_t crc = 0xFFFF'FFFF;
  for (const char c : bytes) {
    crc ^= static_cast<std::uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? crc >> 1 ^ 0xEDB8'8320 : crc >> 1;
  }
  return ~crc;
}

// What one framer made of a stream: its frames in words, then how it ended.
struct Made {
  std::vector<std::string> frames;
  std::string end;
  bool operator==(const Made&) const = default;
};

std::string words(const sse::EventFrame& frame) {
  std::string out;
  for (const Bytes one : {frame.message_type, frame.name(), frame.error_message, frame.content_type,
                          frame.headers, frame.payload}) {
    out.append(std::to_string(one.size())).append(":").append(one);
  }
  Bytes headers = frame.headers;
  sse::EventHeader header;
  for (;;) {
    const auto more = sse::take_header(headers, header);
    check(more.has_value());  // the framer has judged them
    if (!*more) return out;
    check(!header.name.empty());
  }
}

Made frames_of(Bytes stream, const std::vector<std::size_t>& ends) {
  constexpr std::size_t frame_bytes_max = 64 * 1024;
  Made out;
  sse::EventStreamFramer framer(frame_bytes_max);
  std::size_t from = 0;
  for (const std::size_t end : ends) {
    // A copy of its own: a view that outlives its chunk shows under the sanitizers.
    const std::string chunk(stream.substr(from, end - from));
    from = end;
    framer.feed(chunk);
    for (;;) {
      sse::EventFrame frame;
      const auto more = framer.next(frame);
      if (!more) {
        check(more.error().side == Side::upstream);
        out.end = more.error().code == Code::too_large ? "too large" : "malformed";
        return out;
      }
      if (!*more) break;
      out.frames.push_back(words(frame));
    }
    check(framer.held() <= end);
  }
  out.end = framer.finish() ? "whole" : "cut";
  return out;
}

// Goes over the frames by their lengths alone. What the framer took has right checksums.
void judge(Bytes stream, const Made& made) {
  for (const std::string& frame : made.frames) {
    check(stream.size() >= 16);
    const std::uint32_t total = number_at(stream, 0);
    const std::uint32_t headers = number_at(stream, 4);
    check(total >= 16 && total <= stream.size() && headers <= total - 16);
    check(number_at(stream, 8) == slow_crc32(stream.substr(0, 8)));
    check(number_at(stream, total - 4) == slow_crc32(stream.substr(0, total - 4)));
    check(frame.ends_with(stream.substr(12 + headers, total - 16 - headers)));
    stream.remove_prefix(total);
  }
  if (made.end == "whole") check(stream.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  fuzz::Input input = fuzz::take_cuts(data + 1, size - 1);
  std::string framed;
  if (data[0] % 2 == 1) {
    framed =
        golden::framed(penstock::dialect::Dialect::bedrock, golden::lines_of(input.bytes), false);
    if (data[0] % 4 == 3 && !framed.empty()) {
      const std::size_t bit = (data[0] / 4u + 64u * data[1]) % (8 * framed.size());
      framed[bit / 8] = static_cast<char>(framed[bit / 8] ^ 1 << bit % 8);
    }
    input.bytes = framed;
    input.ends.back() = framed.size();
    std::erase_if(input.ends, [&](std::size_t end) { return end > framed.size(); });
  }
  const Made whole = frames_of(input.bytes, {input.bytes.size()});
  judge(input.bytes, whole);
  check(frames_of(input.bytes, input.ends) == whole);
  std::vector<std::size_t> every;
  for (std::size_t end = 1; end <= input.bytes.size(); ++end) every.push_back(end);
  check(frames_of(input.bytes, every) == whole);
  return 0;
}
