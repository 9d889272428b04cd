#include "dialect/bedrock/token_count.h"

#include <doctest/doctest.h>

#include "request_of.h"

using namespace test;
using hub::Role;

TEST_CASE("bedrock_token_count/a_conversation_without_what_shapes_the_answer") {
  hub::Request request;
  say(request, Role::system, {text("Be brief.")});
  say(request, Role::user, {text("Hi")});
  offer(request, "f");
  request.max_output_tokens = 9;
  request.temperature = "0.5";
  request.user = "u";
  penstock::json::Composer out;
  penstock::dialect::Losses losses;
  REQUIRE(penstock::dialect::bedrock::write_count_request(
      request, {.model = sonnet_45, .base_model = sonnet_45}, out, losses));
  CHECK(out.text() == R"({"input":{"converse":{"system":[{"text":"Be brief."}],)"
                      R"("messages":[{"role":"user","content":[{"text":"Hi"}]}],)"
                      R"("toolConfig":{"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":)"
                      R"({"type":"object","properties":{"q":{"type":"string"}}}}}}]}}}})");
}
