// Chooses the form, and what the forms share.
#include "dialect/embeddings/forms.h"

#include <algorithm>
#include <array>
#include <utility>

#include "dialect/loss.h"

namespace penstock::embedding {

std::unexpected<Error> malformed() {
  return fail(Code::malformed, Side::upstream);
}

hub::Tokens read_tokens(json::View figure) {
  const auto value = figure.integer();
  return value && *value >= 0 ? hub::Tokens(static_cast<std::uint64_t>(*value)) : hub::Tokens();
}

Result<> read_vectors(json::View list, Answer& out) {
  if (!list.is_array()) return malformed();
  for (const json::View one : list) {
    if (!one.is_array()) return malformed();
    out.vectors.push_back({.floats = one.raw()});
  }
  return {};
}

Task read_task(json::View word) {
  static constexpr std::array<std::pair<Bytes, Task>, 17> words{{
      {"query", Task::query},
      {"search_query", Task::query},
      {"RETRIEVAL_QUERY", Task::query},
      {"document", Task::document},
      {"passage", Task::document},
      {"search_document", Task::document},
      {"RETRIEVAL_DOCUMENT", Task::document},
      {"similarity", Task::similarity},
      {"SEMANTIC_SIMILARITY", Task::similarity},
      {"classification", Task::classification},
      {"CLASSIFICATION", Task::classification},
      {"clustering", Task::clustering},
      {"CLUSTERING", Task::clustering},
      {"QUESTION_ANSWERING", Task::question_answering},
      {"FACT_VERIFICATION", Task::fact_verification},
      {"CODE_RETRIEVAL_QUERY", Task::code_query},
      {"TASK_TYPE_UNSPECIFIED", Task::unset},
  }};
  const auto found =
      std::ranges::find_if(words, [&](const auto& one) { return word.is(one.first); });
  return found == words.end() ? Task::unset : found->second;
}

Result<> need_texts(const Call& call) {
  for (const Input& one : call.request.inputs) {
    if (one.kind == Input::Kind::tokens)
      return refuse("input", "The target has another tokenizer: send texts, not token numbers.",
                    call.losses);
    if (one.kind == Input::Kind::content)
      return refuse("input", "The target takes texts only.", call.losses);
  }
  return {};
}

Result<> lose_user(const Call& call) {
  return call.request.user.empty() ? Result<>{} : lose("user", call.target, call.losses);
}

Result<> write_extras(const Call& call, std::initializer_list<Bytes> known) {
  PENSTOCK_CHECK(lose_user(call));
  for (const hub::Extra& one : call.request.extra) {
    const bool understood =
        call.request.task != Task::unset && (one.key == "task" || one.key == "input_type");
    if (std::ranges::find(known, one.key) != known.end())
      call.out.key(one.key).raw(one.value);
    else if (!understood)
      PENSTOCK_CHECK(lose(one.key, call.target, call.losses));
  }
  return {};
}

std::size_t inputs_max(ProviderForm form) {
  switch (form) {
    case ProviderForm::openai:
      return 2048;
    case ProviderForm::gemini:
    case ProviderForm::bedrock_titan:
      return 1;
    case ProviderForm::gemini_batch:
      return 100;
    case ProviderForm::vertex_predict:
      return 250;
    case ProviderForm::cohere:
    case ProviderForm::bedrock_cohere:
      return 96;
    case ProviderForm::mistral:
    case ProviderForm::ollama:
      return 0;
  }
  PENSTOCK_UNREACHABLE();
}

Result<> read_request(ClientForm form, json::View body, Request& out, RequestIssue& issue) {
  if (!body.is_object()) {
    issue.reason = "The body must be a JSON object.";
    return fail(Code::invalid_value, Side::client);
  }
  switch (form) {
    case ClientForm::openai:
      return read_openai_request(body, out, issue);
    case ClientForm::gemini:
      return read_gemini_request(body, out, issue);
    case ClientForm::gemini_batch:
      return read_gemini_batch(body, out, issue);
  }
  PENSTOCK_UNREACHABLE();
}

Result<> write_request(ProviderForm form, const Request& request, const TargetTraits& target,
                       json::Composer& out, Losses& losses) {
  const std::size_t most = inputs_max(form);
  if (most != 0 && request.inputs.size() > most)
    return refuse("input", "The target does not take so many inputs in one call: send fewer.",
                  losses);
  const Call call{request, target, out, losses};
  switch (form) {
    case ProviderForm::openai:
      return write_openai_call(call);
    case ProviderForm::mistral:
      return write_mistral_call(call);
    case ProviderForm::gemini:
      return write_gemini_call(call);
    case ProviderForm::gemini_batch:
      return write_gemini_batch_call(call);
    case ProviderForm::vertex_predict:
      return write_vertex_call(call);
    case ProviderForm::cohere:
      return write_cohere_call(call);
    case ProviderForm::ollama:
      return write_ollama_call(call);
    case ProviderForm::bedrock_titan:
      return write_titan_call(call);
    case ProviderForm::bedrock_cohere:
      return write_bedrock_cohere_call(call);
  }
  PENSTOCK_UNREACHABLE();
}

namespace {

Result<> read_by_form(ProviderForm form, json::View body, std::size_t inputs, Answer& out) {
  switch (form) {
    case ProviderForm::openai:
    case ProviderForm::mistral:
      return read_openai_answer(body, inputs, out);
    case ProviderForm::gemini:
    case ProviderForm::gemini_batch:
      return read_gemini_answer(body, out);
    case ProviderForm::vertex_predict:
      return read_vertex_answer(body, out);
    case ProviderForm::cohere:
    case ProviderForm::bedrock_cohere:
      return read_cohere_answer(body, out);
    case ProviderForm::ollama:
      return read_ollama_answer(body, out);
    case ProviderForm::bedrock_titan:
      return read_titan_answer(body, out);
  }
  PENSTOCK_UNREACHABLE();
}

}  // namespace

Result<> read_answer(ProviderForm form, json::View body, std::size_t inputs, Answer& out) {
  PENSTOCK_CHECK(read_by_form(form, body, inputs, out));
  if (out.vectors.size() != inputs) return malformed();
  return {};
}

Result<> write_answer(ClientForm form, const Request& request, const Answer& answer, Bytes model,
                      json::Composer& out) {
  if (form == ClientForm::openai) return write_openai_answer(request, answer, model, out);
  return write_gemini_answer(form == ClientForm::gemini_batch, answer, out);
}

}  // namespace penstock::embedding
