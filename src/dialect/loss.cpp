#include "dialect/loss.h"

namespace penstock::dialect {

std::unexpected<Error> refuse(Bytes field, Bytes reason, Losses& losses) {
  losses.refused = field;
  losses.reason = reason;
  return fail(Code::unsupported_by_target, Side::client);
}

Result<> lose(Bytes field, const TargetTraits& target, Losses& losses) {
  if (target.drop_params == DropParams::error)
    return refuse(field, "The target does not take this parameter.", losses);
  losses.drop(field);
  return {};
}

}  // namespace penstock::dialect
