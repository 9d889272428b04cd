// Requests compared field by field, for properties over generated ones.
#pragma once

#include <string>
#include <vector>

#include "penstock/hub.h"

namespace golden {

// The names of the fields in which two requests differ.
std::vector<std::string> different_fields(const penstock::hub::Request& a,
                                          const penstock::hub::Request& b);

}  // namespace golden
