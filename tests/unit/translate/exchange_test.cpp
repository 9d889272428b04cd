// Requests, whole answers and errors between two dialects.
#include <doctest/doctest.h>

#include "penstock/translate.h"
#include "support/json_tree.h"

using namespace penstock;
using dialect::Dialect;

namespace {

struct Bench {
  translate::Workbench bench;
  hub::Request request;
  json::Composer out;
  dialect::Losses losses;
  dialect::RequestIssue issue;
  dialect::TargetTraits target{.model = "claude-x", .base_model = "claude-x"};

  Result<> translate(Bytes body) {
    return translate::translate_request(Dialect::anthropic, Dialect::gemini, body, target, bench,
                                        request, out, losses, issue);
  }
};

}  // namespace

TEST_CASE("exchange/a_request_is_read_and_written") {
  Bench bench;
  REQUIRE(bench.translate(
      R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Ave"}]})"));
  CHECK(bench.request.model == "m");
  CHECK(test::read_tree(bench.out.text()).has_value());
  CHECK(bench.out.text().find("Ave") != Bytes::npos);
}

TEST_CASE("exchange/nothing_of_the_request_before_is_left") {
  Bench bench;
  REQUIRE(bench.translate(
      R"({"model":"m","max_tokens":9,"temperature":0.5,"messages":[{"role":"user","content":"A"}]})"));
  REQUIRE(bench.translate(
      R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"B"}]})"));
  CHECK(bench.request.temperature.empty());
  CHECK(bench.request.messages.size() == 1);
  CHECK(bench.out.text().find("0.5") == Bytes::npos);
}

TEST_CASE("exchange/a_body_that_is_none_is_the_clients_fault") {
  Bench bench;
  const auto broken = bench.translate("{\"model\":");
  REQUIRE(!broken);
  CHECK(broken.error() == Error{Code::invalid_json, Side::client});
  const auto empty = bench.translate("{}");
  REQUIRE(!empty);
  CHECK(empty.error().side == Side::client);
  CHECK(!bench.issue.param.empty());
}

TEST_CASE("exchange/an_answer_brings_its_facts") {
  Bench bench;
  translate::AnswerFacts facts;
  dialect::AnswerContext context;
  context.request_id = "1";
  context.model = "claude-x";
  REQUIRE(translate::translate_answer(
      Dialect::gemini, Dialect::anthropic,
      R"({"id":"msg_1","type":"message","role":"assistant","model":"claude-x",)"
      R"("content":[{"type":"text","text":"Ave"}],"stop_reason":"max_tokens","stop_sequence":null,)"
      R"("usage":{"input_tokens":12,"output_tokens":4}})",
      bench.target, context, bench.bench, bench.out, facts));
  CHECK(facts.finish == hub::Finish::length);
  CHECK(facts.usage.input.value == 12);
  CHECK(facts.usage_reported == R"({"input_tokens":12,"output_tokens":4})");
  CHECK(!facts.error);
  CHECK(bench.out.text().find("MAX_TOKENS") != Bytes::npos);
}

TEST_CASE("exchange/an_error_with_a_good_status_is_no_answer") {
  Bench bench;
  translate::AnswerFacts facts;
  const auto done = translate::translate_answer(
      Dialect::gemini, Dialect::anthropic,
      R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})",
      bench.target, {}, bench.bench, bench.out, facts);
  REQUIRE(!done);
  CHECK(done.error() == Error{Code::upstream_bad_response, Side::upstream});
  REQUIRE(facts.error);
  CHECK(facts.error->kind == hub::ErrorKind::overloaded);
  CHECK(facts.error->message == "Overloaded");
  CHECK(bench.out.text().empty());
}

TEST_CASE("exchange/a_page_of_html_is_an_error_with_words") {
  Bench bench;
  hub::ErrorNote note;
  translate::read_error(Dialect::anthropic, 503, "<html>busy</html>", bench.bench, note);
  CHECK(note.status == 503);
  CHECK(!note.message.empty());
  translate::write_error(Dialect::gemini, note, bench.out);
  const auto tree = test::read_tree(bench.out.text());
  REQUIRE(tree);
  CHECK(tree->find("error") != nullptr);
}
