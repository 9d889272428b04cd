// Request heads that must be taken, and what is read from them.
#include "cuts.h"

using namespace penstock;
using namespace penstock::http;

namespace {

const RequestHead& head = request_scratch;

// A typical request of an SDK.
constexpr std::string_view typical =
    "POST /v1/chat/completions HTTP/1.1\r\n"
    "Host: gateway.example:8080\r\n"
    "Authorization: Bearer pk-0123456789abcdef\r\n"
    "Content-Type: application/json\r\n"
    "Accept: application/json\r\n"
    "User-Agent: OpenAI/Python 1.2.3\r\n"
    "X-Request-Id: abc_123\r\n"
    "Content-Length: 27\r\n"
    "Connection: keep-alive\r\n"
    "\r\n";

std::string get(std::string_view target, std::string_view more = "") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n" + std::string(more) + "\r\n";
}

std::string post(std::string_view more) {
  return "POST /v1/x HTTP/1.1\r\nHost: h\r\n" + std::string(more) + "\r\n";
}

}  // namespace

TEST_CASE("request/typical") {
  const std::string with_body = std::string(typical) + "{\"model\":\"m\",\"messages\":[]}GET /next";
  REQUIRE(parse_request(with_body).progress == Progress::complete);
  CHECK(head.method == Method::post);
  CHECK(head.version == Version::http11);
  CHECK(head.target == "/v1/chat/completions");
  CHECK(head.path == "/v1/chat/completions");
  CHECK(head.query.empty());
  CHECK(head.framing == Framing::length);
  CHECK(head.length == 27);
  CHECK(head.bytes == typical.size());
  CHECK(head.keep_alive);
  CHECK_FALSE(head.expect_continue);
  CHECK(head.media_type == MediaType::json);
  CHECK_FALSE(head.encoded);
  CHECK(head.fields.lines().size() == 8);
  CHECK(head.find(Field::host) == "gateway.example:8080");
  CHECK(head.find(Field::authorization) == "Bearer pk-0123456789abcdef");
  CHECK(head.find(Field::x_request_id) == "abc_123");
  CHECK_FALSE(head.fields.has(Field::x_api_key));
  CHECK(head.find(Field::x_api_key).empty());
  CHECK(credential(head.fields) == "pk-0123456789abcdef");
  CHECK(head.fields.find("ACCEPT")->value == "application/json");
  CHECK(head.fields.find("absent") == nullptr);
}

TEST_CASE("request/views_are_into_the_input") {
  const std::string bytes(typical);
  REQUIRE(RequestParser().feed(bytes, 100, request_scratch).progress == Progress::complete);
  CHECK(head.path.data() == bytes.data() + 5);
  CHECK(head.find(Field::host).data() == bytes.data() + bytes.find("gateway"));
}

TEST_CASE("request/every_prefix_needs_more") {
  for (std::size_t end = 0; end < typical.size(); ++end) {
    const Exact part(typical.substr(0, end));
    CHECK(RequestParser().feed(part.view(), 100, request_scratch).progress == Progress::more);
  }
}

TEST_CASE("request/field_names_are_known_in_any_case") {
  for (std::size_t at = 1; at < field_count; ++at) {
    const auto field = static_cast<Field>(at);
    std::string upper(name(field));
    for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    // In a response no known field has a rule that a value of 1 breaks.
    for (const std::string& spelled : {std::string(name(field)), upper}) {
      const bool coding = field == Field::transfer_encoding;
      const std::string value = coding ? "chunked" : "1";
      const std::string bytes = "HTTP/1.1 200 OK\r\n" + spelled + ": " + value + "\r\n\r\n";
      CAPTURE(spelled);
      ResponseHead& response = response_scratch;
      REQUIRE(ResponseParser().feed(bytes, Method::get, response).progress == Progress::complete);
      CHECK(response.fields.has(field));
      CHECK(response.find(field) == value);
      CHECK(response.fields.lines()[0].field == field);
    }
  }
}

TEST_CASE("request/underscore_is_not_a_dash") {
  REQUIRE(parse_request(get("/", "Content_Length: 9\r\nX_Api_Key: k\r\ntransfer_encoding: x\r\n"))
              .progress == Progress::complete);
  CHECK(head.framing == Framing::none);
  CHECK_FALSE(head.fields.has(Field::x_api_key));
  CHECK(head.fields.lines().size() == 4);
  CHECK(head.fields.lines()[2].field == Field::other);
}

TEST_CASE("request/values_lose_the_blanks_around_them_and_keep_the_rest") {
  REQUIRE(parse_request(get("/", "a: \t x \t y\xff\t \r\nb:\r\nc: \t\r\nd:z\r\n")).progress ==
          Progress::complete);
  const auto lines = head.fields.lines();
  CHECK(lines[1].value == "x \t y\xff");
  CHECK(lines[2].value.empty());
  CHECK(lines[3].value.empty());
  CHECK(lines[4].value == "z");
}

TEST_CASE("request/one_empty_line_before_the_start") {
  const std::string bytes = "\r\n" + get("/a");
  REQUIRE(parse_request(bytes).progress == Progress::complete);
  CHECK(head.bytes == bytes.size());
  CHECK(head.path == "/a");
}

TEST_CASE("request/methods") {
  for (const Method method : {Method::get, Method::head, Method::delete_, Method::options}) {
    const std::string bytes = std::string(name(method)) + " / HTTP/1.1\r\nHost: h\r\n\r\n";
    REQUIRE(parse_request(bytes).progress == Progress::complete);
    CHECK(head.method == method);
    CHECK(head.framing == Framing::none);
  }
  for (const Method method : {Method::post, Method::put, Method::patch}) {
    const std::string bytes =
        std::string(name(method)) + " / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n";
    REQUIRE(parse_request(bytes).progress == Progress::complete);
    CHECK(head.method == method);
    CHECK(head.framing == Framing::length);
  }
}

TEST_CASE("request/targets") {
  struct Row {
    std::string target, path, query;
    bool absolute;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"/", "/", "", false},
           {"/a?", "/a", "", false},
           {"/a?b=c?d", "/a", "b=c?d", false},
           {"//a/../b", "//a/../b", "", false},
           {"/%41%7e", "/%41%7e", "", false},
           {"/a|b\"<>{}^`", "/a|b\"<>{}^`", "", false},
           {"http://h", "/", "", true},
           {"HTTPS://h:443/x", "/x", "", true},
           {"http://h?q", "/", "q", true},
           {"http://[::1]:8080/foo?x", "/foo", "x", true},
           {"http://1.2.3.4/", "/", "", true},
       }) {
    CAPTURE(row.target);
    REQUIRE(parse_request(get(row.target)).progress == Progress::complete);
    CHECK(head.target == row.target);
    CHECK(head.path == row.path);
    CHECK(head.query == row.query);
    CHECK(head.absolute == row.absolute);
  }
  REQUIRE(parse_request("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").progress == Progress::complete);
  CHECK(head.path == "*");
}

TEST_CASE("request/hosts") {
  for (const char* host : {"h", "h:1", "h:65535", "a.b-c_d~e", "1.2.3.4:80", "0.0.0.0=5000", "[::]",
                           "[::1]:80", "[1:2:3:4:5:6:7:8]", "[1::8]", "[1:2:3:4:5:6:7::]",
                           "[::ffff:1.2.3.4]", "[64:ff9b::192.0.2.33]:443", "a%20b", "256.1.1.1"}) {
    CAPTURE(host);
    const std::string bytes = "GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n";
    CHECK(parse_request(bytes).progress == Progress::complete);
  }
  CHECK(parse_request("GET / HTTP/1.0\r\n\r\n").progress == Progress::complete);
  CHECK(parse_request("GET http://h/ HTTP/1.1\r\nHost:\r\n\r\n").progress == Progress::complete);
}

TEST_CASE("request/persistence") {
  struct Row {
    const char* version;
    const char* fields;
    bool keep_alive;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"1.1", "", true},
           {"1.1", "Connection: close\r\n", false},
           {"1.1", "Connection: keep-alive, Close\r\n", false},
           {"1.1", "Connection: keep-alive\r\nConnection: ,, x, close ,\r\n", false},
           {"1.1", "Connection: upgrade, http2-settings, te\r\n", true},
           {"1.1", "Connection:\r\n", true},
           {"1.0", "", false},
           {"1.0", "Connection: Keep-Alive\r\n", true},
           {"1.0", "Connection: keep-alive, close\r\n", false},
       }) {
    CAPTURE(row.fields);
    const std::string bytes =
        "GET / HTTP/" + std::string(row.version) + "\r\nHost: h\r\n" + row.fields + "\r\n";
    REQUIRE(parse_request(bytes).progress == Progress::complete);
    CHECK(head.keep_alive == row.keep_alive);
  }
}

TEST_CASE("request/body_length") {
  REQUIRE(parse_request(post("Transfer-Encoding: \tChUnKeD \r\n")).progress == Progress::complete);
  CHECK(head.framing == Framing::chunked);
  REQUIRE(parse_request(post("Content-Length: 0000000000000000005\r\n")).progress ==
          Progress::complete);
  CHECK(head.length == 5);
  REQUIRE(parse_request(post("Content-Length: 9223372036854775807\r\n")).progress ==
          Progress::complete);
  CHECK(head.length == body_unlimited);
  REQUIRE(parse_request(post("Content-Length: 100\r\n"), 100).progress == Progress::complete);
  // A body is legal framing for every method.
  REQUIRE(parse_request(get("/", "Content-Length: 7\r\n")).progress == Progress::complete);
  CHECK(head.framing == Framing::length);
  REQUIRE(parse_request("POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\n").progress ==
          Progress::complete);
  CHECK(head.length == 3);
}

TEST_CASE("request/expectation") {
  REQUIRE(parse_request(post("Content-Length: 1\r\nExpect: 100-Continue\r\n")).progress ==
          Progress::complete);
  CHECK(head.expect_continue);
  REQUIRE(parse_request(post("Content-Length: 0\r\nExpect: 100-continue\r\n")).progress ==
          Progress::complete);
  CHECK_FALSE(head.expect_continue);
  REQUIRE(parse_request("POST / HTTP/1.0\r\nContent-Length: 3\r\nExpect: x\r\n\r\n").progress ==
          Progress::complete);
  CHECK_FALSE(head.expect_continue);
}

TEST_CASE("request/credentials_that_agree") {
  for (const char* fields :
       {"Authorization: Bearer k\r\nx-api-key: k\r\n", "x-api-key: k\r\napi-key: k\r\n",
        "Authorization: Bearer k\r\nx-api-key: Bearer k\r\n",
        "Authorization: bearer  k\r\nx-goog-api-key: k\r\n"}) {
    CAPTURE(fields);
    REQUIRE(parse_request(get("/", fields)).progress == Progress::complete);
    CHECK(credential(head.fields) == "k");
  }
  // Another scheme is no key, also when the key is right.
  for (const char* field : {"Authorization: k\r\n", "Authorization: Basic k\r\n"}) {
    REQUIRE(parse_request(get("/", field)).progress == Progress::complete);
    CHECK(credential(head.fields).empty());
  }
}

TEST_CASE("request/media_and_coding") {
  REQUIRE(
      parse_request(post("Content-Length: 1\r\nContent-Type: Application/JSON; charset=utf-8\r\n"
                         "Content-Encoding: gzip\r\n"))
          .progress == Progress::complete);
  CHECK(head.media_type == MediaType::json);
  CHECK(head.encoded);
}

TEST_CASE("request/pipelined_requests_come_out_one_by_one") {
  std::string bytes;
  for (int i = 0; i < 20; ++i) bytes += get("/" + std::to_string(i));
  std::string_view rest = bytes;
  for (int i = 0; i < 20; ++i) {
    RequestParser parser;
    REQUIRE(parser.feed(rest, 0, request_scratch).progress == Progress::complete);
    CHECK(head.path == "/" + std::to_string(i));
    rest.remove_prefix(head.bytes);
  }
  CHECK(rest.empty());
}

TEST_CASE("request/largest_head") {
  // Exactly at every limit: target, name, line, lines, head.
  CHECK(parse_request(get("/" + std::string(target_bytes_max - 1, 'a'))).progress ==
        Progress::complete);
  CHECK(parse_request(get("/", std::string(field_name_bytes_max, 'n') + ": v\r\n")).progress ==
        Progress::complete);
  CHECK(parse_request(get("/", "a: " + std::string(line_bytes_max - 3, 'v') + "\r\n")).progress ==
        Progress::complete);
  std::string lines;
  for (std::size_t i = 1; i < request_lines_max; ++i) lines += "a: b\r\n";
  CHECK(parse_request(get("/", lines)).progress == Progress::complete);
  std::string big = get("/");
  big.resize(big.size() - 2);
  while (request_head_bytes_max - 2 - big.size() > 4000)
    big += "a: " + std::string(3000, 'v') + "\r\n";
  big += "a: " + std::string(request_head_bytes_max - 2 - big.size() - 5, 'v') + "\r\n\r\n";
  REQUIRE(big.size() == request_head_bytes_max);
  CHECK(parse_request(big).progress == Progress::complete);
}
