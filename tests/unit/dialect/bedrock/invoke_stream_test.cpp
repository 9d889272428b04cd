#include "dialect/bedrock/invoke_stream.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "dialect/base64.h"
#include "dialect/bedrock/table.h"
#include "events_text.h"

using namespace penstock;
using namespace penstock::dialect;
using Lines = std::vector<std::string>;

namespace {

std::string chunk(const std::string& event) {
  std::string bytes;
  append_base64(event, bytes);
  return R"({"bytes":")" + bytes + R"(","p":"abcdef"})";
}

// Converse's own reader stands for that of another dialect: what is in the chunks are its events,
// named by their type.
struct Stream {
  std::unique_ptr<StreamReader> reader =
      bedrock::unwrap_invoke_stream(bedrock_table().stream_reader({}));
  test::EventsText seen;
  json::Document document;

  bool take(Bytes name, const std::string& data) {
    return reader->frame(name, *document.read(data, json::Judge::answer), seen).has_value();
  }
  bool say(const std::string& text) {
    return take("chunk", chunk(R"({"type":"contentBlockDelta","contentBlockIndex":0,)"
                               R"("delta":{"text":")" +
                               text + R"("}})"));
  }
  bool stop() {
    return take("chunk", chunk(R"({"type":"messageStop","stopReason":"end_turn"})")) &&
           take("chunk", chunk(R"({"type":"metadata","amazon-bedrock-invocationMetrics":{}})"));
  }
};

}  // namespace

TEST_CASE("invoke_stream/chunks_are_unwrapped") {
  Stream stream;
  CHECK(stream.say("é\\n"));
  CHECK(stream.take("chunk", chunk(R"({"type":"new"})")));
  CHECK_FALSE(stream.reader->done());
  CHECK(stream.stop());
  CHECK(stream.reader->done());
  CHECK(stream.say("late"));
  CHECK(stream.reader->finish(stream.seen));
  CHECK(stream.seen.lines == Lines{"begin", "text é\\n", "finish ", "end"});
}

TEST_CASE("invoke_stream/exceptions_are_errors_and_no_end_trap_82") {
  Stream stream;
  CHECK(stream.say("a"));
  CHECK(stream.take("modelStreamErrorException", R"({"message":"broke"})"));
  CHECK(stream.stop());
  CHECK(stream.seen.lines == Lines{"begin", "text a", "error modelStreamErrorException: broke"});
  CHECK_FALSE(stream.reader->finish(stream.seen));
}

TEST_CASE("invoke_stream/broken_chunks_are_malformed") {
  CHECK_FALSE(Stream().take("chunk", R"({"bytes":"?"})"));
  CHECK_FALSE(Stream().take("chunk", R"({"bytes":"e30x"})"));  // {}1
  CHECK_FALSE(Stream().take("chunk", R"({"bytes":7})"));
  CHECK_FALSE(Stream().take("chunk", "{}"));
  Stream cut;
  CHECK(cut.say("a"));
  CHECK_FALSE(cut.reader->finish(cut.seen));
}

TEST_CASE("base64/goes_there_and_back") {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    std::string text;
    append_base64(bytes, text);
    CHECK(text.size() % 4 == 0);
    std::string back;
    CHECK(decode_base64(text, back));
    CHECK(back == bytes);
    bytes.push_back(static_cast<char>(i * 37));
  }
  std::string out;
  CHECK(decode_base64("Zg", out));
  CHECK(out == "f");
  CHECK(decode_base64("\\/\\/8=", out));
  CHECK(out == "\xFF\xFF");
  CHECK_FALSE(decode_base64("Z", out));
  CHECK_FALSE(decode_base64("Zg==Zg==", out));
  CHECK_FALSE(decode_base64("Z g=", out));
  CHECK_FALSE(decode_base64("===", out));
}
