// The client's side of rerank, POST /v1/rerank and /v2/rerank in Cohere's and Jina's form.
#include <string>

#include "penstock/rerank.h"

namespace penstock::rerank {
namespace {

using dialect::RequestIssue;

std::unexpected<Error> issue_at(Bytes param, Bytes reason, RequestIssue& issue) {
  issue.param = param;
  issue.reason = reason;
  return fail(reason.empty() ? Code::missing_field : Code::invalid_value, Side::client);
}

Result<> read_text(json::View value, Bytes param, Escaped& out, RequestIssue& issue) {
  if (!value) return issue_at(param, {}, issue);
  if (!value.is_string() || value.text().empty()) return issue_at(param, "Must be a text.", issue);
  out = value.text();
  return {};
}

Result<> read_count(json::View value, Bytes param, std::optional<std::int64_t>& out,
                    RequestIssue& issue) {
  out = value.integer();
  if (out.value_or(0) < 1) return issue_at(param, "Must be a whole number from 1.", issue);
  return {};
}

Result<> read_documents(json::View documents, Request& out, RequestIssue& issue) {
  if (!documents) return issue_at("documents", {}, issue);
  if (!documents.is_array() || documents.empty())
    return issue_at("documents", "Must be a list of texts or objects.", issue);
  out.documents.reserve(documents.size());
  for (const json::View one : documents) {
    if (!one.is_string() && !one.is_object())
      return issue_at("documents", "Must be a list of texts or objects.", issue);
    const json::View text = one.is_string() ? one : one["text"];
    out.documents.push_back(
        {.text = text.text(), .value = one.raw(), .has_text = text.is_string()});
  }
  return {};
}

bool is_one_of(json::View value, std::initializer_list<Bytes> keys) {
  for (const Bytes key : keys) {
    if (value.key_is(key)) return true;
  }
  return false;
}

}  // namespace

Result<> read_request(json::View body, Request& out, RequestIssue& issue) {
  if (!body.is_object()) return issue_at({}, "The body must be a JSON object.", issue);
  PENSTOCK_CHECK(read_text(body["model"], "model", out.model, issue));
  PENSTOCK_CHECK(read_text(body["query"], "query", out.query, issue));
  PENSTOCK_CHECK(read_documents(body["documents"], out, issue));
  for (const json::View value : body) {
    if (value.is_null() || is_one_of(value, {"model", "query", "documents"})) continue;
    if (value.key_is("top_n")) {
      PENSTOCK_CHECK(read_count(value, "top_n", out.top_n, issue));
    } else if (value.key_is("max_tokens_per_doc")) {
      PENSTOCK_CHECK(read_count(value, "max_tokens_per_doc", out.max_tokens_per_doc, issue));
    } else if (value.key_is("return_documents")) {
      if (!value.is_bool()) return issue_at("return_documents", "Must be true or false.", issue);
      out.return_documents = value.is_true();
    } else {
      out.extra.push_back({value.key(), value.raw()});
    }
  }
  return {};
}

void write_answer(ClientForm form, const Request& request, const Answer& answer, Bytes id,
                  json::Composer& out) {
  out.begin_object().key("id");
  if (answer.id.empty())
    out.string(id);
  else
    out.escaped_string(answer.id);
  out.key("results").begin_array();
  std::int64_t left = request.top_n.value_or(static_cast<std::int64_t>(answer.results.size()));
  for (const Ranked& one : answer.results) {
    if (left-- <= 0) break;
    out.begin_object().key("index").unsigned_integer(one.index);
    out.key("relevance_score").raw(one.score);
    if (request.return_documents && one.index < request.documents.size()) {
      const Document& document = request.documents[one.index];
      out.key("document");
      if (document.value.starts_with('{'))
        out.raw(document.value);
      else
        out.begin_object().key("text").escaped_string(document.text).end_object();
    }
    out.end_object();
  }
  out.end_array().key("meta").begin_object().key("api_version").begin_object();
  out.key("version").string(form == ClientForm::v1 ? "1" : "2").end_object();
  if (answer.search_units.present) {
    out.key("billed_units").begin_object().key("search_units");
    out.unsigned_integer(answer.search_units.value).end_object();
  }
  out.end_object();
  if (answer.total_tokens.present) {
    out.key("usage").begin_object().key("total_tokens");
    out.unsigned_integer(answer.total_tokens.value).end_object();
  }
  out.end_object();
}

}  // namespace penstock::rerank
