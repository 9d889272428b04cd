#include <doctest/doctest.h>

#include <array>
#include <string>

#include "penstock/provider.h"

using namespace penstock;

namespace {

Provider provider() {
  Provider made;
  made.base_url.path = "/api/v1";
  made.base_url.authority = "api.example.com:8443";
  made.keys.emplace_back("sk-first");
  made.keys.emplace_back("sk-second");
  return made;
}

UpstreamRequest request() {
  UpstreamRequest made;
  made.path = "/chat/completions";
  made.body_bytes = 17;
  return made;
}

std::string written(const Provider& to, const UpstreamRequest& what) {
  std::array<char, 4096> room;
  const auto head = write_upstream_head(to, what, room);
  REQUIRE(head);
  return std::string(*head);
}

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("upstream_head: all that is in it comes from configuration") {
  CHECK(written(provider(), request()) ==
        "POST /api/v1/chat/completions HTTP/1.1\r\n"
        "Host: api.example.com:8443\r\n"
        "Content-Type: application/json\r\n"
        "User-Agent: penstock\r\n"
        "Accept-Encoding: identity\r\n"
        "Accept: application/json\r\n"
        "Authorization: Bearer sk-first\r\n"
        "Content-Length: 17\r\n"
        "\r\n");
}

TEST_CASE("upstream_head: a stream asks for events") {
  UpstreamRequest stream = request();
  stream.stream = true;
  const std::string head = written(provider(), stream);
  CHECK(head.find("\r\nAccept: text/event-stream\r\n") != std::string::npos);
  CHECK(count(head, "\r\nAccept:") == 1);
}

TEST_CASE("upstream_head: one credential, the one asked for, or none") {
  UpstreamRequest second = request();
  second.credential = 1;
  const std::string head = written(provider(), second);
  CHECK(head.find("\r\nAuthorization: Bearer sk-second\r\n") != std::string::npos);
  CHECK(head.find("sk-first") == std::string::npos);
  Provider open = provider();
  open.keys.clear();
  CHECK(written(open, request()).find("Authorization") == std::string::npos);
}

TEST_CASE("upstream_head: static headers, once each") {
  Provider with = provider();
  with.headers.push_back({"X-Team", Secret("blue")});
  with.headers.push_back({"api-key", Secret("hidden")});
  const std::string head = written(with, request());
  CHECK(count(head, "\r\nX-Team: blue\r\n") == 1);
  CHECK(count(head, "\r\napi-key: hidden\r\n") == 1);
}

TEST_CASE("upstream_head: too little room, at every size, and bad values are errors") {
  const std::size_t whole = written(provider(), request()).size();
  std::array<char, 4096> room;
  for (std::size_t size = 0; size < whole; ++size) {
    const auto head = write_upstream_head(provider(), request(), std::span(room).first(size));
    REQUIRE_FALSE(head);
    CHECK(head.error().code == Code::too_large);
  }
  CHECK(write_upstream_head(provider(), request(), std::span(room).first(whole)));
  Provider broken = provider();
  broken.headers.push_back({"X-Team", Secret("a\r\nX-Other: b")});
  const auto head = write_upstream_head(broken, request(), room);
  REQUIRE_FALSE(head);
  CHECK(head.error().code == Code::malformed);
}
