// OpenAI's POST /v1/embeddings, as a client's call and as a provider's; Mistral's, which is the
// same with other names for two members.
#include "dialect/embeddings/forms.h"
#include "dialect/loss.h"

namespace penstock::embedding {
namespace {

std::unexpected<Error> issue_at(Bytes param, Bytes reason, RequestIssue& issue,
                                Code code = Code::invalid_value) {
  issue.param = param;
  issue.reason = reason;
  return fail(code, Side::client);
}

bool is_tokens(json::View list) {
  if (!list.is_array() || list.empty()) return false;
  for (const json::View one : list) {
    if (one.integer().value_or(-1) < 0) return false;
  }
  return true;
}

Result<> read_input(json::View input, Request& out, RequestIssue& issue) {
  constexpr Bytes words = "Must be a text, a list of texts, or one or more lists of token numbers.";
  if (!input) return issue_at("input", {}, issue, Code::missing_field);
  if (input.is_string()) {
    out.inputs.push_back({.text = input.text()});
    return {};
  }
  if (is_tokens(input)) {
    out.inputs.push_back({.kind = Input::Kind::tokens, .raw = input.raw()});
    return {};
  }
  if (!input.is_array() || input.empty()) return issue_at("input", words, issue);
  out.list = true;
  out.inputs.reserve(input.size());
  for (const json::View one : input) {
    if (one.is_string())
      out.inputs.push_back({.text = one.text()});
    else if (is_tokens(one))
      out.inputs.push_back({.kind = Input::Kind::tokens, .raw = one.raw()});
    else
      return issue_at("input", words, issue);
  }
  return {};
}

Result<> read_member(json::View value, Request& out, RequestIssue& issue) {
  if (value.is_null() || value.key_is("model") || value.key_is("input")) return {};
  if (value.key_is("dimensions")) {
    out.dimensions = value.integer();
    if (out.dimensions.value_or(0) < 1)
      return issue_at("dimensions", "Must be a whole number from 1.", issue);
  } else if (value.key_is("encoding_format")) {
    if (!value.is("float") && !value.is("base64"))
      return issue_at("encoding_format", "Must be \"float\" or \"base64\".", issue);
    out.encoding = value.is("float") ? Encoding::floats : Encoding::base64;
  } else if (value.key_is("user")) {
    if (!value.is_string()) return issue_at("user", "Must be a text.", issue);
    out.user = value.text();
  } else {
    if (value.key_is("input_type") || value.key_is("task")) {
      const Task task = read_task(value);
      if (task != Task::unset) out.task = task;
    }
    out.extra.push_back({value.key(), value.raw()});
  }
  return {};
}

void write_input(const Call& call) {
  json::Composer& out = call.out;
  const auto one = [&](const Input& input) {
    if (input.kind == Input::Kind::tokens)
      out.raw(input.raw);
    else
      out.escaped_string(input.text);
  };
  out.key("input");
  if (!call.request.list && call.request.inputs.size() == 1) {
    one(call.request.inputs.front());
    return;
  }
  out.begin_array();
  for (const Input& input : call.request.inputs) one(input);
  out.end_array();
}

}  // namespace

Result<> read_openai_request(json::View body, Request& out, RequestIssue& issue) {
  if (const json::View model = body["model"]) {
    if (!model.is_string() || model.text().empty())
      return issue_at("model", "Must be a text.", issue);
    out.model = model.text();
  }
  out.issuer = hub::Issuer::openai;
  PENSTOCK_CHECK(read_input(body["input"], out, issue));
  for (const json::View value : body) PENSTOCK_CHECK(read_member(value, out, issue));
  return {};
}

Result<> write_openai_answer(const Request& request, const Answer& answer, Bytes model,
                             json::Composer& out) {
  out.begin_object().key("object").string("list").key("data").begin_array();
  std::uint64_t index = 0;
  for (const Vector& vector : answer.vectors) {
    out.begin_object().key("object").string("embedding").key("index").unsigned_integer(index++);
    out.key("embedding");
    if (request.encoding == Encoding::base64)
      PENSTOCK_CHECK(write_base64(vector, out));
    else
      PENSTOCK_CHECK(write_floats(vector, out));
    out.end_object();
  }
  out.end_array().key("model");
  if (answer.model.empty())
    out.string(model);
  else
    out.escaped_string(answer.model);
  out.key("usage").begin_object();
  out.key("prompt_tokens").unsigned_integer(answer.input_tokens.value);
  out.key("total_tokens").unsigned_integer(answer.input_tokens.value);
  out.end_object().end_object();
  return {};
}

Result<> write_openai_call(const Call& call) {
  const Request& request = call.request;
  for (const Input& one : request.inputs) {
    if (one.kind == Input::Kind::content)
      return refuse("content", "The target takes texts only.", call.losses);
  }
  json::Composer& out = call.out;
  out.begin_object().key("model").string(call.target.model);
  write_input(call);
  if (request.dimensions) out.key("dimensions").integer(*request.dimensions);
  if (request.encoding != Encoding::unset)
    out.key("encoding_format").string(request.encoding == Encoding::base64 ? "base64" : "float");
  if (!request.user.empty()) out.key("user").escaped_string(request.user);
  const bool same = request.issuer == hub::Issuer::openai;
  for (const hub::Extra& one : request.extra) {
    if (same)
      out.key(json::unescaped(one.key)).raw(one.value);
    else
      PENSTOCK_CHECK(lose(one.key, call.target, call.losses));
  }
  // A task has no member here, unless the client wrote one that its server knows.
  if (request.task != Task::unset && !same)
    PENSTOCK_CHECK(lose("taskType", call.target, call.losses));
  out.end_object();
  return {};
}

Result<> write_mistral_call(const Call& call) {
  PENSTOCK_CHECK(need_texts(call));
  json::Composer& out = call.out;
  out.begin_object().key("model").string(call.target.model);
  write_input(call);
  if (call.request.dimensions) out.key("output_dimension").integer(*call.request.dimensions);
  if (call.request.task != Task::unset)
    PENSTOCK_CHECK(lose("input_type", call.target, call.losses));
  // Anything else is refused by Mistral. Its vectors come as numbers.
  PENSTOCK_CHECK(write_extras(call, {"output_dtype", "metadata"}));
  out.end_object();
  return {};
}

Result<> read_openai_answer(json::View body, std::size_t inputs, Answer& out) {
  const json::View data = body["data"];
  if (!data.is_array() || data.size() != inputs) return malformed();
  out.id = body["id"].text();
  out.model = body["model"].text();
  out.vectors.resize(inputs);
  std::size_t place = 0;
  for (const json::View one : data) {
    const auto index = one["index"].integer().value_or(static_cast<std::int64_t>(place));
    if (index < 0 || static_cast<std::size_t>(index) >= inputs) return malformed();
    Vector& vector = out.vectors[static_cast<std::size_t>(index)];
    const json::View embedding = one["embedding"];
    if (!vector.floats.empty() || !vector.base64.empty()) return malformed();  // a place twice
    if (embedding.is_array())
      vector.floats = embedding.raw();
    else if (embedding.is_string() && !embedding.text().empty())
      vector.base64 = embedding.text();
    else
      return malformed();
    ++place;
  }
  const json::View usage = body["usage"];
  out.input_tokens = read_tokens(usage["prompt_tokens"]);
  out.input_tokens.take(out.input_tokens.present ? hub::Tokens()
                                                 : read_tokens(usage["total_tokens"]));
  return {};
}

}  // namespace penstock::embedding
