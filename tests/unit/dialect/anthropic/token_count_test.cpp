#include "dialect/anthropic/token_count.h"

#include "exchange.h"

using namespace penstock;
using namespace test;
using dialect::estimate_input_tokens;

TEST_CASE("anthropic_token_count/grows_with_what_is_said") {
  const auto estimate = [](const std::string& content) {
    const ReadRequest read(R"({"model":"m","max_tokens":1,"messages":[{"role":"user","content":)" +
                           content + "}]}");
    REQUIRE(read.ok);
    return estimate_input_tokens(read.request);
  };
  const auto brief = estimate("\"Hello\"");
  CHECK(brief >= 2);
  CHECK(brief <= 10);
  CHECK(estimate("\"" + std::string(4000, 'x') + "\"") >= 1000);
  const auto image =
      estimate(R"([{"type":"image","source":{"type":"url","url":"https://x.example/a.png"}}])");
  CHECK(image > 500);
  CHECK(image < 5000);
}

TEST_CASE("anthropic_token_count/counts_tools") {
  const std::string body =
      R"({"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}])";
  const ReadRequest without(body + "}");
  const ReadRequest with(body + R"(,"tools":[{"name":"f","input_schema":{"type":"object"}}]})");
  CHECK(estimate_input_tokens(with.request) > estimate_input_tokens(without.request));
  json::Composer out;
  dialect::anthropic::write_token_count(17, out);
  CHECK(out.text() == R"({"input_tokens":17})");
}
