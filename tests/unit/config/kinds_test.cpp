// What each kind of provider needs in the file, and what is said when it is missing or too much.
#include <doctest/doctest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>

#include "config/service_account.h"
#include "files.h"
#include "penstock/config.h"

using namespace penstock;
using namespace penstock::config;
using dialect::Dialect;

namespace {

// A file with one provider and one model, whose target is `target`.
std::string with(const std::string& provider, const std::string& target = "model: m",
                 const std::string& model = "") {
  return "providers:\n  p: {" + provider + "}\nmodels:\n  chat: {targets: [{provider: p, " +
         target + "}]" + model + "}\nkeys:\n  - {name: ci, secret: sk-penstock-0123456789}\n";
}

std::unique_ptr<Snapshot> loaded(const std::string& text) {
  auto result = load_text(text, "f", {});
  if (!result) {
    for (const Mistake& mistake : result.error()) MESSAGE(to_string(mistake));
  }
  REQUIRE(result);
  return std::move(*result);
}
Provider provider_of(const std::string& text) {
  return std::move(loaded(with(text))->providers.at(0));
}

// "path: what" of each mistake.
std::vector<std::string> mistakes_of(const std::string& text) {
  const auto result = load_text(text, "f", {});
  std::vector<std::string> all;
  if (result) return all;
  for (const Mistake& mistake : result.error()) {
    CHECK(mistake.mark.line > 0);
    CHECK(mistake.mark.column > 0);
    all.push_back(mistake.path + ": " + mistake.what);
  }
  return all;
}
// Whether there is one mistake only, about that setting of the provider, with these words.
bool only_says(const std::string& provider, std::string_view setting, std::string_view words) {
  const auto all = mistakes_of(with(provider));
  for (const std::string& one : all) INFO(one);
  const std::string path =
      setting.empty() ? "providers.p: " : "providers.p." + std::string(setting) + ": ";
  const bool says =
      all.size() == 1 && all[0].starts_with(path) && all[0].find(words) != std::string::npos;
  if (!says) {
    for (const std::string& one : all) MESSAGE(one);
  }
  return says;
}

std::string pem_of(EVP_PKEY* key) {
  BIO* bio = BIO_new(BIO_s_mem());
  REQUIRE(PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  std::string pem(bytes, static_cast<std::size_t>(size));
  BIO_free(bio);
  EVP_PKEY_free(key);
  return pem;
}

// The text inside a JSON string: line breaks escaped.
std::string in_json(const std::string& text) {
  std::string escaped;
  for (const char c : text) escaped += c == '\n' ? std::string("\\n") : std::string(1, c);
  return escaped;
}

const std::string& good_key() {
  static const std::string pem = pem_of(EVP_RSA_gen(2048));
  return pem;
}

std::string account(const std::string& key, const std::string& more = "") {
  return R"({"type":"service_account","client_email":"g@p.iam.gserviceaccount.com",)" + more +
         R"("private_key_id":"k1","private_key":")" + in_json(key) + "\"}";
}

constexpr auto keys = "keys: [key-of-the-test]";

}  // namespace

TEST_CASE("kinds/every_kind_loads_with_what_it_needs") {
  const TemporaryFolder folder;
  const std::string file = folder.write("account.json", account(good_key()));
  for (std::size_t i = 0; i < provider_kinds; ++i) {
    const auto kind = static_cast<ProviderKind>(i);
    const KindFacts& facts = facts_of(kind);
    std::string text = "kind: " + std::string(facts.name);
    if (facts.base_url.empty()) text += ", base_url: \"https://llm.example.com/x\"";
    if (kind == ProviderKind::vertex) {
      text += ", project: my-p, region: global, service_account: \"file:" + file + "\"";
    } else if (kind == ProviderKind::bedrock) {
      text += ", region: us-east-1, access_key_id: AKID, secret_access_key: secret";
    } else if (facts.needs_key) {
      text += std::string(", ") + keys;
    }
    if (kind == ProviderKind::ollama) text += ", allow_private: true";
    CAPTURE(text);
    const auto snapshot = loaded(with(text));
    CHECK(snapshot->providers[0].kind == kind);
    CHECK(snapshot->targets[0].dialect == facts.chat);
    CHECK(snapshot->targets[0].base_model == "m");
  }
}

TEST_CASE("kinds/regions_of_google_have_their_hosts_trap_62") {
  const TemporaryFolder folder;
  const std::string file = folder.write("account.json", account(good_key()));
  const auto host = [&](const std::string& region) {
    return provider_of("kind: vertex, project: p, service_account: \"file:" + file +
                       "\", region: " + region)
        .base_url.host;
  };
  CHECK(host("global") == "aiplatform.googleapis.com");
  CHECK(host("us") == "aiplatform.us.rep.googleapis.com");
  CHECK(host("eu") == "aiplatform.eu.rep.googleapis.com");
  CHECK(host("europe-west4") == "europe-west4-aiplatform.googleapis.com");
  CHECK(provider_of(std::string("kind: vertex, ") + keys).base_url.host ==
        "aiplatform.googleapis.com");
}

TEST_CASE("kinds/regions_of_aws_have_their_hosts") {
  const auto host = [](const std::string& region) {
    return provider_of("kind: bedrock, keys: [bedrock-api-key], region: " + region).base_url.host;
  };
  CHECK(host("eu-central-1") == "bedrock-runtime.eu-central-1.amazonaws.com");
  CHECK(host("cn-north-1") == "bedrock-runtime.cn-north-1.amazonaws.com.cn");
  const Provider other = provider_of(
      "kind: bedrock, keys: [k], region: us-east-1, base_url: \"https://vpce.example.com\"");
  CHECK(other.base_url.host == "vpce.example.com");
}

TEST_CASE("kinds/bedrock_has_one_kind_of_credential_trap_81") {
  const std::string base = "kind: bedrock, region: us-east-1";
  const Provider keyed = provider_of(
      base + ", access_key_id: AKIDEXAMPLE, secret_access_key: shh, session_token: tok");
  REQUIRE(keyed.aws);
  CHECK(keyed.aws->access_key_id == "AKIDEXAMPLE");
  CHECK(keyed.aws->secret_access_key.reveal() == "shh");
  CHECK(keyed.aws->session_token.reveal() == "tok");
  CHECK(keyed.region == "us-east-1");
  CHECK_FALSE(provider_of(base + ", keys: [k]").aws);
  CHECK(only_says(base, "", "access_key_id and secret_access_key, or keys"));
  CHECK(only_says(base + ", access_key_id: a", "secret_access_key", "is missing"));
  CHECK(only_says(base + ", secret_access_key: a", "access_key_id", "is missing"));
  CHECK(only_says(base + ", session_token: a", "session_token", "has no credential"));
  CHECK(
      only_says(base + ", keys: [k], access_key_id: a, secret_access_key: b", "keys", "keep one"));
  CHECK(only_says("kind: bedrock, keys: [k]", "region", "AWS region"));
  CHECK(only_says("kind: bedrock, keys: [k], region: US_East", "region", "is no region"));
}

TEST_CASE("kinds/vertex_needs_an_account_with_a_place_or_a_key_without") {
  const TemporaryFolder folder;
  const std::string file =
      ", service_account: \"file:" + folder.write("account.json", account(good_key())) + "\"";
  const std::string place = ", project: p, region: global";
  const Provider full = provider_of("kind: vertex" + place + file);
  REQUIRE(full.service_account);
  CHECK(full.service_account->client_email == "g@p.iam.gserviceaccount.com");
  CHECK(full.service_account->key_id == "k1");
  CHECK(full.service_account->token_uri == "https://oauth2.googleapis.com/token");
  CHECK(full.service_account->token_url.host == "oauth2.googleapis.com");
  CHECK(full.service_account->token_url.path == "/token");
  CHECK(full.service_account->private_key.reveal() == good_key());
  CHECK(full.project == "p");
  CHECK(only_says("kind: vertex, region: global" + file, "project", "is missing"));
  CHECK(only_says("kind: vertex, project: p" + file, "region", "global, us, eu"));
  CHECK(only_says("kind: vertex" + place, "service_account", "express mode"));
  CHECK(only_says("kind: vertex, keys: [k]" + place + file, "keys", "keep one"));
  CHECK(only_says("kind: vertex, keys: [k], project: p", "project", "no meaning"));
  CHECK(only_says("kind: vertex, service_account: /x.json" + place, "service_account",
                  "is not file:/path"));
  CHECK(only_says("kind: vertex, service_account: \"file:/none.json\"" + place, "service_account",
                  "cannot be read"));
}

TEST_CASE("kinds/service_account_files_are_judged") {
  const auto wrong = [](const std::string& text) {
    const auto read = parse_service_account(text);
    REQUIRE_FALSE(read);
    CHECK(read.error().find("PRIVATE") == std::string::npos);
    return read.error();
  };
  CHECK(parse_service_account(account(good_key())));
  const auto other =
      parse_service_account(account(good_key(), R"("token_uri":"http://127.0.0.1:9/token",)"));
  REQUIRE(other);
  CHECK(other->token_url.port == 9);
  CHECK(wrong("").find("is not JSON") != std::string::npos);
  CHECK(wrong("[]").find("is not JSON") != std::string::npos);
  CHECK(wrong(R"({"type":"authorized_user"})").find("its type is another") != std::string::npos);
  CHECK(wrong("{}").find("no client_email") != std::string::npos);
  CHECK(wrong(R"({"client_email":"a\"b"})").find("no client_email") != std::string::npos);
  CHECK(wrong(R"({"client_email":"a"})").find("no private_key") != std::string::npos);
  CHECK(wrong(account("none")).find("not an RSA key") != std::string::npos);
  CHECK(wrong(account(pem_of(EVP_EC_gen("P-256")))).find("not an RSA key") != std::string::npos);
  CHECK(wrong(account(pem_of(EVP_RSA_gen(1024)))).find("2048") != std::string::npos);
  CHECK(wrong(account(good_key(), R"("token_uri":"ftp://x",)")).find("token_uri") !=
        std::string::npos);
}

TEST_CASE("kinds/a_token_address_that_is_private_has_to_be_allowed") {
  const TemporaryFolder folder;
  const std::string file = folder.write(
      "account.json", account(good_key(), R"("token_uri":"http://127.0.0.1:9/token",)"));
  const std::string text =
      "kind: vertex, project: p, region: global, service_account: \"file:" + file + "\"";
  CHECK(only_says(text, "service_account", "allow_private"));
  CHECK(provider_of(text + ", allow_private: true").service_account->token_url.port == 9);
}

TEST_CASE("kinds/azure_versions_and_address") {
  const std::string base = std::string("kind: azure, ") + keys;
  const std::string there = base + ", base_url: \"https://acme.openai.azure.com\"";
  for (const std::string version : {"v1", "preview", "\"2024-10-21\"", "2025-04-01-preview"}) {
    CHECK_FALSE(provider_of(there + ", api_version: " + version).api_version.empty());
  }
  for (const std::string version : {"v2", "latest", "2024-13-01", "2024-10-21-beta"}) {
    CHECK(only_says(there + ", api_version: " + version, "api_version", "2024-10-21"));
  }
  CHECK(only_says(base, "base_url", "https://NAME.openai.azure.com"));
  CHECK(only_says(base + ", base_url: \"https://acme.openai.azure.com/openai\"", "base_url",
                  "which the gateway adds"));
  CHECK(
      only_says("kind: azure, base_url: \"https://acme.openai.azure.com\"", "keys", "is missing"));
}

TEST_CASE("kinds/versions_of_other_apis") {
  const std::string anthropic = std::string("kind: anthropic, ") + keys + ", api_version: ";
  CHECK(provider_of(anthropic + "2026-10-21").api_version == "2026-10-21");
  CHECK(only_says(anthropic + "v1", "api_version", "2023-06-01"));
  const std::string gemini = std::string("kind: gemini, ") + keys + ", api_version: ";
  CHECK(provider_of(gemini + "v1alpha").api_version == "v1alpha");
  CHECK(only_says(gemini + "v2", "api_version", "v1beta"));
  const std::string vertex = std::string("kind: vertex, ") + keys + ", api_version: ";
  CHECK(provider_of(vertex + "v1beta1").api_version == "v1beta1");
  CHECK(only_says(vertex + "v1beta", "api_version", "v1beta1"));
}

TEST_CASE("kinds/settings_of_other_kinds_are_refused") {
  const std::string openai = std::string("kind: openai, ") + keys;
  CHECK(only_says(openai + ", region: us", "region", "kind vertex or bedrock"));
  CHECK(only_says(openai + ", project: p", "project", "kind vertex;"));
  CHECK(only_says(openai + ", api_version: v1", "api_version",
                  "kind azure, anthropic, gemini or vertex"));
  CHECK(only_says(openai + ", access_key_id: a", "access_key_id", "kind bedrock;"));
  CHECK(only_says(openai + ", secret_access_key: a", "secret_access_key", "kind bedrock;"));
  CHECK(only_says(openai + ", session_token: a", "session_token", "kind bedrock;"));
  const TemporaryFolder folder;
  CHECK(only_says(openai + ", service_account: \"file:" + folder.write("a", "{}") + "\"",
                  "service_account", "kind vertex;"));
}

TEST_CASE("kinds/addresses_end_before_what_is_added") {
  const auto refused = [](const std::string& kind, const std::string& url) {
    return only_says(
        "kind: " + kind + ", allow_private: true, keys: [k], base_url: \"" + url + "\"", "base_url",
        "which the gateway adds");
  };
  CHECK(refused("anthropic", "https://relay.example.com/v1"));
  CHECK(refused("gemini", "https://relay.example.com/v1beta"));
  CHECK(refused("cohere", "https://relay.example.com/v2"));
  CHECK(refused("ollama", "http://127.0.0.1:11434/v1"));
  CHECK(only_says("kind: ollama", "base_url", "allow_private: true"));
  CHECK(provider_of("kind: anthropic, keys: [k], base_url: \"https://relay.example.com/claude\"")
            .base_url.path == "/claude");
}

TEST_CASE("kinds/fields_that_the_gateway_writes_are_no_static_headers") {
  const auto refused = [](const std::string& kind, const std::string& header) {
    return only_says("kind: " + kind + ", headers: {" + header + ": x}", "headers." + header,
                     "is written by the gateway");
  };
  CHECK(refused("anthropic, keys: [k]", "X-Api-Key"));
  CHECK(refused("anthropic, keys: [k]", "anthropic-version"));
  CHECK(refused("gemini, keys: [k]", "x-goog-api-key"));
  CHECK(refused("bedrock, keys: [k], region: us-east-1", "X-Amz-Date"));
  CHECK(provider_of("kind: openai, keys: [k], headers: {x-api-key: y}").headers.size() == 1);
}

TEST_CASE("kinds/targets_choose_among_the_apis_of_their_kind") {
  const auto dialect_of_target = [](const std::string& provider, const std::string& target) {
    return loaded(with(provider, target))->targets.at(0).dialect;
  };
  const std::string openai = "kind: openai, keys: [k]";
  CHECK(dialect_of_target(openai, "model: m") == Dialect::openai_chat);
  CHECK(dialect_of_target(openai, "model: m, api: auto") == Dialect::openai_chat);
  CHECK(dialect_of_target(openai, "model: m, api: responses") == Dialect::openai_responses);
  CHECK(dialect_of_target("kind: deepseek, keys: [k]", "model: m, api: messages") ==
        Dialect::anthropic);
  CHECK(dialect_of_target("kind: gemini, keys: [k]", "model: m, api: chat") ==
        Dialect::openai_chat);
  CHECK(dialect_of_target("kind: bedrock, keys: [k], region: us-east-1",
                          "model: anthropic.claude, api: messages") == Dialect::anthropic);
  const auto refused = mistakes_of(with("kind: anthropic, keys: [k]", "model: m, api: responses"));
  REQUIRE(refused.size() == 1);
  CHECK(refused[0] ==
        "models.chat.targets[0].api: is not served by kind anthropic; write one of auto, messages");
}

TEST_CASE("kinds/claude_on_vertex_speaks_anthropics_dialect_trap_64") {
  const TemporaryFolder folder;
  const std::string vertex =
      "kind: vertex, project: p, region: us-east5, service_account: \"file:" +
      folder.write("account.json", account(good_key())) + "\"";
  CHECK(loaded(with(vertex, "model: claude-opus-5-5"))->targets[0].dialect == Dialect::anthropic);
  CHECK(loaded(with(vertex, "model: gemini-3-pro"))->targets[0].dialect == Dialect::gemini);
  CHECK(loaded(with(vertex, "model: google/gemini-3-pro, api: chat"))->targets[0].dialect ==
        Dialect::openai_chat);
  const auto express = mistakes_of(with("kind: vertex, keys: [k]", "model: claude-opus-5-5"));
  REQUIRE(express.size() == 1);
  CHECK(express[0].find("with a service account only") != std::string::npos);
}

TEST_CASE("kinds/names_that_hide_the_model_need_a_base_model") {
  const std::string bedrock = "kind: bedrock, keys: [k], region: us-east-1";
  const std::string arn = "model: \"arn:aws:bedrock:us-east-1:1:application-inference-profile/x\"";
  const auto hidden = mistakes_of(with(bedrock, arn));
  REQUIRE(hidden.size() == 1);
  CHECK(hidden[0].starts_with("models.chat.targets[0].base_model: is missing"));
  const auto snapshot = loaded(with(bedrock, arn + ", base_model: anthropic.claude-sonnet-4-5"));
  CHECK(snapshot->targets[0].base_model == "anthropic.claude-sonnet-4-5");
}

TEST_CASE("kinds/models_say_what_becomes_of_parameters_and_caches") {
  const std::string openai = "kind: openai, keys: [k]";
  const auto plain = loaded(with(openai));
  CHECK(plain->models[0].drop_params == dialect::DropParams::drop);
  CHECK(plain->models[0].prompt_cache == dialect::PromptCache::off);
  CHECK(plain->targets[0].max_output_tokens == 0);
  const auto set = loaded(with(openai, "model: m, max_output_tokens: 4096",
                               ", drop_params: error, prompt_cache: auto"));
  CHECK(set->models[0].drop_params == dialect::DropParams::error);
  CHECK(set->models[0].prompt_cache == dialect::PromptCache::automatic);
  CHECK(set->targets[0].max_output_tokens == 4096);
  CHECK(mistakes_of(with(openai, "model: m, max_output_tokens: 0")).size() == 1);
  CHECK(mistakes_of(with(openai, "model: m", ", drop_params: keep")).size() == 1);
  CHECK(loaded(with(openai, "model: m", ", prompt_cache: off")));
}
