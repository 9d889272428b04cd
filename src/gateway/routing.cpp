// Requests that say themselves where they may go (`RouteWish`). Of all others none of this runs.
#include <algorithm>
#include <string>

#include "gateway/exchange.h"
#include "gateway/route_wish.h"

namespace penstock {
namespace {

constexpr Bytes no_target = "No model that this key may use is at a provider that serves this.";
constexpr Bytes no_model =
    "There is nothing to choose from: what is asked for belongs to no model.";
constexpr Bytes none_takes_all =
    "No target that is left takes this parameter as it is, and provider.require_parameters is set.";

// What a translation could not say in the target's own words; empty: nothing. Contents that were
// put in another way are no parameter.
Bytes field_lost(const dialect::Losses& losses) {
  if (!losses.refused.empty()) return losses.refused;
  if (!losses.dropped.empty()) return losses.dropped.front();
  const auto found = std::ranges::find_if_not(
      losses.emulated, [](Bytes field) { return field.starts_with("messages"); });
  return found == losses.emulated.end() ? Bytes{} : *found;
}

}  // namespace

// Whether the body holds one of the extensions.
bool Exchange::has_wish() const {
  const json::Facts& facts = upload_->facts;
  return !facts.provider.empty() || !facts.models.empty() || !facts.fallbacks.empty();
}

Result<> Exchange::read_wish(RouteWish& wish) {
  const json::Facts& facts = upload_->facts;
  WishIssue issue;
  const auto read = [&](json::Span span, auto&& take) -> Result<> {
    if (span.empty()) return {};
    const auto value = shard_.bench.document.read(span.in(upload_->body()), json::Judge::request);
    if (!value) return std::unexpected(value.error());
    return take(*value);
  };
  const auto names = [&](Bytes param) {
    return [&, param](json::View value) {
      return wish.read_models(value, param, config(), *key_, *model_, issue);
    };
  };
  Result<> outcome = read(
      facts.provider, [&](json::View value) { return wish.read_provider(value, config(), issue); });
  if (outcome) outcome = read(facts.models, names("models"));
  if (outcome) outcome = read(facts.fallbacks, names("fallbacks"));
  if (!outcome) tell_issue(issue);
  return outcome;
}

void Exchange::tell_issue(const WishIssue& issue) {
  reason_ = issue.reason;
  param_ = issue.param;
  if (issue.member.empty()) return;
  unescaped_param_.set("provider." + std::string(issue.member));
  param_ = unescaped_param_.view();
}

// The targets of all models that the request names, in their order. Each model gets an attempt as
// far as there are enough.
Result<> Exchange::choose_wished_targets() {
  RouteWish wish;
  PENSTOCK_CHECK(read_wish(wish));
  const ModelIndex asked = *model_;
  WishIssue first;  // why the first model has no target
  plan_ = {};
  for (std::size_t i = 0; i <= wish.model_count && !plan_.full(); ++i) {
    const ModelIndex model = i == 0 ? asked : wish.models[i - 1];
    WishIssue issue;
    PENSTOCK_TRY(among, wished_targets(wish, model, issue));
    if (among == 0 && first.param.empty()) first = issue;
    const std::size_t room = attempts_max - plan_.size();
    const std::size_t behind = wish.model_count - i;
    const std::size_t most = room > behind ? room - behind : 1;
    wish.add(config(), model, among, pick_of(model),
             std::min<std::size_t>(most, config().at(model).max_attempts), plan_);
  }
  model_ = asked;
  target_.reset();
  if (translation_) translation_->dropped.clear();
  if (plan_.size() > 0) return {};
  tell_issue(first);
  return fail(first.code, Side::client);
}

// Those targets of a model that are fit for the request. None: `issue` says why.
Result<TargetMask> Exchange::wished_targets(const RouteWish& wish, ModelIndex index,
                                            WishIssue& issue) {
  const Model& model = config().at(index);
  model_ = index;
  const TargetMask allowed = wish.allowed(config(), model, issue);
  const bool judged = wish.require_parameters && service_of(endpoint_) != Service::count_tokens;
  if (allowed == 0 || (!passage_ && !judged)) return allowed;
  issue.code = Code::unsupported_by_target;
  issue.param = "model";
  issue.reason = no_target;
  TargetMask fit = 0;
  for (std::size_t i = 0; i < model.target_count; ++i) {
    const TargetMask bit = TargetMask{1} << i;
    if ((allowed & bit) == 0) continue;
    target_ = static_cast<TargetIndex>(static_cast<std::size_t>(model.first_target) + i);
    if (passage_) {  // what is passed through loses nothing
      if (has_resource(target())) fit |= bit;
      continue;
    }
    PENSTOCK_TRY(lost, lost_at_target());
    if (lost.empty()) fit |= bit;
    if (lost.empty() || issue.reason == none_takes_all) continue;
    issue.param = lost;
    issue.reason = none_takes_all;
  }
  return fit;
}

// A field of the request that the target does not get as it is; empty: it gets them all.
Result<Bytes> Exchange::lost_at_target() {
  const Result<> prepared = prepare_request();
  if (!prepared && prepared.error().code != Code::unsupported_by_target) {
    return std::unexpected(prepared.error());
  }
  param_ = reason_ = {};
  if (!translation_ || !translation_->translates) return Bytes{};
  return field_lost(translation_->losses);
}

// Where what is passed through may go. Files and batches stay where they are.
Result<> Exchange::choose_wished_passage() {
  if (model_ && passage_->rule.has_model) return choose_wished_targets();
  const json::Facts& facts = upload_->facts;
  param_ = !facts.provider.empty() ? "provider" : !facts.models.empty() ? "models" : "fallbacks";
  reason_ = no_model;
  return fail(Code::unknown_field, Side::client);
}

}  // namespace penstock
