#include "dialect/gemini/count_tokens.h"

#include "dialect/count_form.h"
#include "dialect/gemini/gemini.h"

namespace penstock::dialect {

Result<> read_gemini_count_request(json::View body, hub::Request& out, RequestIssue& issue) {
  const json::View wrapped =
      gemini::member(body, "generateContentRequest", "generate_content_request");
  return gemini::read_request(wrapped ? wrapped : body, out, issue);
}

void write_gemini_count(std::uint64_t total, hub::Tokens cached, json::Composer& out) {
  out.begin_object().key("totalTokens").unsigned_integer(total);
  if (cached.present) out.key("cachedContentTokenCount").unsigned_integer(cached.value);
  out.key("promptTokensDetails").begin_array().begin_object();
  out.key("modality").string("TEXT").key("tokenCount").unsigned_integer(total);
  out.end_object().end_array().end_object();
}

Result<> write_gemini_count_request(const hub::Request& request, const TargetTraits& target,
                                    json::Composer& out, Losses& losses) {
  if (target.on_vertex) {
    out.begin_object();
    PENSTOCK_CHECK(write_members(gemini::write_request,
                                 {"contents", "systemInstruction", "tools", "generationConfig"},
                                 request, target, out, losses));
    out.end_object();
    return {};
  }
  out.begin_object().key("generateContentRequest").begin_object();
  out.key("model").open_string();
  if (!target.model.starts_with("models/") && !target.model.starts_with("tunedModels/")) {
    out.more("models/");
  }
  out.more(target.model).close_string();
  PENSTOCK_CHECK(gemini::write_request_members(request, target, out, losses));
  out.end_object().end_object();
  return {};
}

std::optional<std::uint64_t> read_gemini_count(json::View body) {
  return count_of(body["totalTokens"]);
}

}  // namespace penstock::dialect
