// OpenAI's POST /v1/moderations and Mistral's, which takes texts only and gives no verdict beside
// the categories.
#include "penstock/moderation.h"

#include "dialect/loss.h"

namespace penstock::moderation {
namespace {

std::unexpected<Error> issue_at(Bytes param, Bytes reason, dialect::RequestIssue& issue) {
  issue.param = param;
  issue.reason = reason;
  return fail(reason.empty() ? Code::missing_field : Code::invalid_value, Side::client);
}

void write_told(json::View told, Bytes otherwise, json::Composer& out) {
  if (told.text().empty())
    out.string(otherwise);
  else
    out.escaped_string(told.text());
}

// {"flagged","categories","category_scores","category_applied_input_types"}
Result<> write_result(json::View result, json::Composer& out) {
  const json::View categories = result["categories"];
  if (!categories.is_object() || !result["category_scores"].is_object())
    return fail(Code::malformed, Side::upstream);
  bool flagged = result["flagged"].is_true();
  if (!result["flagged"].is_bool()) {
    for (const json::View one : categories) flagged |= one.is_true();
  }
  out.begin_object().key("flagged").boolean(flagged);
  out.key("categories").raw(categories.raw());
  out.key("category_scores").raw(result["category_scores"].raw());
  out.key("category_applied_input_types");
  if (result["category_applied_input_types"].is_object()) {
    out.raw(result["category_applied_input_types"].raw());
  } else {
    out.begin_object();
    for (const json::View one : categories)
      out.key(json::unescaped(one.key())).begin_array().string("text").end_array();
    out.end_object();
  }
  out.end_object();
  return {};
}

}  // namespace

Result<> read_request(json::View body, Request& out, dialect::RequestIssue& issue) {
  if (!body.is_object()) return issue_at({}, "The body must be a JSON object.", issue);
  const json::View input = body["input"];
  if (!input) return issue_at("input", {}, issue);
  if (!input.is_string() && (!input.is_array() || input.empty()))
    return issue_at("input", "Must be a text or a list of texts or parts.", issue);
  for (const json::View one : input) {
    if (!one.is_string() && !one.is_object())
      return issue_at("input", "Must be a text or a list of texts or parts.", issue);
    if (one.is_object()) out.texts_only = false;
  }
  if (const json::View model = body["model"]) {
    if (!model.is_string()) return issue_at("model", "Must be a text.", issue);
    out.model = model.text();
  }
  out.input = input.raw();
  for (const json::View value : body) {
    if (value.key_is("model") || value.key_is("input") || value.is_null()) continue;
    out.extra.push_back({value.key(), value.raw()});
  }
  return {};
}

Result<> write_request(ProviderForm form, const Request& request,
                       const dialect::TargetTraits& target, json::Composer& out,
                       dialect::Losses& losses) {
  const bool mistral = form == ProviderForm::mistral;
  if (mistral && !request.texts_only)
    return refuse("input", "The target moderates texts only.", losses);
  out.begin_object().key("model").string(target.model).key("input").raw(request.input);
  for (const hub::Extra& one : request.extra) {
    if (mistral && one.key != "metadata")
      PENSTOCK_CHECK(lose(one.key, target, losses));
    else
      out.key(json::unescaped(one.key)).raw(one.value);
  }
  out.end_object();
  return {};
}

Result<> write_answer(ProviderForm form, json::View body, Bytes id, Bytes model,
                      json::Composer& out) {
  const json::View results = body["results"];
  if (!results.is_array()) return fail(Code::malformed, Side::upstream);
  if (form == ProviderForm::openai) {
    out.raw(body.raw());
    return {};
  }
  out.begin_object().key("id");
  write_told(body["id"], id, out);
  out.key("model");
  write_told(body["model"], model, out);
  out.key("results").begin_array();
  for (const json::View one : results) PENSTOCK_CHECK(write_result(one, out));
  out.end_array().end_object();
  return {};
}

}  // namespace penstock::moderation
