// Providers: where requests can be sent, and what each kind needs to be reached.
#include <algorithm>
#include <array>

#include "config/build.h"
#include "config/service_account.h"
#include "config/tls_files.h"
#include "penstock/assert.h"

namespace penstock::config {
namespace {

constexpr std::size_t providers_max = 1'000;

bool is_region(std::string_view text) {
  constexpr std::size_t bytes_max = 32;
  return !text.empty() && text.size() <= bytes_max && text.front() != '-' && text.back() != '-' &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

// The host of a region of Google (global and the multi-regions have their own) or AWS. Without a
// region: the host that serves all, if there is one.
std::string default_base_url(ProviderKind kind, std::string_view region) {
  std::string url(facts_of(kind).base_url);
  if (kind == ProviderKind::vertex) {
    if (region.empty() || region == "global") return "https://aiplatform.googleapis.com";
    if (region == "us" || region == "eu") {
      return "https://aiplatform." + std::string(region) + ".rep.googleapis.com";
    }
  }
  constexpr std::string_view variable = "{region}";
  const std::size_t at = url.find(variable);
  if (at == std::string::npos) return url;
  if (region.empty()) return {};
  url.replace(at, variable.size(), region);
  if (kind == ProviderKind::bedrock && region.starts_with("cn-")) url += ".cn";
  return url;
}

// The address of a provider with what must be allowed for it.
void read_base_url(const Section& section, Provider& provider) {
  const KindFacts& facts = facts_of(provider.kind);
  auto url = section.url("base_url");
  const bool given = section.has("base_url");
  if (!url && given) return;  // reported already
  if (!url) {
    const std::string known = default_base_url(provider.kind, provider.region);
    if (known.empty()) {
      if (!facts.base_url.empty()) return;  // a region is missing, which is reported
      return section.mistake("base_url",
                             provider.kind == ProviderKind::azure
                                 ? "is missing; write the origin of the resource, such as "
                                   "https://NAME.openai.azure.com"
                                 : "is missing; write where the server is, such as "
                                   "http://127.0.0.1:8000/v1");
    }
    auto parsed = parse_base_url(known);
    PENSTOCK_ASSERT(parsed.has_value());
    url = std::move(*parsed);
  }
  provider.base_url = std::move(*url);
  const BaseUrl& base = provider.base_url;
  const std::string preset = given ? "" : "is " + std::string(facts.base_url) + " by default and ";
  if (!facts.added.empty() && base.path.ends_with(facts.added)) {
    section.mistake("base_url", "ends in " + std::string(facts.added) +
                                    ", which the gateway adds; write it without");
  }
  if (!base.tls && !provider.allow_private) {
    section.mistake("base_url", preset + "is plain http; write https, or set allow_private: true");
  } else if (is_private(base.host) && !provider.allow_private) {
    section.mistake("base_url", "is a private address; set allow_private: true to send there");
  }
  if (provider.unsafe_skip_verify && !is_loopback(base.host)) {
    section.mistake("unsafe_skip_verify",
                    "is for loopback addresses only; name the authority in 'ca' instead");
  }
}

// Settings of other kinds mean that the wrong kind was written, or that something will not happen
// that the operator counts on.
void refuse_foreign(const Section& section, ProviderKind kind) {
  using enum ProviderKind;
  const auto only = [&](std::string_view name, std::initializer_list<ProviderKind> kinds) {
    if (!section.has(name) || std::ranges::find(kinds, kind) != kinds.end()) return;
    std::string words;
    for (const ProviderKind one : kinds) {
      if (!words.empty()) words += one == *(kinds.end() - 1) ? " or " : ", ";
      words += name_of(one);
    }
    section.mistake(name, "is a setting of kind " + words + "; remove it, or write that kind");
  };
  only("api_version", {azure, anthropic, gemini, vertex});
  only("region", {vertex, bedrock});
  only("project", {vertex});
  only("service_account", {vertex});
  only("access_key_id", {bedrock});
  only("secret_access_key", {bedrock});
  only("session_token", {bedrock});
}

bool is_date(std::string_view text) {
  return text.size() == 10 && parse_date(text).has_value();
}

void judge_api_version(const Section& section, const Provider& provider) {
  const std::string_view version = provider.api_version;
  if (version.empty()) return;
  std::string_view advice;
  switch (provider.kind) {
    case ProviderKind::azure: {
      const std::string_view date = version.substr(0, version.find("-preview"));
      const bool dated = is_date(date) && (version == date || version.ends_with("-preview"));
      if (!dated && version != "v1" && version != "preview") {
        advice = "v1, preview, or a date such as 2024-10-21 or 2025-04-01-preview";
      }
      break;
    }
    case ProviderKind::anthropic:
      if (!is_date(version)) advice = "a date such as 2023-06-01";
      break;
    case ProviderKind::gemini:
      if (version != "v1" && version != "v1beta" && version != "v1alpha") {
        advice = "v1beta, v1 or v1alpha";
      }
      break;
    case ProviderKind::vertex:
      if (version != "v1" && version != "v1beta1") advice = "v1 or v1beta1";
      break;
    default:
      break;
  }
  if (!advice.empty()) {
    section.mistake("api_version", "is no version of this API; write " + std::string(advice));
  }
}

void read_aws(const Section& section, Provider& provider) {
  AwsKeys aws;
  const Secret id = section.secret("access_key_id");
  aws.access_key_id = id.reveal();
  aws.secret_access_key = section.secret("secret_access_key");
  aws.session_token = section.secret("session_token");
  if (provider.kind != ProviderKind::bedrock) return;
  const bool has_id = section.has("access_key_id");
  const bool has_secret = section.has("secret_access_key");
  if (section.has("keys")) {
    if (has_id || has_secret || section.has("session_token")) {
      section.mistake("keys",
                      "stand beside AWS credentials; keep one: keys (a Bedrock API key), or "
                      "access_key_id and secret_access_key");
    }
    return;
  }
  if (!has_id && !has_secret) {
    return section.mistake(section.has("session_token") ? "session_token" : "",
                           "has no credential; write access_key_id and secret_access_key, or keys "
                           "with a Bedrock API key");
  }
  if (!has_id) section.mistake("access_key_id", "is missing beside secret_access_key; write it");
  if (!has_secret) {
    section.mistake("secret_access_key", "is missing beside access_key_id; write it");
  }
  if (has_id && has_secret) provider.aws = std::move(aws);
}

void judge_token_url(const Section& section, const ServiceAccount& account, bool allow_private) {
  const bool open = !account.token_url.tls || is_private(account.token_url.host);
  if (open && !allow_private) {
    section.mistake("service_account",
                    "has a token_uri that is plain http or a private address; set allow_private: "
                    "true to send there");
  }
}

void read_google(const Section& section, Provider& provider) {
  const auto file = section.key_file("service_account");
  if (provider.kind != ProviderKind::vertex) return;
  if (file) {
    auto account = parse_service_account(file->reveal());
    if (account) {
      judge_token_url(section, *account, provider.allow_private);
      provider.service_account = std::move(*account);
    } else {
      section.mistake("service_account", account.error());
    }
  }
  if (!section.has("service_account")) {
    if (!section.has("keys")) {
      section.mistake("service_account",
                      "is missing; write file:/path of the account's key in JSON form, or keys "
                      "with an API key for express mode");
    }
    for (const std::string_view name : {"project", "region"}) {
      if (section.has("keys") && section.has(name)) {
        section.mistake(name, "has no meaning with an API key (express mode); remove it");
      }
    }
    return;
  }
  if (section.has("keys")) {
    section.mistake("keys", "stand beside service_account; keep one of them");
  }
  if (!section.has("project")) {
    section.mistake("project", "is missing; write the id of the Google Cloud project");
  }
  if (!section.has("region")) {
    section.mistake("region",
                    "is missing; write where the models are: global, us, eu, or a region such as "
                    "europe-west4");
  }
}

void read_region(const Section& section, Provider& provider) {
  provider.region = section.text("region");
  if (!provider.region.empty() && !is_region(provider.region)) {
    section.mistake("region",
                    "is no region; write lower-case letters, digits and '-', such as "
                    "us-east-1");
    provider.region.clear();
  }
  provider.project = section.text("project");
  if (provider.kind == ProviderKind::bedrock && !section.has("region")) {
    section.mistake("region", "is missing; write the AWS region of the models, such as us-east-1");
  }
}

// Fields that the gateway writes for this kind; those it writes for all are refused already.
void judge_headers(const Section& section, const Provider& provider) {
  constexpr std::array<std::string_view, 5> credentials{"api-key", "x-api-key", "x-goog-api-key",
                                                        "x-amz-date", "x-amz-security-token"};
  const auto same = [](std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) {
      return (x >= 'A' && x <= 'Z' ? static_cast<char>(x | 0x20) : x) == y;
    });
  };
  const bool other_credential = facts_of(provider.kind).auth != Auth::bearer;
  for (const StaticHeader& header : provider.headers) {
    const bool credential =
        other_credential && std::ranges::any_of(credentials, [&](std::string_view name) {
          return same(header.name, name);
        });
    const bool version =
        provider.kind == ProviderKind::anthropic && same(header.name, "anthropic-version");
    if (!credential && !version) continue;
    section.mistake("headers." + header.name,
                    std::string("is written by the gateway; use ") +
                        (version ? "api_version" : "the credential's own setting"));
  }
}

// Keys of services with accounts. What Vertex and Bedrock need has more forms.
void judge_keys(const Section& section, const Provider& provider) {
  const KindFacts& facts = facts_of(provider.kind);
  if (facts.auth == Auth::aws || facts.auth == Auth::google) return;
  if (facts.needs_key && !section.has("keys")) {
    section.mistake("keys", "is missing; write the credential, such as [\"${OPENAI_API_KEY}\"]");
  }
}

Provider read_provider(const std::string& name, const Section& section,
                       const UpstreamTimeouts& timeouts) {
  Provider provider;
  provider.name = name;
  const auto kind = section.choice("kind");
  provider.kind = static_cast<ProviderKind>(kind.value_or(0));
  provider.allow_private = section.flag("allow_private");
  provider.unsafe_skip_verify = section.flag("unsafe_skip_verify");
  provider.api_version = section.text("api_version");
  provider.keys = section.secrets("keys");
  read_region(section, provider);
  read_aws(section, provider);
  read_google(section, provider);
  if (kind) {
    read_base_url(section, provider);
    refuse_foreign(section, provider.kind);
    judge_api_version(section, provider);
    judge_keys(section, provider);
  }
  provider.timeouts = read_timeouts(section.section("timeouts"), timeouts);
  provider.concurrency = section.section("limits").count("concurrency");
  provider.headers = section.headers("headers");
  if (kind) judge_headers(section, provider);
  provider.ca = section.text("ca");
  if (!provider.ca.empty()) {
    if (const auto finding = check_ca_file(provider.ca)) section.mistake("ca", *finding);
  }
  return provider;
}

}  // namespace

void build_providers(const Section& root, Snapshot& snapshot) {
  const UpstreamTimeouts timeouts = read_timeouts(root.section("timeouts"), {});
  for (const auto& [name, mark, section] : root.named("providers")) {
    if (!is_name(name)) {
      section.mistake("", "has a name that is not 1 to 64 letters, digits, '.', '_' or '-'");
    }
    snapshot.providers.push_back(read_provider(name, section, timeouts));
  }
  if (snapshot.providers.size() > providers_max) {
    root.mistake("providers", "has more than 1000 entries; remove some");
  }
}

}  // namespace penstock::config
