// Names of tools must meet the rule of the provider that reads them. A name that fits goes as it
// is; another is made to fit, always in the same way, so that a declaration, a choice, a call and
// its result still agree. Who knows the client's names finds the one that was meant again.
#pragma once

#include <array>

#include "penstock/dialect.h"

namespace penstock::dialect {

// Room for a name that had to be made.
using NameRoom = std::array<char, 64>;

// `name`, Escaped, meets the rule as it is.
bool fits_name_rule(hub::Escaped name, NameRule rule);

// `name` if it meets the rule, else one made from it, a view into `room`: what is legible of it and
// a hash of it. How the client spelled the name in JSON makes no difference.
hub::Escaped fit_tool_name(hub::Escaped name, NameRule rule, NameRoom& room);

}  // namespace penstock::dialect
