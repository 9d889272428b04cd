// What the calls for counting tokens are made of: some members of the ordinary request.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>

#include "penstock/dialect.h"

namespace penstock::dialect {

using RequestWriting = Result<> (*)(const hub::Request& request, const TargetTraits& target,
                                    json::Composer& out, Losses& losses);

// Writes the ordinary request with `write` and puts its members of these names into the object that
// is open in `out`. Errors as those of `write`.
Result<> write_members(RequestWriting write, std::initializer_list<Bytes> names,
                       const hub::Request& request, const TargetTraits& target, json::Composer& out,
                       Losses& losses);

// A number of tokens that can be one.
std::optional<std::uint64_t> count_of(json::View number);

}  // namespace penstock::dialect
