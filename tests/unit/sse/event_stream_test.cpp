#include "penstock/event_stream.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "sse/crc32.h"
#include "support/fixtures.h"
#include "support/json_tree.h"
#include "support/sse_events.h"

using namespace penstock;
using sse::EventFrame;
using sse::EventHeader;
using sse::EventStreamFramer;
using sse::HeaderType;

namespace {

std::string big_endian(std::uint64_t value, int bytes) {
  std::string out;
  while (bytes-- > 0) out.push_back(static_cast<char>(value >> 8 * bytes & 0xFF));
  return out;
}

std::string header(const std::string& name, int type, const std::string& value) {
  return big_endian(name.size(), 1) + name + big_endian(static_cast<unsigned>(type), 1) + value;
}
std::string text_header(const std::string& name, const std::string& value) {
  return header(name, 7, big_endian(value.size(), 2) + value);
}

// Checksums one bit at a time, so that the tables are judged by something else.
std::uint32_t slow_crc32(std::string_view bytes) {
  std::uint32_t crc = 0xFFFF'FFFF;
  for (const char c : bytes) {
    crc ^= static_cast<std::uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? crc >> 1 ^ 0xEDB8'8320 : crc >> 1;
  }
  return ~crc;
}

std::string frame(const std::string& headers, const std::string& payload) {
  std::string out = big_endian(16 + headers.size() + payload.size(), 4);
  out += big_endian(headers.size(), 4);
  out += big_endian(slow_crc32(out), 4) + headers + payload;
  return out + big_endian(slow_crc32(out), 4);
}
std::string event(const std::string& type, const std::string& payload) {
  return frame(text_header(":event-type", type) + text_header(":content-type", "application/json") +
                   text_header(":message-type", "event"),
               payload);
}

std::string from_hex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return out;
}

// "message type|name|content type|payload" of each frame; an error is the last.
std::vector<std::string> frames_of(const std::vector<std::string>& chunks,
                                   std::size_t bytes_max = sse::event_frame_bytes_max) {
  std::vector<std::string> out;
  EventStreamFramer framer(bytes_max);
  for (const std::string& chunk : chunks) {
    const std::string own = chunk;
    framer.feed(own);
    for (;;) {
      EventFrame got;
      const auto more = framer.next(got);
      if (!more) {
        CHECK(more.error().side == Side::upstream);
        out.push_back(more.error().code == Code::too_large ? "too large" : "malformed");
        return out;
      }
      if (!*more) break;
      out.push_back(std::string(got.message_type) + '|' + std::string(got.name()) + '|' +
                    std::string(got.content_type) + '|' + std::string(got.payload));
    }
  }
  if (!framer.finish()) out.push_back("cut");
  return out;
}
std::vector<std::string> frames_of(const std::string& bytes) {
  return frames_of(std::vector{bytes});
}

}  // namespace

TEST_CASE("crc32/agrees_with_one_that_goes_bit_by_bit") {
  CHECK(sse::crc32("123456789") == 0xCBF4'3926);  // the check value of this CRC
  CHECK(sse::crc32("") == 0);
  std::mt19937 random(1);
  std::string bytes;
  for (int i = 0; i < 100; ++i) {
    CHECK(sse::crc32(bytes) == slow_crc32(bytes));
    const std::size_t cut = random() % (bytes.size() + 1);
    CHECK(sse::crc32(Bytes(bytes).substr(cut), sse::crc32(Bytes(bytes).substr(0, cut))) ==
          slow_crc32(bytes));
    bytes.push_back(static_cast<char>(random()));
  }
}

TEST_CASE("event_stream/frames_as_their_description_has_them") {
  const std::string start = from_hex(
      "0000007f000000529bc598af0b3a6576656e742d7479706507000c6d65737361676553746172740d3a636f6e7465"
      "6e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d74797065070005657665"
      "6e747b2270223a226162222c22726f6c65223a22617373697374616e74227d362c6c18");
  const std::string exception = from_hex(
      "00000090000000618e91a9b70f3a657863657074696f6e2d747970650700137468726f74746c696e674578636570"
      "74696f6e0d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d657373616765"
      "2d74797065070009657863657074696f6e7b226d657373616765223a22546f6f206d616e79207265717565737473"
      "227de67f8005");
  const std::string empty = from_hex("000000100000000005c248eb7d98c8ff");
  const std::vector<std::string> expected{
      R"(event|messageStart|application/json|{"p":"ab","role":"assistant"})",
      R"(exception|throttlingException|application/json|{"message":"Too many requests"})", "|||"};
  CHECK(frames_of(start + exception + empty) == expected);
  CHECK(event("messageStart", R"({"p":"ab","role":"assistant"})") == start);
}

TEST_CASE("event_stream/frames_come_out_the_same_for_every_cut") {
  const std::string text = event("contentBlockDelta", R"({"delta":{"text":"é"}})") + frame("", "") +
                           event("messageStop", "");
  const auto expected = frames_of(text);
  REQUIRE(expected.size() == 3);
  CHECK(expected[0] == "event|contentBlockDelta|application/json|{\"delta\":{\"text\":\"é\"}}");
  CHECK(frames_of(test::bytewise(text)) == expected);
  for (std::size_t cut = 0; cut <= text.size(); ++cut)
    CHECK(frames_of({text.substr(0, cut), text.substr(cut)}) == expected);
  std::mt19937 random(7);
  for (int i = 0; i < 300; ++i)
    CHECK(frames_of(test::cut_randomly(text, random, 1 + random() % 60)) == expected);
}

TEST_CASE("event_stream/every_end_inside_a_frame_is_a_cut_trap_85") {
  const std::string one = event("messageStart", "{}");
  const std::string two = one + event("messageStop", R"({"stopReason":"end_turn"})");
  for (std::size_t size = one.size() + 1; size < two.size(); ++size) {
    const auto got = frames_of(two.substr(0, size));
    REQUIRE(got.size() == 2);
    CHECK(got[1] == "cut");
  }
  CHECK(frames_of(one).size() == 1);
  CHECK(frames_of(std::string()).empty());
}

TEST_CASE("event_stream/every_flipped_bit_is_found") {
  const std::string sound = event("messageStop", R"({"stopReason":"end_turn"})");
  for (std::size_t i = 0; i < sound.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = sound;
      damaged[i] = static_cast<char>(damaged[i] ^ 1 << bit);
      CHECK(frames_of(damaged) == std::vector<std::string>{"malformed"});
    }
  }
}

TEST_CASE("event_stream/all_types_of_headers_are_read") {
  const std::string headers =
      header("t", 0, "") + header("f", 1, "") + header("b", 2, "\xFF") +
      header("s", 3, big_endian(0xFFFE, 2)) + header("i", 4, big_endian(40972, 4)) +
      header("l", 5, big_endian(0xFFFF'FFFF'FFFF'FFFF, 8)) +
      header("a", 6, big_endian(3, 2) + "xyz") + text_header("u", "text") +
      header("d", 8, big_endian(8'675'309, 8)) + header("g", 9, "0123456789abcdef") +
      text_header(":message-type", "error") + text_header(":error-code", "InternalFailure") +
      text_header(":error-message", "no \"luck\"");
  const std::string bytes = frame(headers, "payload");
  EventStreamFramer framer;
  EventFrame got;
  framer.feed(bytes);
  REQUIRE(*framer.next(got));
  CHECK(got.message_type == "error");
  CHECK(got.error_code == "InternalFailure");
  CHECK(got.name() == "InternalFailure");
  CHECK(got.error_message == "no \"luck\"");
  CHECK(got.payload == "payload");
  std::map<std::string, std::pair<std::string, std::int64_t>> seen;
  std::string order;
  Bytes rest = got.headers;
  for (EventHeader each; *sse::take_header(rest, each);) {
    seen[std::string(each.name)] = {std::string(each.value), each.integer()};
    order += each.name[0];
  }
  CHECK(order == "tfbsilaudg:::");
  CHECK(seen["t"] == std::pair{std::string(), std::int64_t{0}});
  CHECK(seen["b"].second == -1);
  CHECK(seen["s"].second == -2);
  CHECK(seen["i"].second == 40972);
  CHECK(seen["l"].second == -1);
  CHECK(seen["a"] == std::pair{std::string("xyz"), std::int64_t{0}});
  CHECK(seen["u"] == std::pair{std::string("text"), std::int64_t{0}});
  CHECK(seen["d"].second == 8'675'309);
  CHECK(seen["g"] == std::pair{std::string("0123456789abcdef"), std::int64_t{0}});
}

TEST_CASE("event_stream/unsound_headers_are_refused") {
  const std::vector<std::string> malformed{"malformed"};
  CHECK(frames_of(frame(text_header("a", "1") + text_header("a", "2"), "")) == malformed);
  CHECK(frames_of(frame(header("a", 10, ""), "")) == malformed);
  CHECK(frames_of(frame(header("", 0, ""), "")) == malformed);
  CHECK(frames_of(frame(header("a", 4, "123"), "4")) == malformed);
  CHECK(frames_of(frame(header("a", 7, big_endian(9, 2) + "12345678"), "9")) == malformed);
  CHECK(frames_of(frame("\x09"
                        "short",
                        "")) == malformed);
  CHECK(frames_of(frame(header(":message-type", 0, ""), "")) == malformed);
  std::string many;
  for (unsigned i = 0; i <= EventStreamFramer::headers_max; ++i)
    many += header("h" + std::to_string(i), 0, "");
  CHECK(frames_of(frame(many, "")) == malformed);
}

TEST_CASE("event_stream/lengths_are_judged_before_room_is_made") {
  const auto prelude = [](std::uint64_t total, std::uint64_t headers) {
    std::string out = big_endian(total, 4) + big_endian(headers, 4);
    return out + big_endian(slow_crc32(out), 4);
  };
  const std::vector<std::string> too_large{"too large"};
  const std::vector<std::string> malformed{"malformed"};
  CHECK(frames_of(prelude((24u << 20) + 1, 0)) == too_large);
  CHECK(frames_of(prelude(0xFFFF'FFFF, 0)) == too_large);
  CHECK(frames_of(prelude(24u << 20, (128u << 10) + 1)) == too_large);
  CHECK(frames_of(prelude(24u << 20, 0)) == std::vector<std::string>{"cut"});
  CHECK(frames_of(prelude(15, 0)) == malformed);
  CHECK(frames_of(prelude(0, 0)) == malformed);
  CHECK(frames_of(prelude(100, 85)) == malformed);
  CHECK(frames_of(prelude(100, 0xFFFF'FFFF)) == malformed);
  const std::string small = frame("", "0123456789");
  CHECK(frames_of({small}, small.size()).front() == "|||0123456789");
  CHECK(frames_of({small}, small.size() - 1) == too_large);
}

TEST_CASE("event_stream/recorded_vectors") {
  const auto folder = test::fixtures("vectors/aws-eventstream");
  if (!folder) return;
  int ran = 0;
  for (const char* verdict : {"positive", "negative"}) {
    for (const auto& file :
         std::filesystem::directory_iterator(*folder / "aws-sdk-go" / "encoded" / verdict)) {
      const std::string bytes = test::read_file(file.path());
      const auto got = frames_of(bytes);
      REQUIRE(got.size() == 1);
      CHECK((got[0] == "malformed") == (std::string(verdict) == "negative"));
      for (std::size_t cut = 1; cut < bytes.size(); ++cut)
        CHECK(frames_of({bytes.substr(0, cut), bytes.substr(cut)}) == got);
      ++ran;
    }
  }
  const auto tree = test::read_tree(test::read_file(*folder / "botocore" / "vectors.json"));
  REQUIRE(tree);
  for (const test::Tree& vector : tree->items) {
    const test::Tree* const hex = vector.find("encoded_hex");
    // The one that is described only: a payload of 24 MiB and a byte.
    std::string bytes = hex != nullptr ? from_hex(hex->text) : from_hex("0180002100000000dd3f33b1");
    const auto got = frames_of(bytes);
    CAPTURE(vector.find("name")->text);
    REQUIRE(got.size() == 1);
    if (const test::Tree* const error = vector.find("error"); error != nullptr) {
      CHECK(got[0] == (error->text == "InvalidPayloadLength" ? "too large" : "malformed"));
      ++ran;
      continue;
    }
    EventStreamFramer framer;
    EventFrame frame;
    framer.feed(bytes);
    REQUIRE(*framer.next(frame));
    CHECK(std::string(frame.payload) == from_hex(vector.find("payload_hex")->text));
    std::size_t headers = 0;
    for (EventHeader each; *sse::take_header(frame.headers, each); ++headers) {
      const test::Tree* const value = vector.find("headers")->find(each.name);
      REQUIRE(value != nullptr);
      if (value->kind == test::Tree::Kind::number)
        CHECK(each.integer() == std::stoll(value->text));
      else if (value->kind == test::Tree::Kind::boolean)
        CHECK((each.type == HeaderType::true_value) == (value->text == "true"));
      else if (value->kind == test::Tree::Kind::object)
        CHECK(std::string(each.value) == from_hex(value->find("hex")->text));
      else
        CHECK(std::string(each.value) == value->text);
    }
    CHECK(headers == vector.find("headers")->items.size());
    ++ran;
  }
  MESSAGE("event-stream vectors: " << ran);
  CHECK(ran == 25);
}

TEST_CASE("event_stream/recorded_streams") {
  const auto folder = test::fixtures("bedrock");
  if (!folder) return;
  std::size_t streams = 0;
  std::size_t frames = 0;
  std::mt19937 random(3);
  for (const auto& recorded : std::filesystem::directory_iterator(*folder)) {
    const auto source = test::read_tree(test::read_file(recorded.path() / "source.json"));
    if (source->find("framing")->text != "aws-eventstream") continue;
    const std::string bytes = test::read_file(recorded.path() / "response.body");
    const auto whole = frames_of(bytes);
    for (const std::string& each : whole) CHECK(each.starts_with("event|"));
    CHECK(frames_of(test::bytewise(bytes)) == whole);
    for (int i = 0; i < 20; ++i) CHECK(frames_of(test::cut_randomly(bytes, random, 500)) == whole);
    ++streams;
    frames += whole.size();
  }
  MESSAGE("recorded event streams: " << streams << ", frames: " << frames);
  CHECK(streams == 15);
}
