// The body of POST /completions, for targets that only chat: the prompt is one user message. What
// a chat cannot do is an error and no surprise.
#include <array>
#include <utility>

#include "dialect/openai_chat/chat.h"
#include "dialect/openai_chat/request_reading.h"

namespace penstock::dialect::openai_chat {
namespace {

Result<> read_prompt(json::View value, const Path& path, Judge& judge) {
  if (!value) return judge.missing(path);
  json::View prompt = value;
  if (value.is_array()) {
    if (value.size() > 1 && value.at(0).is_string())
      return judge.invalid(path, "The model of this request takes one prompt only.");
    if (value.empty() || !value.at(0).is_string())
      return judge.invalid(path, "The model of this request takes text only, no tokens.");
    prompt = value.at(0);
  }
  if (!prompt.is_string())
    return judge.invalid(path, "Invalid type: expected a string or an array with one string.");
  hub::Message& message = judge.request().messages.emplace_back();
  message.parts.emplace_back().text = prompt.text();
  return {};
}

// Members that only a model for completions can serve, where they ask for something.
Result<bool> read_unservable(json::View value, const Path& root, Judge& judge) {
  constexpr Bytes reason = "The model of this request does not support this parameter.";
  if (value.key_is("echo")) {
    if (value.is_true()) return judge.invalid(root.member("echo"), reason);
  } else if (value.key_is("suffix")) {
    if (!value.is("")) return judge.invalid(root.member("suffix"), reason);
  } else if (value.key_is("best_of")) {
    if (value.integer() != 1) return judge.invalid(root.member("best_of"), reason);
  } else if (value.key_is("logprobs")) {
    return judge.invalid(root.member("logprobs"), reason);
  } else {
    return false;
  }
  return true;
}

}  // namespace

Result<> read_completion_request(json::View body, hub::Request& out, RequestIssue& issue) {
  Judge judge(out, issue);
  const Path root;
  if (!body.is_object()) return judge.invalid(root, "The body must be a JSON object.");
  out.issuer = hub::Issuer::openai;
  PENSTOCK_TRY(model, judge.demand_text(body["model"], root.member("model")));
  out.model = model;
  PENSTOCK_CHECK(read_prompt(body["prompt"], root.member("prompt"), judge));
  for (const json::View value : body) {
    if (!value || value.key_is("model") || value.key_is("prompt")) continue;
    PENSTOCK_TRY(unservable, read_unservable(value, root, judge));
    if (unservable) continue;
    PENSTOCK_TRY(in_sampling, read_sampling(value, root, judge));
    if (in_sampling) continue;
    PENSTOCK_TRY(in_delivery, read_delivery(value, root, judge));
    if (!in_delivery) PENSTOCK_CHECK(read_extra(value, judge));
  }
  return {};
}

}  // namespace penstock::dialect::openai_chat
