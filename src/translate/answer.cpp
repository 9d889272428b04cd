// Whole answers and errors.
#include "penstock/translate.h"
#include "translate/tool_names.h"
#include "translate/usage_place.h"

namespace penstock::translate {
namespace {

using dialect::dialect_of;

hub::ErrorNote note_of(const hub::Answer& answer) {
  hub::ErrorNote note;
  note.kind = *answer.error;
  note.message = answer.error_message;
  note.type = answer.error_type;
  note.code = answer.error_code;
  return note;
}

}  // namespace

Result<> translate_answer(Dialect client, Dialect provider, Bytes body, const TargetTraits& target,
                          const AnswerContext& context, Workbench& bench, json::Composer& out,
                          AnswerFacts& facts) {
  PENSTOCK_ASSERT(is_client_dialect(client) && is_provider_dialect(provider));
  out.clear();
  facts = {};
  hub::Fold& fold = bench.fold.emplace();
  PENSTOCK_TRY(root, bench.document.read(body, json::Judge::answer));
  facts.usage_reported = usage_object(provider, {}, root).raw();
  const NamesBack names(provider, context.request);
  NamingSink naming(names, fold);
  PENSTOCK_CHECK(dialect_of(provider).read_answer(
      root, target, names.empty() ? static_cast<hub::EventSink&>(fold) : naming));
  const hub::Answer& answer = fold.answer();
  facts.usage = answer.usage;
  if (!answer.choices.empty()) facts.finish = answer.choices.front().finish;
  if (answer.error) {
    facts.error = note_of(answer);
    return fail(Code::upstream_bad_response, Side::upstream);
  }
  if (!fold.fits()) return fail(Code::too_large, Side::upstream);
  dialect_of(client).write_answer(answer, context, out);
  if (!out.fits()) return fail(Code::too_large, Side::upstream);
  return {};
}

void read_error(Dialect provider, std::uint16_t status, Bytes body, Workbench& bench,
                hub::ErrorNote& out) {
  PENSTOCK_ASSERT(is_provider_dialect(provider));
  const hub::Escaped named = out.type;
  out = {};
  out.status = status;
  out.type = named;
  // A page of HTML or nothing at all is an error too.
  const auto root = bench.document.read(body, json::Judge::answer);
  dialect_of(provider).read_error(status, root ? *root : json::View(), out);
  if (out.message.empty()) out.message = "The provider answered with an error and no message.";
}

void write_error(Dialect client, const hub::ErrorNote& error, json::Composer& out) {
  PENSTOCK_ASSERT(is_client_dialect(client));
  out.clear();
  dialect_of(client).write_error(error, out);
}

}  // namespace penstock::translate
