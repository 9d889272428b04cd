#include "dialect/openai_chat/envelope.h"

namespace penstock::dialect::openai_chat {
namespace {

constexpr std::size_t word_bytes_max = 256;

hub::Escaped bounded(hub::Escaped word) {
  return word.size() <= word_bytes_max ? word : hub::Escaped();
}

}  // namespace

void open_envelope(const Envelope& envelope, const AnswerContext& context, json::Writer& out) {
  const hub::Escaped id = bounded(envelope.id);
  const hub::Escaped model = bounded(envelope.model);
  out.begin_object().key("id").open_string();
  if (!id.starts_with(envelope.id_prefix)) out.more_escaped(envelope.id_prefix);
  out.more_escaped(id.empty() ? context.request_id : id).close_string();
  out.key("object").string(envelope.object);
  out.key("created").integer(envelope.created != 0 ? envelope.created : context.created);
  out.key("model");
  if (model.empty())
    out.string(context.model);
  else
    out.escaped_string(model);
  if (const auto tier = bounded(envelope.tier); !tier.empty())
    out.key("service_tier").escaped_string(tier);
  if (const auto print = bounded(envelope.fingerprint); !print.empty())
    out.key("system_fingerprint").escaped_string(print);
}

}  // namespace penstock::dialect::openai_chat
