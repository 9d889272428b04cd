#include "dialect/count_form.h"

#include <algorithm>

namespace penstock::dialect {

Result<> write_members(RequestWriting write, std::initializer_list<Bytes> names,
                       const hub::Request& request, const TargetTraits& target, json::Composer& out,
                       Losses& losses) {
  json::Composer whole;
  PENSTOCK_CHECK(write(request, target, whole, losses));
  json::Document document;
  // Only a text that did not fit cannot be read again.
  const auto root = document.read(whole.text(), json::Judge::answer);
  if (!whole.fits() || !root) return fail(Code::body_too_large, Side::client);
  for (const json::View member : *root) {
    const auto name = std::ranges::find_if(names, [&](Bytes n) { return member.key_is(n); });
    if (name != names.end()) out.key(*name).raw(member.raw());
  }
  return {};
}

std::optional<std::uint64_t> count_of(json::View number) {
  const auto count = number.integer();
  if (!count || *count < 0) return {};
  return static_cast<std::uint64_t>(*count);
}

}  // namespace penstock::dialect
