// Requests: the client's dialect is read, the target's is written.
#include "penstock/translate.h"

namespace penstock::translate {

using dialect::dialect_of;
using dialect::DialectTable;

bool is_client_dialect(Dialect dialect) {
  const DialectTable& table = dialect_of(dialect);
  return table.read_request != nullptr && table.write_answer != nullptr &&
         table.stream_writer != nullptr && table.write_error != nullptr;
}

bool is_provider_dialect(Dialect dialect) {
  const DialectTable& table = dialect_of(dialect);
  return table.write_request != nullptr && table.read_answer != nullptr &&
         table.stream_reader != nullptr && table.read_error != nullptr;
}

Result<> read_request(Dialect client, Bytes body, Workbench& bench, hub::Request& request,
                      RequestIssue& issue) {
  PENSTOCK_ASSERT(is_client_dialect(client));
  request = {};
  issue = {};
  PENSTOCK_TRY(root, bench.document.read(body, json::Judge::request));
  return dialect_of(client).read_request(root, request, issue);
}

Result<> write_request(Dialect provider, const hub::Request& request, const TargetTraits& target,
                       json::Composer& out, Losses& losses) {
  PENSTOCK_ASSERT(is_provider_dialect(provider));
  out.clear();
  losses = {};
  PENSTOCK_CHECK(dialect_of(provider).write_request(request, target, out, losses));
  if (!out.fits()) return fail(Code::body_too_large, Side::client);
  return {};
}

Result<> translate_request(Dialect client, Dialect provider, Bytes body, const TargetTraits& target,
                           Workbench& bench, hub::Request& request, json::Composer& out,
                           Losses& losses, RequestIssue& issue) {
  PENSTOCK_CHECK(read_request(client, body, bench, request, issue));
  return write_request(provider, request, target, out, losses);
}

}  // namespace penstock::translate
