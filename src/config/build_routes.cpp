// Models and keys: what can be called, by whom.
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <set>

#include "config/build.h"
#include "penstock/assert.h"
#include "penstock/config.h"

namespace penstock::config {
namespace {

constexpr std::size_t models_max = 2'000;  // times 32 targets: below 65,536
constexpr std::size_t keys_max = 100'000;

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

// The dialect for an `api` that the kind has; nothing, and a mistake, when it has it not.
std::optional<dialect::Dialect> read_api(const Section& section, const Provider& provider,
                                         const Target& target) {
  using dialect::Dialect;
  const KindFacts& facts = facts_of(provider.kind);
  const auto refused = [&]() -> std::optional<Dialect> {
    std::string known = "auto";
    if (facts.apis.chat) known += ", chat";
    if (facts.apis.responses) known += ", responses";
    if (facts.apis.messages) known += ", messages";
    section.mistake("api",
                    "is not served by kind " + std::string(facts.name) + "; write one of " + known);
    return std::nullopt;
  };
  switch (static_cast<Api>(section.choice("api").value_or(0))) {
    case Api::automatic:
      break;
    case Api::chat:
      return facts.apis.chat ? Dialect::openai_chat : refused();
    case Api::responses:
      return facts.apis.responses ? Dialect::openai_responses : refused();
    case Api::messages:
      return facts.apis.messages ? Dialect::anthropic : refused();
  }
  // Vertex serves Claude in Anthropic's dialect only.
  const bool claude = target.base_model.starts_with("claude");
  return facts.paths == Paths::vertex && claude ? Dialect::anthropic : facts.chat;
}

void read_upstream_model(const Section& section, const Provider& provider, Target& target) {
  target.base_model = section.text("base_model");
  const bool named = !target.base_model.empty();
  if (!named) target.base_model = target.upstream_model;
  target.max_output_tokens = section.count("max_output_tokens");
  const std::string_view model = target.upstream_model;
  const bool hidden = (provider.kind == ProviderKind::bedrock && model.starts_with("arn:")) ||
                      (provider.kind == ProviderKind::vertex && model.starts_with("endpoints/"));
  if (hidden && !named) {
    section.mistake("base_model",
                    "is missing: the name in 'model' does not tell which model it is; write its "
                    "plain name");
  }
  if (const auto dialect = read_api(section, provider, target)) target.dialect = *dialect;
  const bool express = provider.kind == ProviderKind::vertex && !provider.keys.empty();
  if (express && target.dialect != dialect::Dialect::gemini) {
    section.mistake("model", "is served with a service account only, not with an API key");
  }
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
  read_upstream_model(section, snapshot.providers[*found], target);
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
    using enum dialect::DropParams;
    using enum dialect::PromptCache;
    model.drop_params = section.choice("drop_params").value_or(0) == 0 ? drop : error;
    model.prompt_cache = section.choice("prompt_cache").value_or(0) == 0 ? off : automatic;
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
