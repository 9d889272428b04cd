// Writing heads and chunk framing; what is refused; what is written can be parsed again.
#include "cuts.h"

using namespace penstock;
using namespace penstock::http;

TEST_CASE("writer/response_head") {
  std::array<char, 256> out;
  HeadWriter writer(out);
  writer.status(429)
      .lines("Content-Type: application/json\r\nCache-Control: no-cache\r\n")
      .field("Content-Length", 12)
      .field("X-Request-Id", "abc");
  const auto head = writer.finish();
  REQUIRE(head);
  CHECK(*head ==
        "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\n"
        "Cache-Control: no-cache\r\nContent-Length: 12\r\nX-Request-Id: abc\r\n\r\n");
  CHECK(head->data() == out.data());
}

TEST_CASE("writer/request_head_is_parsed_again") {
  std::array<char, 256> out;
  HeadWriter writer(out);
  writer.request(Method::post, "/v1", "/chat/completions?x=1")
      .field("Host", "api.example")
      .field("Authorization", "Bearer ", "sk-1")
      .field("Content-Length", body_unlimited);
  const auto head = writer.finish();
  REQUIRE(head);
  REQUIRE(parse_request(*head).progress == Progress::complete);
  CHECK(request_scratch.target == "/v1/chat/completions?x=1");
  CHECK(request_scratch.find(Field::authorization) == "Bearer sk-1");
  CHECK(request_scratch.length == body_unlimited);
}

TEST_CASE("writer/every_status_of_the_catalogue_has_a_phrase") {
  for (int at = 0; at <= static_cast<int>(Code::tls_failed); ++at) {
    const std::uint16_t status = describe(static_cast<Code>(at)).status;
    if (status < 100 || status == 499) continue;
    CAPTURE(status);
    CHECK_FALSE(status_phrase(status).empty());
    std::array<char, 128> out;
    const auto head = HeadWriter(out).status(status).finish();
    REQUIRE(head);
    REQUIRE(parse_response(*head).progress == Progress::complete);
    CHECK(response_scratch.status == status);
  }
  std::array<char, 32> out;
  CHECK(*HeadWriter(out).status(299).finish() == "HTTP/1.1 299 \r\n\r\n");
}

TEST_CASE("writer/refuses_what_must_not_be_sent") {
  using namespace std::string_literals;
  for (const std::string& value :
       {"a\rb"s, "a\nb"s, "a\r\nX: y"s, "\0"s, "\x01"s, "\x7f"s, "\t"s, "\x80"s, "caf\xc3\xa9"s}) {
    std::array<char, 256> out;
    CHECK_FALSE(sendable_value(value));
    const auto head = HeadWriter(out).status(200).field("X", value).field("Y", "z").finish();
    REQUIRE_FALSE(head);
    CHECK(head.error().code == Code::malformed);
    CHECK_FALSE(HeadWriter(out).request(Method::get, "/" + value).finish());
    CHECK_FALSE(HeadWriter(out).status(200).field("X", "Bearer ", value).finish());
  }
  for (std::size_t size = 1; size < 70; ++size) {
    std::string value(size, '~');
    CHECK(sendable_value(value));
    for (char& c : value) {
      for (const char bad : {'\x1f', '\x7f', '\x80', '\xff'}) {
        c = bad;
        CHECK_FALSE(sendable_value(value));
      }
      c = ' ';
      CHECK(sendable_value(value));
    }
  }
  for (const std::string& field : {""s, "a b"s, "a:"s, "a\r\n"s, "\xe9"s, std::string(65, 'n')}) {
    std::array<char, 256> out;
    CHECK_FALSE(sendable_name(field));
    CHECK_FALSE(HeadWriter(out).status(200).named_field(field, "v").finish());
  }
  std::array<char, 64> out;
  CHECK_FALSE(HeadWriter(out).status(99).finish());
  CHECK_FALSE(HeadWriter(out).status(600).finish());
  for (const char* target : {"", "x", "/ x", "http://h/", "*"}) {
    CHECK_FALSE(HeadWriter(out).request(Method::get, target).finish());
  }
}

TEST_CASE("writer/room") {
  const Bytes expected = "HTTP/1.1 200 OK\r\nA: b\r\n\r\n";
  for (std::size_t room = 0; room <= expected.size(); ++room) {
    const std::unique_ptr<char[]> memory(new char[room]);
    const auto head = HeadWriter({memory.get(), room}).status(200).field("A", "b").finish();
    CHECK(head.has_value() == (room == expected.size()));
    if (head) CHECK(*head == expected);
    if (!head) CHECK(head.error().code == Code::too_large);
  }
}

TEST_CASE("writer/chunks_are_decoded_again") {
  std::array<char, chunk_size_bytes_max> size;
  CHECK(write_chunk_size(size, 1) == "1\r\n");
  CHECK(write_chunk_size(size, 255) == "ff\r\n");
  CHECK(write_chunk_size(size, ~std::uint64_t{0}) == "ffffffffffffffff\r\n");
  for (const std::size_t bytes : {1u, 15u, 16u, 4096u, 70000u}) {
    std::string text(write_chunk_size(size, bytes));
    text += std::string(bytes, 'x');
    text += chunk_end;
    text += last_chunk;
    ChunkedDecoder decoder;
    Bytes in = text;
    CHECK(decoder.next(in).size() == bytes);
    CHECK(decoder.next(in).empty());
    CHECK(decoder.done());
  }
}
