// Requests: the client's dialect is read, the target's is written.
#include "penstock/translate.h"
#include "translate/tool_names.h"

namespace penstock::translate {

using dialect::dialect_of;
using dialect::DialectTable;

namespace {

// For a target that would refuse some tool's name.
Result<> write_renamed(const DialectTable& table, const hub::Request& request,
                       const TargetTraits& target, json::Composer& out, Losses& losses) {
  hub::Request renamed = request;
  if (!fit_names(renamed, table.tool_names)) {
    losses.refused = "tools";
    losses.reason = "Two tools would have the same name at the target.";
    return fail(Code::unsupported_by_target, Side::client);
  }
  const Result<> written = table.write_request(renamed, target, out, losses);
  losses.emulate("tools.name");
  return written;
}

}  // namespace

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
  const DialectTable& table = dialect_of(provider);
  if (is_own_dialect(provider, request) || has_fitting_names(request, table.tool_names))
    PENSTOCK_CHECK(table.write_request(request, target, out, losses));
  else
    PENSTOCK_CHECK(write_renamed(table, request, target, out, losses));
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
