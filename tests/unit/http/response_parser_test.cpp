// Response heads: what is read from them, interim heads, and what must be refused.
#include "cuts.h"

using namespace penstock;
using namespace penstock::http;

namespace {

const ResponseHead& head = response_scratch;

std::string ok(std::string_view fields) {
  return "HTTP/1.1 200 OK\r\n" + std::string(fields) + "\r\n";
}

std::string many(std::string_view line, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += line;
  return out;
}

struct Row {
  std::string bytes;
  Reason reason;
};

void must_refuse(std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    CAPTURE(row.bytes.substr(0, 200));
    const Parsed parsed = parse_response(row.bytes);
    CHECK(parsed.progress == Progress::refused);
    CHECK(std::string(name(parsed.reason)) == std::string(name(row.reason)));
    CHECK(parsed.code == Code::upstream_bad_response);
  }
}

}  // namespace

TEST_CASE("response/typical") {
  const std::string bytes =
      ok("Date: Mon, 01 Jan 2024 00:00:00 GMT\r\nContent-Type: application/json\r\n"
         "Content-Length: 2\r\nx-request-id: req_1\r\nRetry-After: 7\r\nretry-after-ms: 6500\r\n"
         "x-ratelimit-remaining-tokens: 12\r\n");
  REQUIRE(parse_response(bytes + "{}").progress == Progress::complete);
  CHECK(head.status == 200);
  CHECK(head.reason == "OK");
  CHECK(head.framing == Framing::length);
  CHECK(head.length == 2);
  CHECK(head.bytes == bytes.size());
  CHECK(head.keep_alive);
  CHECK(head.interim == 0);
  CHECK(head.media_type == MediaType::json);
  CHECK(head.find(Field::x_request_id) == "req_1");
  CHECK(delta_seconds(head.find(Field::retry_after)) == 7);
  CHECK(head.find(Field::ratelimit_remaining_tokens) == "12");
}

TEST_CASE("response/framing") {
  struct Case {
    std::string bytes;
    Method request;
    Framing framing;
    std::uint64_t length;
    bool keep_alive;
  };
  for (const Case& row : std::initializer_list<Case>{
           {ok("Content-Length: 9\r\n"), Method::post, Framing::length, 9, true},
           {ok("Content-Length: 9\r\n"), Method::head, Framing::none, 9, true},
           {ok("Transfer-Encoding: chunked\r\n"), Method::post, Framing::chunked, 0, true},
           {ok("Transfer-Encoding: chunked\r\n"), Method::head, Framing::none, 0, true},
           {ok("Transfer-Encoding: Chunked\r\nConnection: close\r\n"), Method::post,
            Framing::chunked, 0, false},
           {ok(""), Method::post, Framing::to_close, 0, false},
           {ok(""), Method::head, Framing::none, 0, true},
           {"HTTP/1.1 204 No Content\r\n\r\n", Method::post, Framing::none, 0, true},
           {"HTTP/1.1 304 \r\nContent-Length: 5\r\n\r\n", Method::get, Framing::none, 5, true},
           {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", Method::get, Framing::length, 5, false},
           {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\n", Method::get,
            Framing::length, 5, true},
           {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n", Method::get, Framing::to_close, 0,
            false},
           {ok("Content-Length: 9223372036854775807\r\n"), Method::get, Framing::length,
            body_unlimited, true},
       }) {
    CAPTURE(row.bytes);
    REQUIRE(parse_response(row.bytes, row.request).progress == Progress::complete);
    CHECK(head.framing == row.framing);
    CHECK(head.length == row.length);
    CHECK(head.keep_alive == row.keep_alive);
  }
}

TEST_CASE("response/status_and_phrase") {
  for (const auto& [line, status] :
       std::initializer_list<std::pair<const char*, int>>{{"HTTP/1.1 200 ", 200},
                                                          {"HTTP/1.1 599 x \t\xff y", 599},
                                                          {"HTTP/1.0 404 Not Found", 404},
                                                          {"HTTP/1.1 302 Found", 302}}) {
    REQUIRE(parse_response(std::string(line) + "\r\n\r\n").progress == Progress::complete);
    CHECK(head.status == status);
  }
}

TEST_CASE("response/media_types") {
  for (const auto& [value, type] : std::initializer_list<std::pair<const char*, MediaType>>{
           {"application/json", MediaType::json},
           {"application/json; charset=utf-8", MediaType::json},
           {"Application/JSON ;x", MediaType::json},
           {"application/problem+json", MediaType::json},
           {"text/event-stream", MediaType::event_stream},
           {"text/event-stream;charset=utf-8", MediaType::event_stream},
           {"text/html", MediaType::other},
           {"application/jsonx", MediaType::other},
           {"x+json", MediaType::other},
           {"application/+json", MediaType::other},
           {"", MediaType::none}}) {
    CAPTURE(value);
    CHECK(media_type_of(value) == type);
    REQUIRE(parse_response(ok("Content-Type: " + std::string(value) + "\r\n")).progress ==
            Progress::complete);
    CHECK(head.media_type == type);
  }
  REQUIRE(parse_response(ok("Content-Encoding: Identity\r\n")).progress == Progress::complete);
  CHECK_FALSE(head.encoded);
  REQUIRE(parse_response(ok("Content-Encoding: gzip\r\n")).progress == Progress::complete);
  CHECK(head.encoded);
}

TEST_CASE("response/interim_heads_are_skipped") {
  const std::string hint = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\nContent-Length: 3\r\n\r\n";
  const std::string final_head = ok("Content-Length: 2\r\n");
  const std::string bytes = "HTTP/1.1 100 Continue\r\n\r\n" + hint + final_head;
  REQUIRE(parse_response(bytes + "{}").progress == Progress::complete);
  CHECK(head.status == 200);
  CHECK(head.interim == 2);
  CHECK(head.bytes == bytes.size());
  CHECK(head.fields.lines().size() == 1);
  CHECK(parse_response("HTTP/1.1 100 Continue\r\n\r\n").progress == Progress::more);

  REQUIRE(parse_response(many("HTTP/1.1 102 \r\n\r\n", interim_heads_max) + final_head).progress ==
          Progress::complete);
  CHECK(head.interim == interim_heads_max);
}

TEST_CASE("response/every_prefix_needs_more") {
  const std::string bytes = "HTTP/1.1 100 Continue\r\n\r\n" + ok("Content-Length: 2\r\na: b\r\n");
  for (std::size_t end = 0; end < bytes.size(); ++end) {
    const Exact part(std::string_view(bytes).substr(0, end));
    CHECK(ResponseParser().feed(part.view(), Method::get, response_scratch).progress ==
          Progress::more);
  }
}

TEST_CASE("response/largest_head") {
  CHECK(parse_response(ok(many("a: b\r\n", response_lines_max))).progress == Progress::complete);
  std::string big = "HTTP/1.1 200 OK\r\n" + many("a: " + std::string(4000, 'v') + "\r\n", 16);
  big += "b: " + std::string(response_head_bytes_max - big.size() - 7, 'v') + "\r\n\r\n";
  REQUIRE(big.size() == response_head_bytes_max);
  CHECK(parse_response(big).progress == Progress::complete);
}

TEST_CASE("response_refusal/status_line") {
  must_refuse({
      {"\r\nHTTP/1.1 200 OK\r\n\r\n", Reason::bad_status_line},
      {"HTTP/1.1 200\r\n\r\n", Reason::bad_status_line},
      {"HTTP/1.1 20 OK\r\n\r\n", Reason::bad_status_line},
      {"HTTP/1.1 2000 OK\r\n\r\n", Reason::bad_status_line},
      {"HTTP/1.1  200 OK\r\n\r\n", Reason::bad_status_line},
      {"HTTP/1.1\t200 OK\r\n\r\n", Reason::bad_status_line},
      {" HTTP/1.1 200 OK\r\n\r\n", Reason::bad_status_line},
      {"HTTP/2 200 OK\r\n\r\n", Reason::bad_status_line},
      {"HTTP/1.2 200 OK\r\n\r\n", Reason::bad_status_line},
      {"http/1.1 200 OK\r\n\r\n", Reason::bad_status_line},
      {"ICY 200 OK\r\n\r\n", Reason::bad_status_line},
      {"200 OK\r\n\r\n", Reason::bad_status_line},
      {"<html>\r\n\r\n", Reason::bad_status_line},
      {"HTTP/1.1 099 x\r\n\r\n", Reason::bad_status},
      {"HTTP/1.1 600 x\r\n\r\n", Reason::bad_status},
      {"HTTP/1.1 2x0 x\r\n\r\n", Reason::bad_status},
      {"HTTP/1.1 -20 x\r\n\r\n", Reason::bad_status},
      {"HTTP/1.1 101 Switching Protocols\r\n\r\n", Reason::switching_protocols},
  });
}

TEST_CASE("response_refusal/lines_and_fields") {
  using namespace std::string_literals;
  must_refuse({
      {"HTTP/1.1 200 OK\nContent-Length: 0\n\n", Reason::bare_lf},
      {"HTTP/1.1 200 OK\rContent-Length: 0\r\n\r\n", Reason::bare_cr},
      {"HTTP/1.1 200 O\0K\r\n\r\n"s, Reason::control_byte},
      {ok("a: \x01\r\n"), Reason::control_byte},
      {ok("a: b\r\n c\r\n"), Reason::leading_blank},
      {ok(" a: b\r\n"), Reason::leading_blank},
      {ok(": b\r\n"), Reason::bad_field_name},
      {ok("a : b\r\n"), Reason::bad_field_name},
      {ok("ab\r\n"), Reason::bad_field_name},
      {ok("Content-Type: a/b\r\ncontent-type: a/b\r\n"), Reason::duplicate_field},
      {ok("Content-Encoding: gzip\r\ncontent-encoding: gzip\r\n"), Reason::duplicate_field},
      {ok("Connection: a b\r\n"), Reason::bad_connection},
      {ok(many("a: b\r\n", response_lines_max + 1)), Reason::too_many_lines},
      {ok("a: " + std::string(line_bytes_max, 'v') + "\r\n"), Reason::line_too_long},
      {ok(many("a: " + std::string(5000, 'v') + "\r\n", 14)), Reason::head_too_long},
  });
}

TEST_CASE("response_refusal/body_length") {
  must_refuse({
      {ok("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), Reason::length_and_coding},
      {ok("Content-Length: 5\r\nContent-Length: 5\r\n"), Reason::duplicate_field},
      {ok("Content-Length: 5, 5\r\n"), Reason::bad_length},
      {ok("Content-Length: -1\r\n"), Reason::bad_length},
      {ok("Content-Length:\r\n"), Reason::bad_length},
      {ok("Content-Length: 9223372036854775808\r\n"), Reason::bad_length},
      {ok("Transfer-Encoding: gzip\r\n"), Reason::unknown_coding},
      {ok("Transfer-Encoding: gzip, chunked\r\n"), Reason::bad_coding},
      {ok("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), Reason::duplicate_field},
      {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Reason::coding_in_http10},
      {"HTTP/1.1 204 x\r\nContent-Length: x\r\n\r\n", Reason::bad_length},
  });
}

TEST_CASE("response_refusal/interim") {
  const std::string interim = "HTTP/1.1 102 \r\n\r\n";
  must_refuse({
      {many(interim, interim_heads_max + 1), Reason::too_many_interim},
      {many("HTTP/1.1 103 \r\na: " + std::string(2000, 'v') + "\r\n\r\n", 5),
       Reason::too_many_interim},
      {interim + "\r\n", Reason::bad_status_line},
      {interim + "HTTP/1.1 101 x\r\n\r\n", Reason::switching_protocols},
  });
}
