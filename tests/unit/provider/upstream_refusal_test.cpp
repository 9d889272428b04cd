#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "penstock/provider.h"
#include "provider/response_fields.h"
#include "support/fixtures.h"
#include "support/json_tree.h"

using namespace penstock;
using dialect::Dialect;
using hub::ErrorKind;

namespace {

constexpr std::int64_t noon_s = 1'795'176'000;  // 2026-11-20T12:00:00Z

// An answer with an error status, read.
struct Read {
  Read(Dialect dialect, std::uint16_t status, const std::string& lines, std::string text)
      : body(std::move(text)), fields(lines, status) {
    const auto root = document.read(body, json::Judge::answer);
    refusal =
        read_upstream_refusal(dialect, status, fields.get(), root ? *root : json::View(), noon_s);
  }
  Read(const Read&) = delete;
  Read& operator=(const Read&) = delete;

  std::string body;
  test::ResponseFields fields;
  json::Document document;
  UpstreamRefusal refusal;
};

std::uint32_t wait_of(const std::string& lines, std::string body = "{}") {
  const test::ResponseFields fields(lines);
  json::Document document;
  const auto root = document.read(body, json::Judge::answer);
  REQUIRE(root);
  return retry_after_ms(fields.get(), *root, noon_s);
}

bool unknown_operation(const std::string& body) {
  json::Document document;
  const auto root = document.read(body, json::Judge::answer);
  REQUIRE(root);
  return is_unknown_operation(*root);
}

constexpr auto retry_info = R"({"error":{"code":429,"details":[{"@type":"x"},
  {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"48s"}]}})";

}  // namespace

TEST_CASE("upstream_refusal/how_long_to_wait_in_the_order_of_the_sources") {
  CHECK(wait_of("") == 0);
  CHECK(wait_of("retry-after: 2") == 2'000);
  CHECK(wait_of("retry-after: 1.5") == 1'500);
  CHECK(wait_of("retry-after: Fri, 20 Nov 2026 12:00:30 GMT") == 30'000);
  CHECK(wait_of("retry-after: Fri, 20 Nov 2026 11:00:00 GMT") == 0);
  CHECK(wait_of("retry-after-ms: 120\nretry-after: 2") == 120);
  CHECK(wait_of("retry-after-ms: 120.5") == 121);
  CHECK(wait_of("x-ms-retry-after-ms: 700\nretry-after: 2") == 700);
  CHECK(wait_of("retry-after-ms: 0\nretry-after: 1") == 1'000);  // recorded at Azure
  CHECK(wait_of("retry-after: -5") == 0);
  CHECK(wait_of("retry-after: soon") == 0);
  CHECK(wait_of("retry-after: 9999999999") == UINT32_MAX);
  CHECK(wait_of("", retry_info) == 49'000);
  CHECK(wait_of("", "[" + std::string(retry_info) + "]") == 49'000);
  CHECK(wait_of("retry-after: 3", retry_info) == 3'000);
  // A reset counts when nothing is left of its limit.
  CHECK(wait_of("x-ratelimit-remaining-tokens: 0\nx-ratelimit-reset-tokens: 6m0s") == 360'000);
  CHECK(wait_of("x-ratelimit-remaining-tokens: 1\nx-ratelimit-reset-tokens: 6m0s") == 0);
  CHECK(wait_of("x-ratelimit-remaining-tokens: 0\nx-ratelimit-reset-tokens: 6m0s", retry_info) ==
        49'000);
}

TEST_CASE("upstream_refusal/what_the_head_adds") {
  const Read anthropic(
      Dialect::anthropic, 401, "request-id: req_1\nx-should-retry: false",
      R"({"type":"error","error":{"type":"authentication_error","message":"no"}})");
  CHECK(anthropic.refusal.note.kind == ErrorKind::authentication);
  CHECK(anthropic.refusal.note.message == "no");
  CHECK(anthropic.refusal.note.status == 401);
  CHECK(anthropic.refusal.note.request_id == "req_1");
  CHECK(anthropic.refusal.should_retry == false);
  const Read openai(
      Dialect::openai_chat, 429, "x-request-id: r\nretry-after-ms: 20",
      R"({"error":{"message":"slow","type":"requests","code":"rate_limit_exceeded"}})");
  CHECK(openai.refusal.note.kind == ErrorKind::rate_limit);
  CHECK(openai.refusal.note.retry_after_ms == 20);
  CHECK_FALSE(openai.refusal.should_retry);
  const Read odd(Dialect::openai_chat, 500, "x-should-retry: maybe\nx-request-id: a\"b", "<html>");
  CHECK_FALSE(odd.refusal.should_retry);
  CHECK(odd.refusal.note.request_id.empty());
  CHECK(odd.refusal.note.kind == ErrorKind::server);
}

TEST_CASE("upstream_refusal/bedrock_names_the_error_in_the_head") {
  const Read read(Dialect::bedrock, 400,
                  "x-amzn-requestid: id-1\nx-amzn-errortype: ValidationException:http://internal"
                  ".amazon.com/coral/com.amazon.bedrock/",
                  R"({"message":"The provided model identifier is invalid."})");
  CHECK(read.refusal.note.type == "ValidationException");
  CHECK(read.refusal.note.kind == ErrorKind::model_not_found);
  CHECK(read.refusal.note.request_id == "id-1");
  const Read key(Dialect::bedrock, 403, "x-amzn-errortype: UnrecognizedClientException",
                 R"({"message":"The security token included in the request is invalid."})");
  CHECK(key.refusal.note.kind == ErrorKind::authentication);
  const Read quoted(Dialect::bedrock, 400, "x-amzn-errortype: A\"B", R"({"message":"m"})");
  CHECK(quoted.refusal.note.type.empty());
}

TEST_CASE("upstream_refusal/an_unknown_operation_has_status_200_trap_66") {
  CHECK(unknown_operation(
      R"({"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},"Version":"1.0"})"));
  CHECK(unknown_operation(R"({"__type":"UnknownOperationException"})"));
  CHECK_FALSE(unknown_operation(R"({"output":{"message":{"role":"assistant","content":[]}}})"));
  CHECK_FALSE(unknown_operation("[]"));
}

TEST_CASE("upstream_refusal/words_are_shown_by_the_same_rules_as_ever") {
  Snapshot snapshot;
  snapshot.providers.resize(1);
  snapshot.providers[0].aws.emplace();
  snapshot.providers[0].aws->secret_access_key = Secret("wJalrXUtnFEMI/K7MDENG");
  snapshot.providers[0].aws->session_token = Secret("session-token-of-ours");
  hub::ErrorNote note;
  note.message = "key wJalrXUtnFEMI/K7MDENG is bad";
  note.type = "two words";
  note.code = "session-token-of-ours";
  note.param = "messages[0].role";
  make_showable(note, snapshot);
  CHECK(note.message.empty());
  CHECK(note.type.empty());
  CHECK(note.code.empty());
  CHECK(note.param == "messages[0].role");
  const std::string long_text(UpstreamError::message_bytes_max + 5, 'x');
  note.message = long_text;
  make_showable(note, snapshot);
  CHECK(note.message.size() == UpstreamError::message_bytes_max);
}

TEST_CASE("upstream_refusal/recorded_errors") {
  const auto root = test::fixtures("");
  if (!root) return;
  std::size_t cases = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(*root)) {
    if (entry.path().filename() != "response.status") continue;
    const int status = std::stoi(test::read_file(entry.path()));
    if (status < 400) continue;
    const auto folder = entry.path().parent_path();
    const std::string provider = folder.parent_path().filename();
    CAPTURE(folder.string());
    Dialect dialect = Dialect::openai_chat;
    for (const KindFacts& facts : all_kinds()) {
      if (facts.name == provider) dialect = facts.chat;
    }
    if (provider == "ollama" && folder.filename().string().starts_with("chat")) {
      dialect = Dialect::openai_chat;
    }
    std::string lines;
    if (const auto heads =
            test::TreeReader::read(test::read_file(folder / "response.headers.json"))) {
      for (const auto& field : heads->items) {
        std::string name = field.items.at(0).text;
        for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
        const bool wanted = name.find("retry") != std::string::npos ||
                            name.find("request") != std::string::npos ||
                            name.find("errortype") != std::string::npos;
        if (wanted) lines += name + ": " + field.items.at(1).text + "\n";
      }
    }
    const Read read(dialect, static_cast<std::uint16_t>(status), lines,
                    test::read_file(folder / "response.body"));
    ++cases;
    CHECK(read.refusal.note.status == status);
    CHECK_FALSE(read.refusal.note.message.empty());
    if (status == 401) CHECK(read.refusal.note.kind == ErrorKind::authentication);
    if (status == 429) CHECK(read.refusal.note.retry_after_ms >= 1'000);
  }
  MESSAGE(cases, " recorded errors");
}
