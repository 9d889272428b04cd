// Gemini's :embedContent and :batchEmbedContents, as a client's calls and as a provider's, and
// Vertex's older :predict. Members may be spelled in camel case or with underscores.
#include <string>

#include "dialect/embeddings/forms.h"
#include "dialect/loss.h"

namespace penstock::embedding {
namespace {

json::View either(json::View object, Bytes camel, Bytes snake) {
  const json::View found = object[camel];
  return found.exists() ? found : object[snake];
}

std::unexpected<Error> issue_at(Bytes param, Bytes reason, RequestIssue& issue) {
  issue.param = param;
  issue.reason = reason;
  return fail(reason.empty() ? Code::missing_field : Code::invalid_value, Side::client);
}

// The parts of a content object are one text when they are nothing but texts.
Result<> read_content(json::View content, Request& out, RequestIssue& issue) {
  if (!content) return issue_at("content", {}, issue);
  if (content.is_string()) {
    out.inputs.push_back({.text = content.text()});
    return {};
  }
  const json::View parts = content["parts"];
  if (!parts.is_array() && !parts.is_object())
    return issue_at("content.parts", "Must be a list of parts.", issue);
  Input input;
  std::string joined;
  std::size_t count = 0;
  const auto take = [&](json::View part) {
    const json::View text = part["text"];
    if (!text.is_string()) input.kind = Input::Kind::content;
    input.text = text.text();
    joined.append(text.text());
    ++count;
  };
  if (parts.is_object()) {
    take(parts);
  } else {
    for (const json::View part : parts) take(part);
  }
  if (count == 0) return issue_at("content.parts", "Must not be empty.", issue);
  if (count > 1) input.text = out.keep(std::move(joined));
  input.raw = content.raw();
  out.inputs.push_back(input);
  return {};
}

// One request; of a batch, all must agree in what counts for the whole call.
Result<> read_one(json::View body, Request& out, RequestIssue& issue) {
  const bool first = out.inputs.empty();
  PENSTOCK_CHECK(read_content(body["content"], out, issue));
  out.inputs.back().title = body["title"].text();
  const Task task = read_task(either(body, "taskType", "task_type"));
  const json::View size = either(body, "outputDimensionality", "output_dimensionality");
  std::optional<std::int64_t> dimensions;
  if (size) {
    dimensions = size.integer();
    if (dimensions.value_or(0) < 1)
      return issue_at("outputDimensionality", "Must be a whole number from 1.", issue);
  }
  if (!first && (task != out.task || dimensions != out.dimensions))
    return issue_at("requests", "All must ask for the same taskType and outputDimensionality.",
                    issue);
  out.task = task;
  out.dimensions = dimensions;
  out.issuer = hub::Issuer::gemini;
  if (!first) return {};
  for (const json::View value : body) {
    const bool known = value.key_is("model") || value.key_is("content") ||
                       value.key_is("taskType") || value.key_is("task_type") ||
                       value.key_is("title") || value.key_is("outputDimensionality") ||
                       value.key_is("output_dimensionality") || value.is_null();
    if (!known) out.extra.push_back({value.key(), value.raw()});
  }
  return {};
}

Bytes word_of(Task task) {
  switch (task) {
    case Task::unset:
      return {};
    case Task::query:
      return "RETRIEVAL_QUERY";
    case Task::document:
      return "RETRIEVAL_DOCUMENT";
    case Task::similarity:
      return "SEMANTIC_SIMILARITY";
    case Task::classification:
      return "CLASSIFICATION";
    case Task::clustering:
      return "CLUSTERING";
    case Task::question_answering:
      return "QUESTION_ANSWERING";
    case Task::fact_verification:
      return "FACT_VERIFICATION";
    case Task::code_query:
      return "CODE_RETRIEVAL_QUERY";
  }
  PENSTOCK_UNREACHABLE();
}

Result<> need_no_tokens(const Call& call) {
  for (const Input& one : call.request.inputs) {
    if (one.kind == Input::Kind::tokens) return need_texts(call);
  }
  return {};
}

// The members of one request, without its brackets.
void write_one(const Call& call, const Input& input) {
  json::Composer& out = call.out;
  if (!call.target.on_vertex) {
    out.key("model").open_string();
    if (!call.target.model.starts_with("models/")) out.more("models/");
    out.more(call.target.model).close_string();
  }
  out.key("content");
  if (input.kind == Input::Kind::content) {
    out.raw(input.raw);
  } else {
    out.begin_object().key("parts").begin_array().begin_object();
    out.key("text").escaped_string(input.text).end_object().end_array().end_object();
  }
  if (const Bytes task = word_of(call.request.task); !task.empty())
    out.key("taskType").string(task);
  if (!input.title.empty()) out.key("title").escaped_string(input.title);
  if (call.request.dimensions) out.key("outputDimensionality").integer(*call.request.dimensions);
}

}  // namespace

Result<> read_gemini_request(json::View body, Request& out, RequestIssue& issue) {
  return read_one(body, out, issue);
}

Result<> read_gemini_batch(json::View body, Request& out, RequestIssue& issue) {
  const json::View requests = body["requests"];
  if (!requests) return issue_at("requests", {}, issue);
  if (!requests.is_array() || requests.empty())
    return issue_at("requests", "Must be a list of requests.", issue);
  out.list = true;
  for (const json::View one : requests) PENSTOCK_CHECK(read_one(one, out, issue));
  return {};
}

Result<> write_gemini_answer(bool batch, const Answer& answer, json::Composer& out) {
  out.begin_object();
  if (batch) out.key("embeddings").begin_array();
  for (const Vector& vector : answer.vectors) {
    if (!batch) out.key("embedding");
    out.begin_object().key("values");
    PENSTOCK_CHECK(write_floats(vector, out));
    out.end_object();
  }
  if (batch) out.end_array();
  if (answer.input_tokens.present) {
    out.key("usageMetadata").begin_object().key("promptTokenCount");
    out.unsigned_integer(answer.input_tokens.value).end_object();
  }
  out.end_object();
  return {};
}

Result<> write_gemini_call(const Call& call) {
  PENSTOCK_CHECK(need_no_tokens(call));
  call.out.begin_object();
  for (const Input& one : call.request.inputs) write_one(call, one);
  PENSTOCK_CHECK(write_extras(call, {}));
  call.out.end_object();
  return {};
}

Result<> write_gemini_batch_call(const Call& call) {
  PENSTOCK_CHECK(need_no_tokens(call));
  call.out.begin_object().key("requests").begin_array();
  for (const Input& one : call.request.inputs) {
    call.out.begin_object();
    write_one(call, one);
    call.out.end_object();
  }
  call.out.end_array();
  PENSTOCK_CHECK(write_extras(call, {}));
  call.out.end_object();
  return {};
}

Result<> write_vertex_call(const Call& call) {
  PENSTOCK_CHECK(need_texts(call));
  json::Composer& out = call.out;
  out.begin_object().key("instances").begin_array();
  for (const Input& one : call.request.inputs) {
    out.begin_object().key("content").escaped_string(one.text);
    const Bytes task = word_of(call.request.task);
    if (!task.empty()) out.key("task_type").string(task);
    if (!one.title.empty()) out.key("title").escaped_string(one.title);
    out.end_object();
  }
  out.end_array();
  if (call.request.dimensions) {
    out.key("parameters").begin_object().key("outputDimensionality");
    out.integer(*call.request.dimensions).end_object();
  }
  PENSTOCK_CHECK(write_extras(call, {}));
  out.end_object();
  return {};
}

Result<> read_gemini_answer(json::View body, Answer& out) {
  const auto take = [&](json::View embedding) {
    if (!embedding["values"].is_array()) return false;
    out.vectors.push_back({.floats = embedding["values"].raw()});
    return true;
  };
  if (body["embedding"]) {
    if (!take(body["embedding"])) return malformed();
  } else {
    for (const json::View one : body["embeddings"]) {
      if (!take(one)) return malformed();
    }
  }
  out.input_tokens = read_tokens(body["usageMetadata"]["promptTokenCount"]);
  return {};
}

Result<> read_vertex_answer(json::View body, Answer& out) {
  for (const json::View one : body["predictions"]) {
    const json::View embeddings = one["embeddings"];
    if (!embeddings["values"].is_array()) return malformed();
    out.vectors.push_back({.floats = embeddings["values"].raw()});
    const hub::Tokens tokens = read_tokens(embeddings["statistics"]["token_count"]);
    if (tokens.present) out.input_tokens = out.input_tokens.value + tokens.value;
  }
  return {};
}

}  // namespace penstock::embedding
