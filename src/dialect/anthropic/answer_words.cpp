#include "dialect/anthropic/answer_words.h"

#include "dialect/anthropic/words.h"

namespace penstock::dialect::anthropic {

void write_identity(hub::Escaped id, hub::Escaped model, const AnswerContext& context,
                    json::Writer& out) {
  out.key("id").open_string();
  if (!id.starts_with("msg_")) out.more("msg_");
  if (id.empty())
    out.more(context.request_id);
  else
    out.more_escaped(id);
  out.close_string();
  out.key("type").string("message").key("role").string("assistant").key("model");
  if (model.empty())
    out.string(context.model);
  else
    out.escaped_string(model);
}

void write_stop(hub::Finish finish, hub::Escaped text, json::Writer& out) {
  const bool sequence = finish == hub::Finish::stop_sequence && !text.empty();
  // Which sequence it was is not always told; the client asks for it by this word.
  if (finish == hub::Finish::stop_sequence && !sequence) finish = hub::Finish::stop;
  out.key("stop_reason").string(stop_reason_of(finish)).key("stop_sequence");
  if (sequence)
    out.escaped_string(text);
  else
    out.null();
  if (finish != hub::Finish::refusal || text.empty()) return;
  out.key("stop_details").begin_object().key("type").string("refusal").key("category").null();
  out.key("explanation").escaped_string(text).end_object();
}

hub::Finish finish_for(hub::Finish finish, bool calls, bool refused) {
  if (finish != hub::Finish::stop) return finish;
  if (calls) return hub::Finish::tool_calls;
  return refused ? hub::Finish::refusal : finish;
}

void append_signature(hub::Issuer issuer, hub::Escaped id, hub::Escaped signature,
                      std::string& out) {
  if (issuer != hub::Issuer::anthropic) append_carrier(issuer, id, out);
  out.append(signature);
}

void write_citation(const hub::Citation& citation, json::Writer& out) {
  if (citation.issuer == hub::Issuer::anthropic && !citation.raw.empty()) {
    out.raw(citation.raw);
    return;
  }
  out.begin_object().key("type").string("web_search_result_location");
  out.key("cited_text").escaped_string(citation.cited_text);
  out.key("url").escaped_string(citation.url).key("title").escaped_string(citation.title);
  out.key("encrypted_index").string("").end_object();
}

}  // namespace penstock::dialect::anthropic
