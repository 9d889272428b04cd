#include "gateway/answers.h"

#include <doctest/doctest.h>

#include <array>

#include "small_config.h"
#include "support/json_tree.h"

using namespace penstock;

namespace {

std::string head_text(const AnswerHead& head) {
  std::array<char, 8192> room;
  const auto written = write_answer_head(head, room);
  REQUIRE(written);
  return std::string(*written);
}

bool has(const std::string& text, std::string_view line) {
  return text.find("\r\n" + std::string(line) + "\r\n") != std::string::npos;
}

::test::Tree error_tree(const ErrorBody& error) {
  std::array<char, error_body_bytes_max> room;
  auto tree = ::test::TreeReader::read(write_error_body(error, room));
  REQUIRE(tree);
  REQUIRE(tree->find("error"));
  return *tree->find("error");
}

}  // namespace

TEST_CASE("answers: a plain head") {
  AnswerHead head;
  head.content_type = "application/json";
  head.length = 12;
  head.request_id = "abc";
  head.overhead_us = 42;
  const std::string text = head_text(head);
  CHECK(text.starts_with("HTTP/1.1 200 "));
  CHECK(text.ends_with("\r\n\r\n"));
  CHECK(has(text, "Content-Type: application/json"));
  CHECK(has(text, "X-Request-Id: abc"));
  CHECK(has(text, "X-Gateway-Overhead-Us: 42"));
  CHECK(has(text, "Content-Length: 12"));
  for (const char* absent : {"Connection:", "X-Gateway-Attempts:", "Retry-After:", "X-RateLimit-",
                             "Transfer-Encoding:", "x-should-retry", "X-Gateway-Limit-"}) {
    CAPTURE(absent);
    CHECK(text.find(absent) == std::string::npos);
  }
}

TEST_CASE("answers: framing and persistence") {
  AnswerHead head;
  head.framing = BodyFraming::chunked;
  head.event_stream = true;
  std::string text = head_text(head);
  CHECK(has(text, "Transfer-Encoding: chunked"));
  CHECK(text.find("Content-Length") == std::string::npos);
  CHECK(has(text, "Content-Type: text/event-stream; charset=utf-8"));
  CHECK(has(text, "Cache-Control: no-cache"));

  head = {};
  head.framing = BodyFraming::to_close;
  head.keep_alive = false;
  text = head_text(head);
  CHECK(has(text, "Connection: close"));
  CHECK(text.find("Content-Length") == std::string::npos);
  CHECK(text.find("Transfer-Encoding") == std::string::npos);

  head = {};
  head.http10 = true;
  CHECK(has(head_text(head), "Connection: keep-alive"));
}

TEST_CASE("answers: limits, delays and what not to retry") {
  AnswerHead head;
  head.status = 429;
  head.requests = {60, 3, Duration::seconds(57)};
  head.limit = LimitNote{LimitKind::rpm, LimitScope::key, 60, 60};
  head.retry_after_s = 7;
  const std::string text = head_text(head);
  CHECK(text.starts_with("HTTP/1.1 429 "));
  CHECK(has(text, "X-RateLimit-Limit-Requests: 60"));
  CHECK(has(text, "X-RateLimit-Remaining-Requests: 3"));
  CHECK(has(text, "X-RateLimit-Reset-Requests: 57s"));
  CHECK(has(text, "X-Gateway-Limit-Kind: rpm"));
  CHECK(has(text, "X-Gateway-Limit-Scope: key"));
  CHECK(has(text, "Retry-After: 7"));
  CHECK(has(text, "retry-after-ms: 7000"));

  AnswerHead never;
  never.status = 401;
  never.never_retry = true;
  CHECK(has(head_text(never), "x-should-retry: false"));
}

TEST_CASE("answers: the target's lines and the upstream's own id") {
  const auto snapshot = penstock::test::small_config();
  std::array<char, TargetLines::bytes_max> lines;
  const auto written = write_target_lines(*snapshot, snapshot->targets[0], lines);
  REQUIRE(written);
  AnswerHead head;
  head.target_lines = *written;
  head.attempts = 2;
  head.upstream_request_id = "up-1";
  const std::string text = head_text(head);
  CHECK(has(text, "X-Gateway-Model: m1"));
  CHECK(has(text, "X-Gateway-Provider: local"));
  CHECK(has(text, "X-Gateway-Target: local/m1"));
  CHECK(has(text, "X-Gateway-Attempts: 2"));
  CHECK(has(text, "X-Gateway-Upstream-Request-Id: up-1"));
  CHECK(text.find("\r\n\r\n") == text.size() - 4);
}

TEST_CASE("answers: no value breaks a line, and a head has a size") {
  std::array<char, 8192> room;
  AnswerHead head;
  head.upstream_request_id = "a\r\nSet-Cookie: b";
  CHECK_FALSE(write_answer_head(head, room));
  head = {};
  head.content_type = "a\r\nSet-Cookie: b";
  CHECK_FALSE(write_answer_head(head, room));
  head = {};
  head.request_id = "abc";
  for (std::size_t size = 0; size < 60; ++size) {
    CHECK_FALSE(write_answer_head(head, std::span(room).first(size)));
  }
}

TEST_CASE("answers: every code of the catalogue makes a body that can be read") {
  for (int i = 0; i <= static_cast<int>(Code::gateway_shutdown); ++i) {
    ErrorBody error;
    error.code = static_cast<Code>(i);
    error.request_id = "abc";
    const auto tree = error_tree(error);
    const ErrorText& text = describe(error.code);
    CHECK(tree.find("message")->text == text.message);
    CHECK(tree.find("type")->text == text.type);
    CHECK(tree.find("code")->text == text.code);
    CHECK(tree.find("param")->kind == ::test::Tree::Kind::null);
    CHECK(tree.find("metadata")->find("request_id")->text == "abc");
    CHECK(tree.find("metadata")->find("origin")->text == "gateway");
    CHECK(tree.find("metadata")->find("attempts") == nullptr);
    CHECK(tree.find("metadata")->find("limit") == nullptr);
  }
}

TEST_CASE("answers: attempts, limit and parameter in the metadata") {
  const auto snapshot = penstock::test::small_config();
  const std::array<AttemptRecord, 2> attempts{
      AttemptRecord{TargetIndex{1}, 503, Code::upstream_bad_response},
      AttemptRecord{TargetIndex{2}, 0, Code::upstream_connect_failed}};
  ErrorBody error;
  error.code = Code::upstream_connect_failed;
  error.param = "model";
  error.provider = "other";
  error.attempts = attempts;
  error.snapshot = snapshot.get();
  error.limit = LimitNote{LimitKind::concurrency, LimitScope::key, 4, 4};
  const auto tree = error_tree(error);
  CHECK(tree.find("param")->text == "model");
  const auto& metadata = *tree.find("metadata");
  CHECK(metadata.find("provider")->text == "other");
  const auto& list = metadata.find("attempts")->items;
  REQUIRE(list.size() == 2);
  CHECK(list[0].find("target")->text == "other/m2");
  CHECK(list[0].find("status")->text == "503");
  CHECK(list[0].find("reason")->text == describe(Code::upstream_bad_response).code);
  CHECK(list[1].find("target")->text == "local/m3");
  CHECK(list[1].find("status")->kind == ::test::Tree::Kind::null);
  CHECK(metadata.find("limit")->find("kind")->text == "concurrency");
  CHECK(metadata.find("limit")->find("maximum")->text == "4");
}

TEST_CASE("answers: the provider's own words instead of ours") {
  UpstreamError upstream;
  upstream.message = R"(say \"no\" \u00e9)";
  upstream.type = "their_type";
  upstream.code = "their_code";
  ErrorBody error;
  error.code = Code::upstream_bad_response;
  error.upstream = &upstream;
  auto tree = error_tree(error);
  CHECK(tree.find("message")->text == "say \"no\" \xc3\xa9");
  CHECK(tree.find("type")->text == "their_type");
  CHECK(tree.find("code")->text == "their_code");
  CHECK(tree.find("metadata")->find("origin")->text == "upstream");

  const UpstreamError silent;
  error.upstream = &silent;
  tree = error_tree(error);
  CHECK(tree.find("message")->text == describe(Code::upstream_bad_response).message);
  CHECK(tree.find("type")->text == describe(Code::upstream_bad_response).type);
  CHECK(tree.find("code")->kind == ::test::Tree::Kind::null);
}

TEST_CASE("answers: the largest body fits") {
  auto snapshot = penstock::test::small_config();
  snapshot->targets[0].name = std::string(256, '"');
  const std::string quotes(128, '"');
  const std::string words(UpstreamError::message_bytes_max, 'x');
  std::array<AttemptRecord, attempts_max> attempts;
  attempts.fill({TargetIndex{0}, 599, Code::upstream_stream_interrupted});
  UpstreamError upstream;
  upstream.message = words;
  ErrorBody error;
  error.request_id = std::string_view(quotes).substr(0, 63);
  error.provider = quotes;
  error.attempts = attempts;
  error.snapshot = snapshot.get();
  error.limit = LimitNote{LimitKind::overload, LimitScope::session, UINT64_MAX, UINT64_MAX};
  error.upstream = &upstream;
  CHECK(error_tree(error).find("message")->text == words);
}
