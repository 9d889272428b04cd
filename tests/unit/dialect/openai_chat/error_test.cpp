// Errors: read in every shape there is, written in one.
#include "replay.h"

using namespace test;
using hub::ErrorKind;

namespace {

hub::ErrorNote note_of(std::uint16_t status, Bytes body, json::Document& document) {
  hub::ErrorNote note;
  const auto data = document.read(body, json::Judge::answer);
  chat().read_error(status, data ? *data : json::View(), note);
  return note;
}

struct Case {
  std::uint16_t status;
  std::string body;
  ErrorKind kind;
};

}  // namespace

TEST_CASE("chat_error/kinds_by_code_and_words_before_status") {
  const Case cases[] = {
      {400, R"({"error":{"message":"m","type":"invalid_request_error","param":"x","code":null}})",
       ErrorKind::invalid_request},
      {400, R"({"error":{"message":"m","code":"context_length_exceeded"}})",
       ErrorKind::context_length},
      {400,
       R"({"error":{"message":"This model's maximum context length is 8 tokens","type":"BadRequestError","code":400}})",
       ErrorKind::context_length},
      {403, R"({"error":{"message":"the maximum context length was exceeded"}})",
       ErrorKind::context_length},
      {400, R"({"error":{"message":"m","type":"exceed_context_size_error","code":400}})",
       ErrorKind::context_length},
      {400, R"({"error":{"message":"m","code":"content_filter"}})", ErrorKind::content_filter},
      {400,
       R"({"object":"error","message":"Invalid model: x","type":"invalid_model","param":null,"code":"1500"})",
       ErrorKind::model_not_found},
      {400, R"({"error":{"message":"x is not a valid model ID","code":400}})",
       ErrorKind::model_not_found},
      {404, R"({"error":{"message":"The model `x` does not exist","code":"model_not_found"}})",
       ErrorKind::model_not_found},
      {404, R"({"error":{"message":"No such route","type":"invalid_request_error"}})",
       ErrorKind::not_found},
      {401,
       R"({"error":{"message":"m","type":"authentication_error","code":"invalid_request_error"}})",
       ErrorKind::authentication},
      {401, R"({"detail":"Invalid API Key"})", ErrorKind::authentication},
      {402, R"({"error":{"message":"Insufficient Balance"}})", ErrorKind::billing},
      {422, R"({"detail":[{"type":"extra_forbidden","loc":["body","foo"],"msg":"no"}]})",
       ErrorKind::invalid_request},
      {429, R"({"error":{"message":"m","type":"requests","code":"rate_limit_exceeded"}})",
       ErrorKind::rate_limit},
      {429, R"({"error":{"message":"m","type":"insufficient_quota","code":"insufficient_quota"}})",
       ErrorKind::quota},
      {429, R"({"error":{"message":"m","code":"project_spend_limit_exceeded"}})", ErrorKind::quota},
      {429,
       R"({"object":"error","message":"Service tier capacity exceeded for this model.","code":"3505"})",
       ErrorKind::overloaded},
      {498, R"({"error":{"message":"m","code":"capacity_exceeded"}})", ErrorKind::overloaded},
      {413, R"({"error":{"message":"m"}})", ErrorKind::too_large},
      {500, R"({"error":"m","error_type":"generation"})", ErrorKind::server},
      {503, R"({"error":{"code":503,"message":"Loading model","type":"unavailable_error"}})",
       ErrorKind::overloaded},
      {500, R"(<html>)", ErrorKind::server},
      {502, R"({"Message":"m"})", ErrorKind::server},
      {400, R"([{"error":{"code":400,"message":"m"}}])", ErrorKind::invalid_request},
  };
  json::Document document;
  for (const Case& one : cases) {
    const auto note = note_of(one.status, one.body, document);
    CHECK_MESSAGE(note.kind == one.kind, one.body);
    CHECK(note.status == one.status);
    if (one.body != "<html>") CHECK_MESSAGE(!note.message.empty(), one.body);
  }
}

TEST_CASE("chat_error/words_of_all_shapes_trap_102") {
  json::Document document;
  const auto plain =
      note_of(400, R"({"error":{"message":"m","type":"t","param":"p","code":"c"}})", document);
  CHECK(plain.type == "t");
  CHECK(plain.param == "p");
  CHECK(plain.code == "c");
  const auto numbered = note_of(402, R"({"error":{"code":402,"message":"m"}})", document);
  CHECK(numbered.code == "402");
  const auto listed = note_of(422, R"({"detail":[{"loc":["body","foo"],"msg":"no"}]})", document);
  CHECK(listed.message == "no");
  CHECK(listed.param == "foo");
}

TEST_CASE("chat_error/all_four_members_are_always_there") {
  for (int kind = 0; kind <= static_cast<int>(ErrorKind::server); ++kind) {
    json::Composer out;
    chat().write_error({.kind = static_cast<ErrorKind>(kind), .message = "a \\\"b\\\""}, out);
    const Tree error = at(tree(out.text()), "error");
    CHECK(error.keys == std::vector<std::string>{"message", "type", "param", "code"});
    CHECK(at(error, "message").text == "a \"b\"");
    CHECK_FALSE(at(error, "type").text.empty());
  }
}

TEST_CASE("chat_error/what_sdks_look_for") {
  json::Composer out;
  chat().write_error({.kind = ErrorKind::context_length, .message = "m"}, out);
  CHECK(text_at(out.text(), "error.code") == "context_length_exceeded");
  CHECK(text_at(out.text(), "error.param") == "messages");
  out.clear();
  chat().write_error({.kind = ErrorKind::invalid_request,
                      .message = "m",
                      .code = "invalid_value",
                      .param = "tools[0]"},
                     out);
  CHECK(
      out.text() ==
      R"({"error":{"message":"m","type":"invalid_request_error","param":"tools[0]","code":"invalid_value"}})");
}
