// Picks the targets of a request, in order.
#include "penstock/policy.h"

namespace penstock {
namespace {

// The model's targets that may be used, as positions in Snapshot::targets, in their order.
struct Candidates {
  std::array<TargetIndex, model_targets_max> list{};
  std::size_t count = 0;

  // Takes the one at `position` out; the others keep their order.
  TargetIndex take(std::size_t position) {
    const TargetIndex taken = list[position];
    for (std::size_t i = position + 1; i < count; ++i) list[i - 1] = list[i];
    --count;
    return taken;
  }
};

bool is_healthy(Health health, std::size_t target) {
  return target / 64 < health.size() && ((health[target / 64] >> (target % 64)) & 1) != 0;
}

TargetMask healthy_targets(const Model& model, Health health) {
  PENSTOCK_ASSERT(model.target_count <= model_targets_max);
  if (health.empty()) return mask_of(model);
  TargetMask healthy = 0;
  const auto first = static_cast<std::size_t>(model.first_target);
  for (std::size_t i = 0; i < model.target_count; ++i) {
    if (is_healthy(health, first + i)) healthy |= TargetMask{1} << i;
  }
  return healthy;
}

Candidates candidates_of(const Model& model, TargetMask among) {
  Candidates candidates;
  const auto first = static_cast<std::size_t>(model.first_target);
  for (std::size_t i = 0; i < model.target_count; ++i) {
    if (((among >> i) & 1) == 0) continue;
    candidates.list[candidates.count++] = static_cast<TargetIndex>(first + i);
  }
  return candidates;
}

std::size_t pick_by_weight(const Snapshot& snapshot, const Candidates& candidates,
                           std::uint64_t random) {
  std::uint64_t total = 0;  // at most 32 × 1,000,000: fits the product below
  for (std::size_t i = 0; i < candidates.count; ++i)
    total += snapshot.at(candidates.list[i]).weight;
  std::uint64_t point = ((random >> 32) * total) >> 32;
  for (std::size_t i = 0; i < candidates.count; ++i) {
    const std::uint32_t weight = snapshot.at(candidates.list[i]).weight;
    if (point < weight) return i;
    point -= weight;
  }
  return 0;  // all weights are zero
}

std::size_t heaviest(const Snapshot& snapshot, const Candidates& candidates) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < candidates.count; ++i) {
    if (snapshot.at(candidates.list[i]).weight > snapshot.at(candidates.list[best]).weight)
      best = i;
  }
  return best;
}

}  // namespace

Result<Plan> plan(const Snapshot& snapshot, ModelIndex index, Health health, std::uint64_t pick) {
  const Model& model = snapshot.at(index);
  const TargetMask healthy = healthy_targets(model, health);
  if (healthy == 0) return fail(Code::upstream_unavailable, Side::upstream);
  Plan plan;
  add_targets(snapshot, index, healthy, pick, model.max_attempts, plan);
  return plan;
}

void add_targets(const Snapshot& snapshot, ModelIndex index, TargetMask among, std::uint64_t pick,
                 std::size_t most, Plan& out) {
  const Model& model = snapshot.at(index);
  Candidates candidates = candidates_of(model, among);
  std::size_t left = std::min({most, candidates.count, attempts_max - out.size()});
  if (left == 0) return;
  if (model.strategy == Strategy::round_robin) {
    for (std::size_t i = 0; i < left; ++i) {
      out.add(candidates.list[(pick + i) % candidates.count]);
    }
    return;
  }
  out.add(candidates.take(pick_by_weight(snapshot, candidates, pick)));
  while (--left > 0) out.add(candidates.take(heaviest(snapshot, candidates)));
}

}  // namespace penstock
