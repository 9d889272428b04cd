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

TEST_CASE("upstream_head: all that is in it comes from configuration, trap_124") {
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
  // The length is written where any number would fit.
  constexpr std::size_t digits_max = 20;
  CHECK(write_upstream_head(provider(), request(), std::span(room).first(whole + digits_max)));
  Provider broken = provider();
  broken.headers.push_back({"X-Team", Secret("a\r\nX-Other: b")});
  const auto head = write_upstream_head(broken, request(), room);
  REQUIRE_FALSE(head);
  CHECK(head.error().code == Code::malformed);
}

TEST_CASE("upstream_head: one that repeats is the one that was written") {
  const Provider to = provider();
  UpstreamRequest what = request();
  what.credential = 1;
  RepeatedHead repeated;
  CHECK_FALSE(repeated.fits(Service::chat, what));
  std::array<char, 4096> room;
  REQUIRE(repeated.set(to, Service::chat, what, room));
  CHECK(repeated.fits(Service::chat, what));
  CHECK_FALSE(repeated.fits(Service::embeddings, what));
  CHECK_FALSE(repeated.fits(Service::chat, request()));  // another credential
  room.fill('#');
  for (const std::uint64_t bytes : {std::uint64_t{2}, std::uint64_t{123'456'789}}) {
    what.body_bytes = bytes;
    const auto head = repeated.write(bytes, room);
    REQUIRE(head);
    CHECK(*head == written(to, what));
  }
  const std::size_t whole = written(to, what).size();
  const auto cut = repeated.write(what.body_bytes, std::span(room).first(whole - 1));
  REQUIRE_FALSE(cut);
  CHECK(cut.error().code == Code::too_large);
  Provider broken = provider();
  broken.headers.push_back({"X-Team", Secret("a\r\nX-Other: b")});
  CHECK(repeated.set(broken, Service::chat, what, room).error().code == Code::malformed);
}

TEST_CASE("upstream_head: what is signed or granted anew never repeats") {
  Provider to = provider();
  CHECK(RepeatedHead::possible(to));
  to.keys.clear();
  CHECK(RepeatedHead::possible(to));
  to.service_account.emplace();
  CHECK_FALSE(RepeatedHead::possible(to));
  Provider signed_one = provider();
  signed_one.keys.clear();
  signed_one.aws.emplace();
  CHECK_FALSE(RepeatedHead::possible(signed_one));
}

namespace {

constexpr auto has = [](const std::string& head, std::string_view line) {
  return count(head, "\r\n" + std::string(line) + "\r\n") == 1;
};

Provider of_kind(ProviderKind kind) {
  Provider made = provider();
  made.kind = kind;
  return made;
}

UpstreamRequest in(dialect::Dialect dialect) {
  UpstreamRequest made = request();
  made.dialect = dialect;
  return made;
}

using dialect::Dialect;

// Fields with a credential in any of the kinds' ways.
std::size_t credentials(const std::string& head) {
  return count(head, "\r\nAuthorization:") + count(head, "\r\nx-api-key:") +
         count(head, "\r\napi-key:") + count(head, "\r\nx-goog-api-key:");
}

}  // namespace

TEST_CASE("upstream_head/each_kind_has_its_way_to_say_who_asks_trap_63") {
  using enum ProviderKind;
  for (std::size_t i = 0; i < provider_kinds; ++i) {
    const auto kind = static_cast<ProviderKind>(i);
    CAPTURE(name_of(kind));
    const std::string head = written(of_kind(kind), in(facts_of(kind).chat));
    CHECK(credentials(head) == 1);
    CHECK(count(head, "sk-first") == 1);
    CHECK(count(head, "\r\nAuthorization: Bearer sk-first\r\n") ==
          (kind == azure || kind == anthropic || kind == gemini || kind == vertex ? 0 : 1));
  }
  CHECK(has(written(of_kind(azure), request()), "api-key: sk-first"));
  CHECK(has(written(of_kind(azure), in(Dialect::anthropic)), "x-api-key: sk-first"));
  CHECK(has(written(of_kind(anthropic), in(Dialect::anthropic)), "x-api-key: sk-first"));
  CHECK(has(written(of_kind(gemini), in(Dialect::gemini)), "x-goog-api-key: sk-first"));
  CHECK(has(written(of_kind(gemini), request()), "Authorization: Bearer sk-first"));
  CHECK(has(written(of_kind(vertex), in(Dialect::gemini)), "x-goog-api-key: sk-first"));
}

TEST_CASE("upstream_head/vertex_has_the_access_token_it_is_given") {
  Provider vertex = of_kind(ProviderKind::vertex);
  vertex.keys.clear();
  vertex.service_account.emplace();
  UpstreamRequest asked = in(Dialect::gemini);
  std::array<char, 4096> room;
  const auto without = write_upstream_head(vertex, asked, room);
  REQUIRE_FALSE(without);
  CHECK(without.error().code == Code::internal_error);
  asked.access_token = "ya29.token";
  CHECK(has(written(vertex, asked), "Authorization: Bearer ya29.token"));
}

TEST_CASE("upstream_head/anthropic_version_is_the_clients_or_configured_or_the_oldest_trap_19") {
  Provider to = of_kind(ProviderKind::anthropic);
  UpstreamRequest asked = in(Dialect::anthropic);
  CHECK(has(written(to, asked), "anthropic-version: 2023-06-01"));
  to.api_version = "2026-10-21";
  CHECK(has(written(to, asked), "anthropic-version: 2026-10-21"));
  asked.anthropic_version = "2024-01-02";
  CHECK(has(written(to, asked), "anthropic-version: 2024-01-02"));
  asked.anthropic_beta = "a-1, b-2";
  CHECK(has(written(to, asked), "anthropic-beta: a-1,b-2"));
  // An Azure resource has its own versions, and they are of another API.
  Provider azure = of_kind(ProviderKind::azure);
  azure.api_version = "2024-10-21";
  CHECK(has(written(azure, in(Dialect::anthropic)), "anthropic-version: 2023-06-01"));
}

TEST_CASE("upstream_head/vertex_and_bedrock_have_the_version_in_the_body") {
  UpstreamRequest asked = in(Dialect::anthropic);
  asked.anthropic_version = "2023-06-01";
  asked.anthropic_beta = "prompt-caching-scope-2026-01-05,context-1m-2025-08-07";
  const std::string vertex = written(of_kind(ProviderKind::vertex), asked);
  CHECK(count(vertex, "anthropic-version") == 0);
  CHECK(has(vertex, "anthropic-beta: context-1m-2025-08-07"));
  const std::string bedrock = written(of_kind(ProviderKind::bedrock), asked);
  CHECK(count(bedrock, "anthropic-") == 0);
  asked.anthropic_beta = "prompt-caching-scope-2026-01-05";
  CHECK(count(written(of_kind(ProviderKind::vertex), asked), "anthropic-beta") == 0);
}

TEST_CASE("upstream_head/values_from_outside_are_judged") {
  std::array<char, 8192> room;
  const auto refused = [&room](const UpstreamRequest& asked) {
    const auto head = write_upstream_head(of_kind(ProviderKind::anthropic), asked, room);
    return !head && head.error().code == Code::malformed;
  };
  for (const Bytes bad : {"2023-06-01\r\nX: y", "2023-06", "x", "2023-06-0\x7f", "2023-06-01 "}) {
    UpstreamRequest asked = in(Dialect::anthropic);
    asked.anthropic_version = bad;
    CHECK(refused(asked));
    CHECK_FALSE(sendable_anthropic_version(bad));
  }
  const std::string long_list(anthropic_beta_bytes_max + 1, 'a');
  for (const Bytes bad : {Bytes("a\r\nX: y"), Bytes("a\"b"), Bytes(long_list), Bytes("\xc3\xa9")}) {
    UpstreamRequest asked = in(Dialect::anthropic);
    asked.anthropic_beta = bad;
    CHECK(refused(asked));
  }
  const std::string longest(anthropic_beta_bytes_max, 'a');
  UpstreamRequest asked = in(Dialect::anthropic);
  asked.anthropic_beta = longest;
  CHECK(write_upstream_head(of_kind(ProviderKind::anthropic), asked, room));
  asked.content_type = "multipart/form-data; boundary=x\n";
  CHECK(refused(asked));
  asked = in(Dialect::openai_chat);
  asked.access_token = "a\r\nb";
  Provider vertex = of_kind(ProviderKind::vertex);
  vertex.keys.clear();
  vertex.service_account.emplace();
  CHECK_FALSE(write_upstream_head(vertex, asked, room));
}

TEST_CASE("upstream_head/other_methods_and_bodies") {
  UpstreamRequest asked = request();
  asked.method = http::Method::get;
  asked.path = "/models";
  const std::string listing = written(provider(), asked);
  CHECK(listing.starts_with("GET /api/v1/models HTTP/1.1\r\n"));
  CHECK(count(listing, "Content-") == 0);
  asked.method = http::Method::post;
  asked.content_type = "multipart/form-data; boundary=abc";
  const std::string upload = written(provider(), asked);
  CHECK(has(upload, "Content-Type: multipart/form-data; boundary=abc"));
  CHECK(count(upload, "Content-Type") == 1);
  asked = in(Dialect::ollama);
  asked.stream = true;
  CHECK(has(written(of_kind(ProviderKind::ollama), asked), "Accept: application/x-ndjson"));
}

TEST_CASE("upstream_head/the_version_for_a_translated_request_trap_19") {
  Provider to = of_kind(ProviderKind::anthropic);
  hub::Request asked;
  CHECK(anthropic_version_for(to, asked) == "2026-10-21");
  asked.temperature = "0.5";
  CHECK(anthropic_version_for(to, asked) == "2023-06-01");
  asked.temperature = {};
  asked.top_k = 5;
  CHECK(anthropic_version_for(to, asked) == "2023-06-01");
  to.api_version = "2026-10-21";
  CHECK(anthropic_version_for(to, asked) == "2026-10-21");
}

TEST_CASE("upstream_head/betas_that_others_refuse_trap_17") {
  std::array<char, 64> room;
  const auto left = [&room](ProviderKind kind, Bytes betas) {
    return std::string(supported_betas(kind, betas, room));
  };
  CHECK(left(ProviderKind::anthropic, " fast-mode-1 ,b,") == "fast-mode-1,b");
  CHECK(left(ProviderKind::bedrock, "fast-mode-1,b") == "b");
  CHECK(left(ProviderKind::vertex, "advanced-tool-use-2,fast-mode-1") == "fast-mode-1");
  CHECK(left(ProviderKind::vertex, ",,") == "");
}

TEST_CASE("upstream_head/bedrock_is_signed_as_published") {
  // Keys of AWS's signing examples; signatures as two other implementations make them.
  Provider bedrock;
  bedrock.kind = ProviderKind::bedrock;
  bedrock.region = "us-east-1";
  bedrock.base_url.authority = "bedrock-runtime.us-east-1.amazonaws.com";
  bedrock.aws.emplace();
  bedrock.aws->access_key_id = "AKIDEXAMPLE";
  bedrock.aws->secret_access_key = Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
  const Bytes body =
      R"({"messages":[{"role":"user","content":[{"text":"ping"}]}],"inferenceConfig":{"maxTokens":16}})";
  const std::array<Bytes, 3> pieces{body.substr(0, 10), Bytes{}, body.substr(10)};
  UpstreamRequest asked = in(Dialect::bedrock);
  asked.path = "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse";
  asked.body = pieces;
  asked.body_bytes = body.size();
  asked.unix_s = 1'795'176'000;  // 2026-11-20T12:00:00Z
  const std::string head = written(bedrock, asked);
  CHECK(has(head, "X-Amz-Date: 20261120T120000Z"));
  CHECK(has(head,
            "Authorization: AWS4-HMAC-SHA256 "
            "Credential=AKIDEXAMPLE/20261120/us-east-1/bedrock/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=400c8851239a6cddcd36e25d376059fe54158d375d82a908725b6ecb30a4cd7a"));
  CHECK(count(head, "Security-Token") == 0);
  asked.path =
      "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile"
      "%2Fabc123xyz/converse";
  CHECK(written(bedrock, asked)
            .find("Signature=a296c37d77612d469d2310ba2a8fc7f61b30b36d1d2e225dd08081421f2fa4ce") !=
        std::string::npos);
  bedrock.aws->session_token = Secret("session");
  const std::string temporary = written(bedrock, asked);
  CHECK(has(temporary, "X-Amz-Security-Token: session"));
  CHECK(temporary.find("SignedHeaders=content-type;host;x-amz-date;x-amz-security-token,") !=
        std::string::npos);
  // Without the time of signing there is no signature, and nothing is sent.
  asked.unix_s = 0;
  std::array<char, 4096> room;
  CHECK_FALSE(write_upstream_head(bedrock, asked, room));
}
