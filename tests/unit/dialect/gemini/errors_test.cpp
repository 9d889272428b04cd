// Errors in the form of google.rpc.Status.
#include "exchange.h"

using namespace penstock;
using namespace test;
using hub::ErrorKind;

namespace {

struct Noted {
  Noted(std::uint16_t status, std::string text) : body(std::move(text)) {
    const auto view = document.read(body, json::Judge::answer);
    gemini_table().read_error(status, view ? *view : json::View(), note);
  }
  std::string body;
  json::Document document{};
  hub::ErrorNote note{};
};

std::string error(const std::string& status, const std::string& message,
                  const std::string& details = "") {
  return R"({"error":{"code":400,"message":")" + message + R"(","status":")" + status +
         R"(","details":[)" + details + "]}}";
}

}  // namespace

TEST_CASE("gemini_errors/kinds_by_status_and_words") {
  CHECK(Noted(400, error("INVALID_ARGUMENT", "bad")).note.kind == ErrorKind::invalid_request);
  CHECK(Noted(400, error("INVALID_ARGUMENT", "The input token count (9) exceeds the maximum"))
            .note.kind == ErrorKind::context_length);
  CHECK(Noted(400, error("INVALID_ARGUMENT", "no",
                         R"({"@type":"type.googleapis.com/google.rpc.ErrorInfo",
                             "reason":"API_KEY_INVALID"})"))
            .note.kind == ErrorKind::authentication);
  CHECK(Noted(400, error("FAILED_PRECONDITION", "no")).note.kind == ErrorKind::permission);
  CHECK(Noted(403, error("PERMISSION_DENIED", "Method doesn't allow unregistered callers"))
            .note.kind == ErrorKind::authentication);
  CHECK(Noted(404, error("NOT_FOUND", "models/x is not found")).note.kind ==
        ErrorKind::model_not_found);
  CHECK(Noted(402, error("RESOURCE_EXHAUSTED", "pay")).note.kind == ErrorKind::billing);
  CHECK(Noted(503, error("UNAVAILABLE", "model is overloaded")).note.kind == ErrorKind::overloaded);
  CHECK(Noted(502, "<html>").note.kind == ErrorKind::server);
  CHECK(Noted(0, R"([{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}}])")
            .note.kind == ErrorKind::rate_limit);
}

TEST_CASE("gemini_errors/delays_quotas_and_fields") {
  const auto delay = [](const std::string& text) {
    return Noted(429, error("RESOURCE_EXHAUSTED", "m",
                            R"({"@type":"x/google.rpc.RetryInfo","retryDelay":")" + text + "\"}"))
        .note.retry_after_ms;
  };
  CHECK(delay("48s") == 49000);
  CHECK(delay("34.4s") == 34400);
  CHECK(delay("0.074s") == 74);
  CHECK(delay("0s") == 0);
  CHECK(delay("-3s") == 0);
  CHECK(delay("99999999999s") == 0);
  CHECK(Noted(429, error("RESOURCE_EXHAUSTED", "m",
                         R"({"@type":"x/google.rpc.QuotaFailure","violations":[
                             {"quotaId":"RequestsPerDayPerProject"}]})"))
            .note.kind == ErrorKind::quota);
  CHECK(Noted(400, error("INVALID_ARGUMENT", "m",
                         R"({"@type":"x/google.rpc.BadRequest","fieldViolations":[
                             {"field":"contents[0]"}]})"))
            .note.param == "contents[0]");
}

TEST_CASE("gemini_errors/are_written_for_clients") {
  json::Composer out;
  gemini_table().write_error({.kind = ErrorKind::rate_limit,
                              .message = "slow \\\"down\\\"",
                              .param = "model",
                              .retry_after_ms = 1500},
                             out);
  const auto tree = read_tree(out.text());
  REQUIRE(tree);
  const Tree& written = *tree->find("error");
  CHECK(written.find("code")->text == "429");
  CHECK(written.find("status")->text == "RESOURCE_EXHAUSTED");
  CHECK(written.find("message")->text == "slow \"down\"");
  CHECK(written.find("details")->items.size() == 2);
  const Noted again(429, std::string(out.text()));
  CHECK(again.note.kind == ErrorKind::rate_limit);
  CHECK(again.note.retry_after_ms == 3000);
  CHECK(again.note.param == "model");
}
