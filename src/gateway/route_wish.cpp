#include "gateway/route_wish.h"

#include <algorithm>
#include <string>

namespace penstock {
namespace {

constexpr Bytes wants_names = "Invalid value: expected a list of at most 32 names of providers.";
constexpr Bytes wants_flag = "Invalid value: expected true or false.";
constexpr Bytes wants_aliases = "Invalid value: expected a list of at most 8 names of models.";
constexpr Bytes unknown_member = "The gateway does not know this preference of a provider.";
constexpr Bytes not_served =
    "The gateway cannot keep to this preference of a provider: leave it out.";
constexpr Bytes none_left = "None of the providers that this leaves serves the model.";

// Preferences of OpenRouter that would need what the gateway does not know of its targets. A value
// that asks for nothing is no preference.
struct Unserved {
  Bytes name;
  Bytes param;
  Bytes harmless;
};
constexpr std::array unserved{
    Unserved{"sort", "provider.sort", {}},
    Unserved{"max_price", "provider.max_price", {}},
    Unserved{"data_collection", "provider.data_collection", "\"allow\""},
    Unserved{"zdr", "provider.zdr", "false"},
    Unserved{"quantizations", "provider.quantizations", "[]"},
};

std::unexpected<Error> refuse(Code code, Bytes param, Bytes reason, WishIssue& issue) {
  issue.param = param;
  issue.reason = reason;
  return fail(code, Side::client);
}

Result<> read_names(json::View value, Bytes param, const Snapshot& snapshot, NamedProviders& out,
                    WishIssue& issue) {
  if (out.read(value, snapshot)) return {};
  return refuse(Code::invalid_value, param, wants_names, issue);
}

Result<> read_flag(json::View value, Bytes param, bool& out, WishIssue& issue) {
  if (!value.is_bool()) return refuse(Code::invalid_value, param, wants_flag, issue);
  out = value.is_true();
  return {};
}

}  // namespace

bool NamedProviders::read(json::View names, const Snapshot& snapshot) {
  if (!names.is_array() || names.size() > max) return false;
  named_ = !names.empty();
  for (const json::View name : names) {
    if (!name.is_string()) return false;
    const auto found = std::ranges::find_if(
        snapshot.providers, [&](const Provider& provider) { return name.is(provider.name); });
    if (found == snapshot.providers.end()) continue;
    list_[count_++] = static_cast<ProviderIndex>(found - snapshot.providers.begin());
  }
  return true;
}

TargetMask targets_at(const Snapshot& snapshot, const Model& model, ProviderIndex provider) {
  TargetMask found = 0;
  for (std::size_t i = 0; i < model.target_count; ++i) {
    const auto target = static_cast<TargetIndex>(static_cast<std::size_t>(model.first_target) + i);
    if (snapshot.at(target).provider == provider) found |= TargetMask{1} << i;
  }
  return found;
}

TargetMask NamedProviders::of(const Snapshot& snapshot, const Model& model) const {
  TargetMask found = 0;
  for (const ProviderIndex provider : list()) found |= targets_at(snapshot, model, provider);
  return found;
}

Result<> RouteWish::read_provider(json::View provider, const Snapshot& snapshot, WishIssue& issue) {
  for (const json::View value : provider) {
    if (!value) continue;
    if (value.key_is("order")) {
      PENSTOCK_CHECK(read_names(value, "provider.order", snapshot, order, issue));
    } else if (value.key_is("only")) {
      PENSTOCK_CHECK(read_names(value, "provider.only", snapshot, only, issue));
    } else if (value.key_is("ignore")) {
      PENSTOCK_CHECK(read_names(value, "provider.ignore", snapshot, ignore, issue));
    } else if (value.key_is("allow_fallbacks")) {
      PENSTOCK_CHECK(read_flag(value, "provider.allow_fallbacks", allow_fallbacks, issue));
    } else if (value.key_is("require_parameters")) {
      PENSTOCK_CHECK(read_flag(value, "provider.require_parameters", require_parameters, issue));
    } else {
      const auto found = std::ranges::find_if(
          unserved, [&](const Unserved& one) { return value.key_is(one.name); });
      if (found == unserved.end()) {
        issue.member = value.key();
        return refuse(Code::unknown_field, "provider", unknown_member, issue);
      }
      if (value.raw() == found->harmless) continue;
      return refuse(Code::invalid_value, found->param, not_served, issue);
    }
  }
  return {};
}

Result<> RouteWish::read_models(json::View names, Bytes param, const Snapshot& snapshot,
                                KeyIndex key, ModelIndex first, WishIssue& issue) {
  if (!names.is_array() || names.size() > models_max)
    return refuse(Code::invalid_value, param, wants_aliases, issue);
  for (const json::View name : names) {
    if (!name.is_string() || name.text().size() > 6 * json::model_bytes_max)
      return refuse(Code::invalid_value, param, wants_aliases, issue);
    const auto model = find_permitted_model(snapshot, key, json::unescaped(name.text()));
    if (!model) return refuse(model.error().code, param, {}, issue);
    const std::span known(models.data(), model_count);
    if (*model == first || std::ranges::find(known, *model) != known.end()) continue;
    if (model_count == models_max) return refuse(Code::invalid_value, param, wants_aliases, issue);
    models[model_count++] = *model;
  }
  return {};
}

TargetMask RouteWish::allowed(const Snapshot& snapshot, const Model& model,
                              WishIssue& issue) const {
  issue.reason = none_left;
  TargetMask left = mask_of(model);
  issue.param = "provider.only";
  if (only.named()) left &= only.of(snapshot, model);
  if (left == 0) return left;
  issue.param = "provider.ignore";
  left &= ~ignore.of(snapshot, model);
  if (left == 0 || allow_fallbacks || !order.named()) return left;
  issue.param = "provider.order";
  return left & order.of(snapshot, model);
}

void RouteWish::add(const Snapshot& snapshot, ModelIndex model, TargetMask among,
                    std::uint64_t pick, std::size_t most, Plan& out) const {
  if (!allow_fallbacks && !order.named()) most = 1;
  const std::size_t full = out.size() + most;
  for (const ProviderIndex provider : order.list()) {
    const TargetMask here = among & targets_at(snapshot, snapshot.at(model), provider);
    add_targets(snapshot, model, here, pick, full - out.size(), out);
    among &= ~here;
  }
  add_targets(snapshot, model, among, pick, full - out.size(), out);
}

}  // namespace penstock
