// The dialects by their sides, for suites that go over all pairs.
#pragma once

#include <string>
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

inline std::vector<Dialect> client_dialects() {
  auto all = all_dialects();
  std::erase_if(all, [](Dialect d) { return !penstock::translate::is_client_dialect(d); });
  return all;
}

inline std::vector<Dialect> provider_dialects() {
  auto all = all_dialects();
  std::erase_if(all, [](Dialect d) { return !penstock::translate::is_provider_dialect(d); });
  return all;
}

inline std::string name_of(Dialect dialect) {
  return std::string(penstock::dialect::dialect_of(dialect).name);
}

}  // namespace golden
