// Providers, models and keys: what can be called, by whom.
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <set>

#include "config/build.h"
#include "config/tls_files.h"
#include "penstock/assert.h"
#include "penstock/config.h"

namespace penstock::config {
namespace {

// Index = ProviderKind. An empty URL: the file must give one.
struct KindFacts {
  std::string_view name;
  std::string_view base_url;
};
constexpr std::array kinds{
    KindFacts{"openai", "https://api.openai.com/v1"},
    KindFacts{"openai-compatible", ""},
    KindFacts{"groq", "https://api.groq.com/openai/v1"},
    KindFacts{"deepseek", "https://api.deepseek.com"},
    KindFacts{"xai", "https://api.x.ai/v1"},
    KindFacts{"together", "https://api.together.xyz/v1"},
    KindFacts{"fireworks", "https://api.fireworks.ai/inference/v1"},
    KindFacts{"cerebras", "https://api.cerebras.ai/v1"},
    KindFacts{"moonshot", "https://api.moonshot.ai/v1"},
    KindFacts{"openrouter", "https://openrouter.ai/api/v1"},
    KindFacts{"perplexity", "https://api.perplexity.ai"},
    KindFacts{"vllm", ""},
    KindFacts{"llamacpp", ""},
    KindFacts{"tgi", ""},
    KindFacts{"lmstudio", ""},
};
static_assert(kinds.size() == static_cast<std::size_t>(ProviderKind::lmstudio) + 1);

constexpr std::size_t providers_max = 1'000;
constexpr std::size_t models_max = 2'000;  // times 32 targets: below 65,536
constexpr std::size_t keys_max = 100'000;

// The address of a provider with what must be allowed for it.
void read_base_url(const Section& section, Provider& provider) {
  const std::string_view preset = kinds[static_cast<std::size_t>(provider.kind)].base_url;
  auto url = section.url("base_url");
  if (!url && section.has("base_url")) return;  // reported already
  if (!url && preset.empty()) {
    section.mistake("base_url",
                    "is missing; write where the server is, such as "
                    "http://127.0.0.1:8000/v1");
    return;
  }
  if (!url) {
    auto known = parse_base_url(preset);
    PENSTOCK_ASSERT(known.has_value());
    url = std::move(*known);
  }
  provider.base_url = std::move(*url);
  const BaseUrl& base = provider.base_url;
  if (!base.tls && !provider.allow_private) {
    section.mistake("base_url", "is plain http; write https, or set allow_private: true");
  } else if (is_private(base.host) && !provider.allow_private) {
    section.mistake("base_url", "is a private address; set allow_private: true to send there");
  }
  if (provider.unsafe_skip_verify && !is_loopback(base.host)) {
    section.mistake("unsafe_skip_verify",
                    "is for loopback addresses only; name the authority in 'ca' instead");
  }
}

// Kinds with an address of their own are services with accounts.
bool needs_key(ProviderKind kind) {
  return !kinds[static_cast<std::size_t>(kind)].base_url.empty();
}

Provider read_provider(const std::string& name, const Section& section,
                       const UpstreamTimeouts& timeouts) {
  Provider provider;
  provider.name = name;
  const auto kind = section.choice("kind");
  provider.kind = static_cast<ProviderKind>(kind.value_or(0));
  provider.allow_private = section.flag("allow_private");
  provider.unsafe_skip_verify = section.flag("unsafe_skip_verify");
  if (kind) read_base_url(section, provider);
  provider.keys = section.secrets("keys");
  if (kind && needs_key(provider.kind) && !section.has("keys")) {
    section.mistake("keys", "is missing; write the credential, such as [\"${OPENAI_API_KEY}\"]");
  }
  provider.timeouts = read_timeouts(section.section("timeouts"), timeouts);
  provider.concurrency = section.section("limits").count("concurrency");
  provider.headers = section.headers("headers");
  provider.ca = section.text("ca");
  if (!provider.ca.empty()) {
    if (const auto finding = check_ca_file(provider.ca)) section.mistake("ca", *finding);
  }
  return provider;
}

// The position of `name` among `all`, which have a `name`; a mistake with advice if it is not
// there.
template <class T>
std::optional<std::size_t> find_named(const std::vector<T>& all, const std::string& name,
                                      std::string_view what, std::string& mistake) {
  std::vector<std::string_view> known;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].name == name) return i;
    known.push_back(all[i].name);
  }
  mistake = "'" + name + "' is not " + std::string(what);
  if (const auto meant = nearest(name, known))
    mistake += "; did you mean '" + std::string(*meant) + "'?";
  return std::nullopt;
}

void read_target(const Section& section, const std::string& model, ModelIndex index,
                 Snapshot& snapshot) {
  Target target;
  const std::string provider = section.text("provider");
  target.upstream_model = section.text("model");
  target.weight = section.count("weight");
  target.model = index;
  if (provider.empty()) return;
  std::string mistake;
  const auto found = find_named(snapshot.providers, provider, "a name under providers", mistake);
  if (!found) return section.mistake("provider", mistake);
  target.provider = static_cast<ProviderIndex>(*found);
  target.name = provider + '/' + (target.upstream_model.empty() ? model : target.upstream_model);
  snapshot.targets.push_back(std::move(target));
}

void read_key_models(const Section& section, const Snapshot& snapshot, VirtualKey& key) {
  if (!section.has("models")) return;
  key.all_models = false;
  key.models.assign((snapshot.models.size() + 63) / 64, 0);
  for (const std::string& name : section.names("models")) {
    std::string mistake;
    const auto found = find_named(snapshot.models, name, "a name under models", mistake);
    if (found) {
      key.models[*found / 64] |= std::uint64_t{1} << (*found % 64);
    } else {
      section.mistake("models", mistake);
    }
  }
}

VirtualKey read_key(const Section& section, const Snapshot& snapshot) {
  VirtualKey key;
  key.name = section.text("name");
  if (!key.name.empty() && !is_name(key.name)) {
    section.mistake("name",
                    "must be 1 to 64 letters, digits, '.', '_' or '-', a letter or digit "
                    "first");
  }
  const Secret secret = section.secret("secret");
  constexpr std::size_t key_size_max = 256;
  if (!secret.empty() && (secret.size() < secret_size_min || secret.size() > key_size_max)) {
    section.mistake("secret",
                    "must be 16 to 256 characters long; make one with: "
                    "echo sk-penstock-$(openssl rand -hex 24)");
  }
  key.digest = digest_key(snapshot.pepper.reveal(), secret.reveal());
  key.disabled = section.flag("disabled");
  key.expires_s = section.date("expires");
  const Section limits = section.section("limits");
  key.rpm = limits.count("rpm");
  key.concurrency = limits.count("concurrency");
  read_key_models(section, snapshot, key);
  return key;
}

}  // namespace

KeyDigest digest_key(std::string_view pepper, std::string_view key) {
  KeyDigest digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), pepper.data(), static_cast<int>(pepper.size()),
       reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest.data(), &size);
  PENSTOCK_ASSERT(size == digest.size());
  return digest;
}

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

void build_models(const Section& root, Snapshot& snapshot) {
  const auto sections = root.named("models");
  if (sections.size() > models_max) return root.mistake("models", "has more than 2000 entries");
  for (const auto& [name, mark, section] : sections) {
    const auto index = static_cast<ModelIndex>(snapshot.models.size());
    if (!is_model_name(name) || name.ends_with(":floor") || name.ends_with(":nitro")) {
      section.mistake("",
                      "has a name that is not 1 to 128 letters, digits, '.', '_', '-', ':' or "
                      "'/', or that ends in :floor or :nitro");
    }
    Model model;
    model.name = name;
    model.strategy = static_cast<Strategy>(section.choice("strategy").value_or(0));
    model.max_attempts = section.section("retry").count("max_attempts");
    model.first_target = static_cast<TargetIndex>(snapshot.targets.size());
    const auto targets = section.list("targets");
    if (targets.size() > model_targets_max) {
      section.mistake("targets", "has more than 32 targets; remove some");
      continue;
    }
    for (const Section& target : targets) {
      read_target(target, name, index, snapshot);
      if (model.strategy == Strategy::round_robin && target.has("weight")) {
        target.mistake("weight", "has no effect with strategy round_robin; remove one of them");
      }
    }
    model.target_count = static_cast<std::uint16_t>(snapshot.targets.size() -
                                                    static_cast<std::size_t>(model.first_target));
    snapshot.models_by_name.emplace(name, index);
    snapshot.models.push_back(std::move(model));
  }
}

void build_keys(const Section& root, Snapshot& snapshot) {
  std::array<char, 32> pepper{};
  PENSTOCK_ASSERT(RAND_bytes(reinterpret_cast<unsigned char*>(pepper.data()), pepper.size()) == 1);
  snapshot.pepper = Secret({pepper.data(), pepper.size()});
  wipe(pepper.data(), pepper.size());
  const auto sections = root.list("keys");
  if (sections.size() > keys_max) return root.mistake("keys", "has more than 100000 entries");
  std::set<std::string> names;
  std::set<KeyDigest> digests;
  for (const Section& section : sections) {
    VirtualKey key = read_key(section, snapshot);
    if (!key.name.empty() && !names.insert(key.name).second) {
      section.mistake("name", "is the name of another key too; give each its own");
    }
    if (section.has("secret") && !digests.insert(key.digest).second) {
      section.mistake("secret", "is the secret of another key too; give each its own");
    }
    snapshot.keys.push_back(std::move(key));
  }
}

}  // namespace penstock::config

namespace penstock {

std::string_view name_of(ProviderKind kind) {
  return config::kinds[static_cast<std::size_t>(kind)].name;
}

}  // namespace penstock
