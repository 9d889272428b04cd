#include "telemetry/labels.h"

#include <algorithm>

namespace penstock {

LabelId LabelSet::add(std::string_view name) {
  const auto found = std::ranges::find(names_, name);
  if (found != names_.end()) return static_cast<LabelId>(found - names_.begin());
  if (names_.size() == names_max) return static_cast<LabelId>(names_max - 1);
  names_.emplace_back(names_.size() == names_max - 1 ? std::string_view("other") : name);
  return static_cast<LabelId>(names_.size() - 1);
}

}  // namespace penstock
