// Request heads that must be refused, with the reason and the answer of each.
#include "cuts.h"

using namespace penstock;
using namespace penstock::http;

namespace {

struct Row {
  std::string bytes;
  Reason reason;
  Code code = Code::bad_request;
};

std::string start(std::string_view line) {
  return std::string(line) + "\r\nHost: h\r\n\r\n";
}
std::string with(std::string_view fields) {
  return "GET / HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
}
std::string post(std::string_view fields) {
  return "POST / HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
}
std::string many(std::string_view line, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += line;
  return out;
}

void must_refuse(std::initializer_list<Row> rows, std::uint64_t body_max = 1000) {
  for (const Row& row : rows) {
    CAPTURE(row.bytes.substr(0, 200));
    const Parsed parsed = parse_request(row.bytes, body_max);
    CHECK(parsed.progress == Progress::refused);
    CHECK(std::string(name(parsed.reason)) == std::string(name(row.reason)));
    CHECK(parsed.code == row.code);
    CHECK(parsed.offset <= row.bytes.size());
    const bool silent = row.reason == Reason::tls_bytes || row.reason == Reason::http2_preface ||
                        row.reason == Reason::http09;
    CHECK(parsed.silent == silent);
  }
}

}  // namespace

TEST_CASE("request_refusal/line_ends") {
  using namespace std::string_literals;
  must_refuse({
      {"GET / HTTP/1.1\nHost: h\r\n\r\n", Reason::bare_lf},
      {"GET / HTTP/1.1\rHost: h\r\n\r\n", Reason::bare_cr},
      {"GET / HTTP/1.1\r\r\nHost: h\r\n\r\n", Reason::bare_cr},
      {"GET / HTTP/1.1\r\nHost: h\n\r\n", Reason::bare_lf},
      {"GET / HTTP/1.1\r\nHost: h\r\n\n", Reason::bare_lf},
      {"GET / HTTP/1.1\r\nHost: h\r\n\r\r\n", Reason::bare_cr},
      {"GET / HTTP/1.1\r\nHost: h\r\na: b\rc: d\r\n\r\n", Reason::bare_cr},
      {"\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", Reason::bare_lf},
      {"\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", Reason::bad_start_line},
      {"\rGET / HTTP/1.1\r\nHost: h\r\n\r\n", Reason::bare_cr},
      {"GET / HTTP/1.1\r\nHost: h\r\na: \0b\r\n\r\n"s, Reason::control_byte},
      {with("a: b\x7f\r\n"), Reason::control_byte},
      {with("a: b\x01\r\n"), Reason::control_byte},
      {with("a: b\x0b"
            "c\r\n"),
       Reason::control_byte},
      {with("a\x0c: b\r\n"), Reason::control_byte},
      {with("a: \x1b[31m\r\n"), Reason::control_byte},
  });
}

TEST_CASE("request_refusal/start_line") {
  must_refuse({
      {start("GET  / HTTP/1.1"), Reason::bad_start_line},
      {start("GET /  HTTP/1.1"), Reason::bad_version},
      {start(" GET / HTTP/1.1"), Reason::bad_method},
      {start("\tGET / HTTP/1.1"), Reason::bad_method},
      {start("GET / HTTP/1.1 "), Reason::bad_version},
      {start("GET / HTTP/1.1\t"), Reason::bad_version},
      {start("GET\t/ HTTP/1.1"), Reason::bad_method},
      {start("GET /\tHTTP/1.1"), Reason::bad_start_line},
      {start("GET\x0b/ HTTP/1.1"), Reason::control_byte},
      {start("GET /\x0cHTTP/1.1"), Reason::control_byte},
      {start("GET"), Reason::bad_start_line},
      {start("GET "), Reason::bad_start_line},
      {start("GET / x HTTP/1.1"), Reason::bad_version},
      {start(": / HTTP/1.1"), Reason::bad_method},
      {start("G(T / HTTP/1.1"), Reason::bad_method},
      {start("G\xc3\x89T / HTTP/1.1"), Reason::bad_method},
      {start("ABCDEFGHIJKLMNOPQ / HTTP/1.1"), Reason::bad_method},
      {start("ABCDEFGHIJKLMNOP / HTTP/1.1"), Reason::unknown_method, Code::not_implemented},
      {start("get / HTTP/1.1"), Reason::unknown_method, Code::not_implemented},
      {start("PROPFIND / HTTP/1.1"), Reason::unknown_method, Code::not_implemented},
      {start("CONNECT h:443 HTTP/1.1"), Reason::refused_method, Code::method_not_allowed},
      {start("CONNECT / HTTP/1.1"), Reason::refused_method, Code::method_not_allowed},
      {start("TRACE / HTTP/1.1"), Reason::refused_method, Code::method_not_allowed},
      {start("GET /"), Reason::http09},
      {start("GET /index.html"), Reason::http09},
      {start("POST /"), Reason::bad_start_line},
  });
}

TEST_CASE("request_refusal/version") {
  must_refuse({
      {start("GET / HTTP/2.0"), Reason::unknown_version, Code::version_not_supported},
      {start("GET / HTTP/1.2"), Reason::unknown_version, Code::version_not_supported},
      {start("GET / HTTP/0.9"), Reason::unknown_version, Code::version_not_supported},
      {start("GET / HTTP/1.10"), Reason::unknown_version, Code::version_not_supported},
      {start("GET / HTTP/1"), Reason::unknown_version, Code::version_not_supported},
      {start("GET / HTTP/01.1"), Reason::unknown_version, Code::version_not_supported},
      {start("GET / HTTP/"), Reason::bad_version},
      {start("GET / http/1.1"), Reason::bad_version},
      {start("GET / HTTPS/1.1"), Reason::bad_version},
      {start("GET / RTSP/1.0"), Reason::bad_version},
      {start("GET / HTTP 1.1"), Reason::bad_version},
      {start("GET / HTTP/1.1x y"), Reason::bad_version},
  });
}

TEST_CASE("request_refusal/other_protocols_close_in_silence") {
  using namespace std::string_literals;
  must_refuse({
      {"\x16\x03\x01\x02\x00\x01\x00"s, Reason::tls_bytes},
      {"\x16", Reason::tls_bytes},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Reason::http2_preface},
  });
}

TEST_CASE("request_refusal/target") {
  const std::string at_limit = "/" + std::string(target_bytes_max, 'a');
  must_refuse({
      {start("GET " + at_limit + " HTTP/1.1"), Reason::target_too_long, Code::uri_too_long},
      {start("GET /" + std::string(40000, 'a') + " HTTP/1.1"), Reason::target_too_long,
       Code::uri_too_long},
      {"GET /" + std::string(9000, 'a'), Reason::target_too_long, Code::uri_too_long},
      {start("GET /a#b HTTP/1.1"), Reason::bad_target},
      {start("GET /a\\b HTTP/1.1"), Reason::bad_target},
      {start("GET /\xc3\xa9 HTTP/1.1"), Reason::bad_target},
      {start("GET /% HTTP/1.1"), Reason::bad_target},
      {start("GET /%4 HTTP/1.1"), Reason::bad_target},
      {start("GET /%zz HTTP/1.1"), Reason::bad_target},
      {start("GET /%00 HTTP/1.1"), Reason::bad_target},
      {start("GET /%0d HTTP/1.1"), Reason::bad_target},
      {start("GET /%0D HTTP/1.1"), Reason::bad_target},
      {start("GET /?a=%0a HTTP/1.1"), Reason::bad_target},
      {start("GET * HTTP/1.1"), Reason::bad_target},
      {start("OPTIONS ** HTTP/1.1"), Reason::bad_target},
      {start("GET foo HTTP/1.1"), Reason::bad_target},
      {start("GET ?q HTTP/1.1"), Reason::bad_target},
      {start("GET ftp://h/ HTTP/1.1"), Reason::bad_target},
      {start("GET http:/h/ HTTP/1.1"), Reason::bad_target},
      {start("GET http:///x HTTP/1.1"), Reason::bad_target},
      {start("GET http://u@h/ HTTP/1.1"), Reason::bad_target},
      {start("GET http://u:p@h/ HTTP/1.1"), Reason::bad_target},
      {start("GET http://h:0/ HTTP/1.1"), Reason::bad_target},
      {start("GET http://h:65536/ HTTP/1.1"), Reason::bad_target},
      {start("GET http://h:/ HTTP/1.1"), Reason::bad_target},
      {start("GET http://[::1/ HTTP/1.1"), Reason::bad_target},
      {start("GET h:443 HTTP/1.1"), Reason::authority_target, Code::method_not_allowed},
      {start("GET [::1]:443 HTTP/1.1"), Reason::authority_target, Code::method_not_allowed},
  });
  for (std::size_t at = 1; at < 40; ++at) {
    for (const char bad : {'#', '\\', '\x80', '\xff'}) {
      std::string target = "/" + std::string(39, 'a');
      target[at] = bad;
      must_refuse({{start("GET " + target + " HTTP/1.1"), Reason::bad_target}});
    }
  }
}

TEST_CASE("request_refusal/field_lines") {
  must_refuse({
      {with(" a: b\r\n"), Reason::leading_blank},
      {with("a: b\r\n c\r\n"), Reason::leading_blank},
      {with("a: b\r\n\tc\r\n"), Reason::leading_blank},
      {with(" \r\n"), Reason::leading_blank},
      {"GET / HTTP/1.1\r\n Host: h\r\n\r\n", Reason::leading_blank},
      {with("a : b\r\n"), Reason::bad_field_name},
      {with("a\t: b\r\n"), Reason::bad_field_name},
      {with(": b\r\n"), Reason::bad_field_name},
      {with("a b: c\r\n"), Reason::bad_field_name},
      {with("ab\r\n"), Reason::bad_field_name},
      {with("a(b: c\r\n"), Reason::bad_field_name},
      {with("a\xe9: c\r\n"), Reason::bad_field_name},
      {with("Content-Length : 1\r\n"), Reason::bad_field_name},
      {with(std::string(field_name_bytes_max + 1, 'n') + ": v\r\n"), Reason::bad_field_name},
      {with(many("a: b\r\n", request_lines_max)), Reason::too_many_lines, Code::headers_too_large},
      {with("a: " + std::string(line_bytes_max - 2, 'v') + "\r\n"), Reason::line_too_long,
       Code::headers_too_large},
      {"GET / HTTP/1.1\r\na: " + std::string(line_bytes_max, 'v'), Reason::line_too_long,
       Code::headers_too_large},
      {with(many("a: " + std::string(4000, 'v') + "\r\n", 9)), Reason::head_too_long,
       Code::headers_too_large},
  });
}

TEST_CASE("request_refusal/single_fields_given_twice") {
  for (const Field field :
       {Field::host, Field::content_length, Field::transfer_encoding, Field::content_type,
        Field::content_encoding, Field::authorization, Field::expect, Field::idempotency_key,
        Field::x_api_key, Field::api_key, Field::x_goog_api_key}) {
    const std::string line = std::string(name(field)) + ": 1\r\n";
    must_refuse(
        {{"GET / HTTP/1.1\r\n" + line + "a: b\r\n" + line + "\r\n", Reason::duplicate_field}});
  }
}

TEST_CASE("request_refusal/host") {
  must_refuse({
      {"GET / HTTP/1.1\r\n\r\n", Reason::missing_host},
      {"GET http://h/ HTTP/1.1\r\n\r\n", Reason::missing_host},
      {"GET / HTTP/1.1\r\nHost:\r\n\r\n", Reason::bad_host},
      {"GET / HTTP/1.0\r\nHost:\r\n\r\n", Reason::bad_host},
  });
  for (const char* host : {"h:",
                           "h:0",
                           "h:65536",
                           "h:123456",
                           "h:8x",
                           ":80",
                           "h h",
                           "a,b",
                           "u@h",
                           "h/x",
                           "h?x",
                           "h:1:2",
                           "[::1",
                           "::1",
                           "[]",
                           "[::1]x",
                           "[1:2:3:4:5:6:7]",
                           "[1:2:3:4:5:6:7:8:9]",
                           "[1::2::3]",
                           "[12345::]",
                           "[:1:2:3:4:5:6:7:8]",
                           "[1:2:3:4:5:6:7:8:]",
                           "[::1.2.3]",
                           "[::1.2.3.256]",
                           "[::01.2.3.4]",
                           "[1:2:3:4:5:6:7:8::]",
                           "[v1.x]",
                           "[fe80::1%eth0]",
                           "h%",
                           "h%2",
                           "h\xc3\xa9",
                           "h\"",
                           "<h>",
                           "http://h"}) {
    // A comma is a sub-delimiter, so it may stand in a name.
    if (std::string(host) == "a,b") continue;
    must_refuse({{"GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n", Reason::bad_host}});
  }
}

TEST_CASE("request_refusal/credentials_and_connection") {
  must_refuse({
      {with("Authorization: Bearer a\r\nx-api-key: b\r\n"), Reason::credential_conflict},
      {with("api-key: b\r\nAuthorization: Bearer a\r\n"), Reason::credential_conflict},
      {with("x-api-key: a\r\napi-key: b\r\n"), Reason::credential_conflict},
      {with("x-goog-api-key: a\r\nAuthorization: Bearer b\r\n"), Reason::credential_conflict},
      {with("x-api-key: a\r\napi-key:\r\n"), Reason::credential_conflict},
      {with("Connection: authorization\r\n"), Reason::protected_connection},
      {with("Connection: close, Content-Length\r\n"), Reason::protected_connection},
      {with("Connection: keep-alive\r\nConnection: transfer-encoding\r\n"),
       Reason::protected_connection},
      {with("Connection: Host\r\n"), Reason::protected_connection},
      {with("Connection: x-api-key\r\n"), Reason::protected_connection},
      {with("Connection: X-Penstock-Tags\r\n"), Reason::protected_connection},
      {with("Connection: x-gateway-anything\r\n"), Reason::protected_connection},
      {with("Connection: x-request-id\r\n"), Reason::protected_connection},
      {with("Connection: a b\r\n"), Reason::bad_connection},
      {with("Connection: \"close\"\r\n"), Reason::bad_connection},
  });
}

TEST_CASE("request_refusal/body_length") {
  const std::string both = "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n";
  must_refuse({
      {post(both), Reason::length_and_coding},
      {post("Transfer-Encoding: gzip\r\nContent-Length: 5\r\n"), Reason::length_and_coding},
      {"POST / HTTP/1.0\r\n" + both + "\r\n", Reason::length_and_coding},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", Reason::coding_in_http10},
      {post("Transfer-Encoding: gzip\r\n"), Reason::unknown_coding, Code::not_implemented},
      {post("Transfer-Encoding: identity\r\n"), Reason::unknown_coding, Code::not_implemented},
      {post("Transfer-Encoding: xchunked\r\n"), Reason::unknown_coding, Code::not_implemented},
      {post("Transfer-Encoding: gzip, chunked\r\n"), Reason::bad_coding},
      {post("Transfer-Encoding: chunked, chunked\r\n"), Reason::bad_coding},
      {post("Transfer-Encoding: chunked,\r\n"), Reason::bad_coding},
      {post("Transfer-Encoding: ,chunked\r\n"), Reason::bad_coding},
      {post("Transfer-Encoding: chunked;q=1\r\n"), Reason::bad_coding},
      {post("Transfer-Encoding: \"chunked\"\r\n"), Reason::bad_coding},
      {post("Transfer-Encoding:\r\n"), Reason::bad_coding},
      {post("Transfer-Encoding: chun ked\r\n"), Reason::bad_coding},
      {post("Transfer-Encoding: chunked\xa0\r\n"), Reason::bad_coding},
      {post(""), Reason::length_required, Code::length_required},
      {"PUT / HTTP/1.1\r\nHost: h\r\n\r\n", Reason::length_required, Code::length_required},
      {"PATCH / HTTP/1.0\r\n\r\n", Reason::length_required, Code::length_required},
      {post("Content-Length: 1001\r\n"), Reason::body_too_large, Code::body_too_large},
      {post("Content-Length: 9223372036854775807\r\n"), Reason::body_too_large,
       Code::body_too_large},
      {with("Content-Length: 1001\r\n"), Reason::body_too_large, Code::body_too_large},
  });
  for (const char* length : {"", "+5", "-5", "5 5", "5,5", "5, 5", "0x5", "5e1", "5.0", " \t",
                             "9223372036854775808", "9999999999999999999", "00000000000000000005",
                             "18446744073709551621", "five", "5;", "\xd9\xa5"}) {
    must_refuse({{post("Content-Length: " + std::string(length) + "\r\n"), Reason::bad_length}});
  }
}

TEST_CASE("request_refusal/expectation") {
  must_refuse({
      {post("Content-Length: 1\r\nExpect: 200-ok\r\n"), Reason::unknown_expectation,
       Code::expectation_failed},
      {post("Content-Length: 1\r\nExpect: 100-continue, x\r\n"), Reason::unknown_expectation,
       Code::expectation_failed},
      {post("Content-Length: 1\r\nExpect:\r\n"), Reason::unknown_expectation,
       Code::expectation_failed},
  });
}

TEST_CASE("request_refusal/bytewise_work_is_bounded") {
  // A head of the largest size, byte by byte: each call may look only at what is new.
  std::string big = "GET / HTTP/1.1\r\n" + many("a: " + std::string(300, 'v') + "\r\n", 99);
  big += "b: " + std::string(request_head_bytes_max - big.size() - 7, 'v');
  RequestParser parser;
  for (std::size_t end = 1; end <= big.size(); ++end) {
    REQUIRE(parser.feed({big.data(), end}, 0, request_scratch).progress == Progress::more);
  }
}
