#include "provider/sigv4.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "support/fixtures.h"
#include "support/json_tree.h"

using namespace penstock;

namespace {

// The published example credentials.
constexpr Bytes access_key = "AKIDEXAMPLE";
constexpr Bytes secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
constexpr std::int64_t suite_time = 1'440'938'160;    // 2015-08-30T12:36:00Z
constexpr std::int64_t bedrock_time = 1'795'176'000;  // 2026-11-20T12:00:00Z

std::string text(const HexDigest& digest) {
  return {digest.data(), digest.size()};
}
std::string hex_of(Bytes bytes) {
  std::string out;
  for (const char c : bytes) {
    constexpr Bytes digits = "0123456789abcdef";
    out.push_back(digits[static_cast<unsigned char>(c) / 16]);
    out.push_back(digits[static_cast<unsigned char>(c) % 16]);
  }
  return out;
}

struct Signed {
  std::string canonical_uri;
  std::string canonical_sha256;
  std::string signature;
};

Signed sign(const AwsRequest& request, const SigningKey& key, const AwsTime& time) {
  const std::string canonical = canonical_request(request);
  const std::size_t from = canonical.find('\n') + 1;
  return {canonical.substr(from, canonical.find('\n', from) - from), text(sha256_hex(canonical)),
          text(signature(key, string_to_sign(canonical, key, time)))};
}

Signed sign_converse(Bytes path, const std::vector<AwsHeader>& more = {}) {
  const AwsTime time = AwsTime::of(bedrock_time);
  const SigningKey key(secret_key, time, "us-east-1", "bedrock");
  const std::string body = text(sha256_hex(
      R"({"messages":[{"role":"user","content":[{"text":"ping"}]}],"inferenceConfig":{"maxTokens":16}})"));
  std::vector<AwsHeader> headers{{"X-Amz-Date", time.text()},
                                 {"Host", "bedrock-runtime.us-east-1.amazonaws.com"},
                                 {"Content-Type", "application/json"}};
  headers.insert(headers.end(), more.begin(), more.end());
  return sign(
      {.method = "POST", .path = path, .query = {}, .headers = headers, .body_sha256 = body}, key,
      time);
}

}  // namespace

TEST_CASE("sigv4/time_is_written_as_aws_writes_it") {
  CHECK(AwsTime::of(suite_time).text() == "20150830T123600Z");
  CHECK(AwsTime::of(bedrock_time).text() == "20261120T120000Z");
  CHECK(AwsTime::of(0).text() == "19700101T000000Z");
  CHECK(AwsTime::of(1'709'251'199).text() == "20240229T235959Z");
  CHECK(AwsTime::of(1'709'251'199).day() == "20240229");
}

TEST_CASE("sigv4/a_key_belongs_to_its_day") {
  const AwsTime time = AwsTime::of(suite_time);
  const SigningKey key(secret_key, time, "us-east-1", "service");
  CHECK(hex_of(key.bytes()) == "938127b5336810ddb6a5d6af445fcac9e371f9ed418ed386b022aed82901be75");
  CHECK(key.scope() == "20150830/us-east-1/service/aws4_request");
  CHECK(key.is_for(time));
  CHECK(key.is_for(AwsTime::of(suite_time + 3600)));
  CHECK_FALSE(key.is_for(AwsTime::of(suite_time + 86'400)));
  CHECK_FALSE(SigningKey().is_for(time));
  const SigningKey bedrock(secret_key, AwsTime::of(bedrock_time), "us-east-1", "bedrock");
  CHECK(hex_of(bedrock.bytes()) ==
        "698883a66fa592cb8e48403ecab6a56bd639a050946bc5681347013ec881aa70");
}

TEST_CASE("sigv4/published_cases") {
  const AwsTime time = AwsTime::of(suite_time);
  const SigningKey key(secret_key, time, "us-east-1", "service");
  const std::string empty = text(sha256_hex(""));
  const std::vector<AwsHeader> headers{{"Host", "example.amazonaws.com"},
                                       {"X-Amz-Date", time.text()}};
  std::vector<AwsHeader> with_token = headers;
  with_token.push_back(
      {"X-Amz-Security-Token", "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"});
  const auto check = [&](AwsRequest request, const char* canonical, const char* proof) {
    request.body_sha256 = empty;
    const Signed got = sign(request, key, time);
    CHECK(got.canonical_sha256 == canonical);
    CHECK(got.signature == proof);
  };
  check({"POST", "/", "", headers, {}},
        "553f88c9e4d10fc9e109e2aeb65f030801b70c2f6468faca261d401ae622fc87",
        "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
  check({"POST", "/", "Param1=value1", headers, {}},
        "9d659678c1756bb3113e2ce898845a0a79dbbc57b740555917687f1b3340fbbd",
        "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11");
  check({"GET", "/", "", with_token, {}},
        "067b36aa60031588cea4a4cde1f21215227a047690c72247f1d70b32fbbfad2b",
        "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8");
  check({"GET", "/\xE1\x88\xB4", "", headers, {}},
        "2a0a97d02205e45ce2e994789806b19270cfbbb0921b278ccf58f5249ac42102",
        "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85");
}

TEST_CASE("sigv4/bedrock_paths_are_encoded_twice_trap_66") {
  const Signed model =
      sign_converse("/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse");
  CHECK(model.canonical_uri == "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%253A0/converse");
  CHECK(model.canonical_sha256 ==
        "c980a00b2b4df83f774dc3a859bb7cf3d03c7b6beabbd0f63d28609771fafd46");
  CHECK(model.signature == "400c8851239a6cddcd36e25d376059fe54158d375d82a908725b6ecb30a4cd7a");
  const Signed arn = sign_converse(
      "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3A"
      "application-inference-profile%2Fabc123xyz/converse");
  CHECK(arn.canonical_sha256 == "9db29a3a85656f5d686a517887e9cdcb52e16f59660b3e632cd264bf7f4e9fb2");
  CHECK(arn.signature == "a296c37d77612d469d2310ba2a8fc7f61b30b36d1d2e225dd08081421f2fa4ce");
}

TEST_CASE("sigv4/authorization_names_scope_and_headers") {
  const AwsTime time = AwsTime::of(suite_time);
  const SigningKey key(secret_key, time, "us-east-1", "service");
  const std::string empty = text(sha256_hex(""));
  const AwsHeader headers[] = {{"X-AMZ-DATE", time.text()}, {"host", "example.amazonaws.com"}};
  CHECK(authorization({"POST", "/", "", headers, empty}, access_key, key, time) ==
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-date, "
        "Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
}

TEST_CASE("sigv4/odd_paths_and_queries_have_a_canonical_form") {
  const auto lines = [](Bytes path, Bytes query, bool normalize = true) {
    const std::string canonical = canonical_request({"GET", path, query, {}, "x", normalize});
    const std::size_t second = canonical.find('\n', 4);
    return canonical.substr(4, canonical.find('\n', second + 1) - 4);
  };
  CHECK(lines("", "") == "/\n");
  CHECK(lines("/a/./b/../c", "") == "/a/c\n");
  CHECK(lines("/../..", "") == "/\n");
  CHECK(lines("//a//", "") == "/a/\n");
  CHECK(lines("//a/../", "", false) == "//a/../\n");
  CHECK(lines("/", "b&a=%zz&a=1&&c=%41") == "/\na=%25zz&a=1&b=&c=%41");
  CHECK(lines("/", "a=%4") == "/\na=%254");
}

TEST_CASE("sigv4/recorded_vectors") {
  const auto folder = test::fixtures("vectors/sigv4");
  if (!folder) return;
  int ran = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    if (!entry.is_directory()) continue;
    CAPTURE(entry.path().filename().string());
    const auto file = [&](const char* name) { return test::read_file(entry.path() / name); };
    const auto context = test::read_tree(file("context.json"));
    REQUIRE(context);
    const test::Tree& credentials = *context->find("credentials");
    const test::Tree* const token = credentials.find("token");
    const test::Tree* const omit = context->find("omit_session_token");
    const bool signs_token = token != nullptr && (omit == nullptr || omit->text == "false");
    const bool signs_body = context->find("sign_body")->text == "true";

    const std::string raw = file("request.txt");
    const std::size_t blank = raw.find("\n\n");
    std::string head = raw.substr(0, blank);
    const std::string body = blank == std::string::npos ? "" : raw.substr(blank + 2);
    while (head.ends_with('\n')) head.pop_back();
    const std::size_t line_end = std::min(head.find('\n'), head.size());
    const std::string first = head.substr(0, line_end);
    const std::size_t target_at = first.find(' ') + 1;
    const std::string target = first.substr(target_at, first.rfind(' ') - target_at);
    const std::size_t question = std::min(target.find('?'), target.size());

    std::vector<std::pair<std::string, std::string>> fields;
    for (std::size_t from = line_end + 1; from < head.size();) {
      const std::size_t end = std::min(head.find('\n', from), head.size());
      const std::string line = head.substr(from, end - from);
      from = end + 1;
      if (line.starts_with(' '))
        fields.back().second += '\n' + line;
      else
        fields.emplace_back(line.substr(0, line.find(':')), line.substr(line.find(':') + 1));
    }
    const AwsTime time = AwsTime::of(suite_time);
    const SigningKey key(credentials.find("secret_access_key")->text, time,
                         context->find("region")->text, context->find("service")->text);
    const std::string body_hash = text(sha256_hex(signs_body ? body : ""));
    const auto check = [&](const std::string& kind, const std::string& query,
                           const std::vector<std::pair<std::string, std::string>>& all) {
      std::vector<AwsHeader> headers;
      for (const auto& [name, value] : all) headers.push_back({name, value});
      const AwsRequest request{.method = first.substr(0, first.find(' ')) == "GET" ? "GET" : "POST",
                               .path = Bytes(target).substr(0, question),
                               .query = query,
                               .headers = headers,
                               .body_sha256 = body_hash,
                               .normalize_path = context->find("normalize")->text == "true"};
      const std::string canonical = canonical_request(request);
      CHECK(canonical == file((kind + "-canonical-request.txt").c_str()));
      const std::string to_sign = string_to_sign(canonical, key, time);
      CHECK(to_sign == file((kind + "-string-to-sign.txt").c_str()));
      CHECK(text(signature(key, to_sign)) == file((kind + "-signature.txt").c_str()));
    };

    const std::string query = question < target.size() ? target.substr(question + 1) : "";
    auto by_header = fields;
    by_header.emplace_back("X-Amz-Date", std::string(time.text()));
    if (signs_token) by_header.emplace_back("X-Amz-Security-Token", token->text);
    if (signs_body) by_header.emplace_back("x-amz-content-sha256", body_hash);
    check("header", query, by_header);

    // By query: what was signed is part of the query, so the same functions judge it.
    std::string list;
    {
      std::vector<AwsHeader> headers;
      for (const auto& [name, value] : fields) headers.push_back({name, value});
      list = signed_headers({"GET", "/", "", headers, {}});
    }
    std::string presigned = query + (query.empty() ? "" : "&") +
                            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE/" +
                            std::string(key.scope()) + "&X-Amz-Date=" + std::string(time.text()) +
                            "&X-Amz-Expires=" + context->find("expiration_in_seconds")->text +
                            "&X-Amz-SignedHeaders=" + list;
    if (signs_token) presigned += "&X-Amz-Security-Token=" + token->text;
    check("query", presigned, fields);
    ++ran;
  }
  MESSAGE("signature vectors: " << ran << ", each by header and by query");
  CHECK(ran == 38);
}
