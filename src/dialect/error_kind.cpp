#include "dialect/error_kind.h"

namespace penstock::dialect {

hub::ErrorKind kind_of_status(std::uint16_t status) {
  using hub::ErrorKind;
  switch (status) {
    case 401:
      return ErrorKind::authentication;
    case 402:
      return ErrorKind::billing;
    case 403:
      return ErrorKind::permission;
    case 404:
      return ErrorKind::not_found;
    case 408:
    case 504:
    case 524:  // a proxy gave up waiting for the provider
      return ErrorKind::timeout;
    case 409:
      return ErrorKind::conflict;
    case 413:
      return ErrorKind::too_large;
    case 429:
      return ErrorKind::rate_limit;
    case 501:
      return ErrorKind::unsupported;
    case 503:
    case 529:  // Anthropic: overloaded
      return ErrorKind::overloaded;
    default:
      return status >= 400 && status < 500 ? ErrorKind::invalid_request : ErrorKind::server;
  }
}

}  // namespace penstock::dialect
