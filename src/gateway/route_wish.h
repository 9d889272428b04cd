// What the body of a request says about where it may go: the gateway's extensions `provider`,
// `models` and `fallbacks`, which no provider sees. What they mean is OpenRouter's. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "penstock/json.h"
#include "penstock/json_document.h"
#include "penstock/policy.h"
#include "penstock/snapshot.h"

namespace penstock {

// Providers that a request names, in its order. Names that the configuration does not have are left
// out: they serve nothing, and who asks does not learn which ones there are.
class NamedProviders {
 public:
  static constexpr std::size_t max = 32;

  bool named() const { return named_; }  // the request has such a list, and it is not empty
  std::span<const ProviderIndex> list() const { return {list_.data(), count_}; }
  // Those of the model's targets that are at one of them.
  TargetMask of(const Snapshot& snapshot, const Model& model) const;

  // names: the list's value. False when it is no list of strings, or too long.
  bool read(json::View names, const Snapshot& snapshot);

 private:
  std::array<ProviderIndex, max> list_{};
  std::size_t count_ = 0;
  bool named_ = false;
};

// The model's targets at one provider.
TargetMask targets_at(const Snapshot& snapshot, const Model& model, ProviderIndex provider);

// What is wrong with a wish. `param` is static, `member` a view into the body: an unknown member of
// `provider`, still escaped.
struct WishIssue {
  Code code = Code::invalid_value;
  Bytes param{};
  Bytes member{};
  Bytes reason{};
};

struct RouteWish {
  // Aliases that one request may name beside its model.
  static constexpr std::size_t models_max = 8;

  NamedProviders order;
  NamedProviders only;
  NamedProviders ignore;
  bool allow_fallbacks = true;
  bool require_parameters = false;
  std::array<ModelIndex, models_max> models{};  // in their order, none twice
  std::size_t model_count = 0;

  // Errors of both, Side::client, with `issue`: invalid_value, unknown_field.
  Result<> read_provider(json::View provider, const Snapshot& snapshot, WishIssue& issue);
  // names: the value of `param`, a list of aliases; `first` is the request's own. Also
  // model_not_found, for an alias that the key may not use.
  Result<> read_models(json::View names, Bytes param, const Snapshot& snapshot, KeyIndex key,
                       ModelIndex first, WishIssue& issue);

  // The model's targets that the lists leave. When there are none `issue` names the list.
  TargetMask allowed(const Snapshot& snapshot, const Model& model, WishIssue& issue) const;
  // Adds to the plan up to `most` of those targets: those of `order` first.
  void add(const Snapshot& snapshot, ModelIndex model, TargetMask among, std::uint64_t pick,
           std::size_t most, Plan& out) const;
};

}  // namespace penstock
