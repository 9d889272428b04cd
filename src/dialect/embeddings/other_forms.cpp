// The forms that only providers have: Cohere's /v2/embed, Ollama's /api/embed, and Titan's and
// Cohere's models behind Bedrock's InvokeModel.
#include "dialect/embeddings/forms.h"
#include "dialect/loss.h"

namespace penstock::embedding {
namespace {

// Cohere must be told what the vectors are for. Of a task that it does not know the nearest one is
// told, and nothing said means documents, which is what most calls are about.
Bytes cohere_word(Task task) {
  switch (task) {
    case Task::query:
    case Task::question_answering:
    case Task::fact_verification:
    case Task::code_query:
      return "search_query";
    case Task::classification:
      return "classification";
    case Task::similarity:
    case Task::clustering:
      return "clustering";
    case Task::unset:
    case Task::document:
      return "search_document";
  }
  PENSTOCK_UNREACHABLE();
}

bool is_cohere_task(Task task) {
  return task == Task::query || task == Task::document || task == Task::classification ||
         task == Task::clustering;
}

Result<> write_cohere_members(const Call& call) {
  PENSTOCK_CHECK(need_texts(call));
  json::Composer& out = call.out;
  out.key("texts").begin_array();
  for (const Input& one : call.request.inputs) out.escaped_string(one.text);
  out.end_array().key("input_type").string(cohere_word(call.request.task));
  if (!is_cohere_task(call.request.task)) call.losses.emulate("input_type");
  out.key("embedding_types").begin_array().string("float").end_array();
  if (call.request.dimensions) out.key("output_dimension").integer(*call.request.dimensions);
  return write_extras(call, {"truncate", "max_tokens", "priority"});
}

}  // namespace

Result<> write_cohere_call(const Call& call) {
  call.out.begin_object().key("model").string(call.target.model);
  PENSTOCK_CHECK(write_cohere_members(call));
  call.out.end_object();
  return {};
}

Result<> write_bedrock_cohere_call(const Call& call) {
  call.out.begin_object();
  PENSTOCK_CHECK(write_cohere_members(call));
  call.out.end_object();
  return {};
}

// {"embeddings":{"float":[[…]]}}, or {"embeddings":[[…]]} of older models at Bedrock.
Result<> read_cohere_answer(json::View body, Answer& out) {
  const json::View embeddings = body["embeddings"];
  PENSTOCK_CHECK(read_vectors(embeddings.is_array() ? embeddings : embeddings["float"], out));
  out.id = body["id"].text();
  out.input_tokens = read_tokens(body["meta"]["billed_units"]["input_tokens"]);
  return {};
}

Result<> write_titan_call(const Call& call) {
  PENSTOCK_CHECK(need_texts(call));
  json::Composer& out = call.out;
  out.begin_object();
  for (const Input& one : call.request.inputs) out.key("inputText").escaped_string(one.text);
  // The first generation has one size only.
  const bool sized = call.target.base_model.find("titan-embed-text-v1") == Bytes::npos;
  if (call.request.dimensions && sized)
    out.key("dimensions").integer(*call.request.dimensions);
  else if (call.request.dimensions)
    PENSTOCK_CHECK(lose("dimensions", call.target, call.losses));
  if (call.request.task != Task::unset)
    PENSTOCK_CHECK(lose("input_type", call.target, call.losses));
  PENSTOCK_CHECK(write_extras(call, {"normalize"}));
  out.end_object();
  return {};
}

Result<> read_titan_answer(json::View body, Answer& out) {
  const json::View embedding = body["embedding"];
  if (!embedding.is_array()) return malformed();
  out.vectors.push_back({.floats = embedding.raw()});
  out.input_tokens = read_tokens(body["inputTextTokenCount"]);
  return {};
}

Result<> write_ollama_call(const Call& call) {
  PENSTOCK_CHECK(need_texts(call));
  json::Composer& out = call.out;
  out.begin_object().key("model").string(call.target.model).key("input").begin_array();
  for (const Input& one : call.request.inputs) out.escaped_string(one.text);
  out.end_array();
  if (call.request.dimensions) out.key("dimensions").integer(*call.request.dimensions);
  if (call.request.task != Task::unset)
    PENSTOCK_CHECK(lose("input_type", call.target, call.losses));
  PENSTOCK_CHECK(write_extras(call, {"truncate", "keep_alive"}));
  out.end_object();
  return {};
}

Result<> read_ollama_answer(json::View body, Answer& out) {
  PENSTOCK_CHECK(read_vectors(body["embeddings"], out));
  out.model = body["model"].text();
  out.input_tokens = read_tokens(body["prompt_eval_count"]);
  return {};
}

}  // namespace penstock::embedding
