// The dialects by their sides, for suites that go over all pairs.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/translate.h"

namespace golden {

using penstock::dialect::Dialect;

inline std::vector<Dialect> all_dialects() {
  std::vector<Dialect> all;
  for (std::size_t i = 0; i < penstock::dialect::dialects; ++i) {
    all.push_back(static_cast<Dialect>(i));
  }
  return all;
}

// Both sides, as far as $GOLDEN_WITHOUT does not name the dialect: one that is being worked on.
inline bool is_wanted(Dialect dialect) {
  const char* const without = std::getenv("GOLDEN_WITHOUT");
  const std::string_view name = penstock::dialect::dialect_of(dialect).name;
  return without == nullptr || std::string_view(without).find(name) == std::string_view::npos;
}
inline bool is_client(Dialect dialect) {
  return is_wanted(dialect) && penstock::translate::is_client_dialect(dialect);
}
inline bool is_provider(Dialect dialect) {
  return is_wanted(dialect) && penstock::translate::is_provider_dialect(dialect);
}

inline std::vector<Dialect> client_dialects() {
  auto all = all_dialects();
  std::erase_if(all, [](Dialect d) { return !is_client(d); });
  return all;
}

inline std::vector<Dialect> provider_dialects() {
  auto all = all_dialects();
  std::erase_if(all, [](Dialect d) { return !is_provider(d); });
  return all;
}

inline std::string name_of(Dialect dialect) {
  return std::string(penstock::dialect::dialect_of(dialect).name);
}

}  // namespace golden
