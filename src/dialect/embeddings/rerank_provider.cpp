// The provider's side of rerank. The forms differ in a few names; none is asked to send the
// documents back, which the request still holds.
#include <algorithm>
#include <string>
#include <vector>

#include "dialect/loss.h"
#include "penstock/rerank.h"

namespace penstock::rerank {
namespace {

using dialect::Losses;
using dialect::TargetTraits;

std::unexpected<Error> malformed() {
  return fail(Code::malformed, Side::upstream);
}

hub::Tokens read_tokens(json::View figure) {
  const auto value = figure.integer();
  return value && *value >= 0 ? hub::Tokens(static_cast<std::uint64_t>(*value)) : hub::Tokens();
}

// Cohere takes strings only; the fields of an object that are to be judged are named by
// `rank_fields` where a server knows it.
Result<> write_documents(const Request& request, bool objects, Bytes key, json::Composer& out,
                         Losses& losses) {
  out.key(key).begin_array();
  for (const Document& one : request.documents) {
    if (objects && one.value.starts_with('{'))
      out.raw(one.value);
    else if (one.has_text)
      out.escaped_string(one.text);
    else
      return dialect::refuse("documents", "The target takes documents as texts only.", losses);
  }
  out.end_array();
  return {};
}

// A member that the hub has no word for.
bool takes(ProviderForm form, Bytes key) {
  switch (form) {
    case ProviderForm::cohere:
      return key == "priority";
    case ProviderForm::jina:  // many servers, each with members of its own
      return true;
    case ProviderForm::voyage:
      return key == "truncation";
    case ProviderForm::tei:
      return key == "truncate" || key == "raw_scores";
    case ProviderForm::bedrock:
      return false;
  }
  PENSTOCK_UNREACHABLE();
}

}  // namespace

Result<> write_request(ProviderForm form, const Request& request, const TargetTraits& target,
                       json::Composer& out, Losses& losses) {
  const bool cohere = form == ProviderForm::cohere || form == ProviderForm::bedrock;
  const bool tei = form == ProviderForm::tei;
  out.begin_object();
  if (form != ProviderForm::bedrock && !tei) out.key("model").string(target.model);
  out.key("query").escaped_string(request.query);
  PENSTOCK_CHECK(write_documents(request, form == ProviderForm::jina, tei ? "texts" : "documents",
                                 out, losses));
  // text-embeddings-inference knows no limit; `write_answer` cuts its list.
  if (request.top_n && !tei)
    out.key(form == ProviderForm::voyage ? "top_k" : "top_n").integer(*request.top_n);
  if (request.max_tokens_per_doc) {
    if (cohere)
      out.key("max_tokens_per_doc").integer(*request.max_tokens_per_doc);
    else
      PENSTOCK_CHECK(lose("max_tokens_per_doc", target, losses));
  }
  for (const hub::Extra& one : request.extra) {
    if (takes(form, one.key))
      out.key(json::unescaped(one.key)).raw(one.value);
    else
      PENSTOCK_CHECK(lose(one.key, target, losses));
  }
  if (form == ProviderForm::bedrock) out.key("api_version").integer(2);
  out.end_object();
  return {};
}

Result<> read_answer(ProviderForm form, json::View body, std::size_t documents, Answer& out) {
  const json::View results = form == ProviderForm::tei      ? body
                             : form == ProviderForm::voyage ? body["data"]
                                                            : body["results"];
  const Bytes score = form == ProviderForm::tei ? "score" : "relevance_score";
  if (!results.is_array() || results.size() > documents) return malformed();
  std::vector<bool> seen(documents);
  for (const json::View one : results) {
    const std::int64_t index = one["index"].integer().value_or(-1);
    if (index < 0 || static_cast<std::size_t>(index) >= documents) return malformed();
    const auto place = static_cast<std::size_t>(index);
    if (seen[place] || !one[score].is_number()) return malformed();
    seen[place] = true;
    out.results.push_back({static_cast<std::uint32_t>(index), one[score].raw()});
  }
  out.id = body["id"].text();
  out.search_units = read_tokens(body["meta"]["billed_units"]["search_units"]);
  out.total_tokens = read_tokens(body["usage"]["total_tokens"]);
  return {};
}

}  // namespace penstock::rerank
