// Exchanges that ask for embeddings, a ranking or a moderation in another form than the target has
// (`SideCall`). Where both sides have the same form none of this runs.
#include "gateway/exchange.h"
#include "gateway/translation.h"

namespace penstock {
namespace {

std::unexpected<Error> bad_answer() {
  return fail(Code::upstream_bad_response, Side::upstream, Retry::yes);
}

}  // namespace

// Writes the call for the target of this attempt; it is read at the first one.
Result<> Exchange::write_side_request() {
  Translation& own = *translation_;
  stream_ = false;  // a member of that name means nothing here
  if (!own.side) PENSTOCK_CHECK(read_side_request());
  const Result<> written = own.side->write(provider(), target(), own.traits, own.body, own.losses);
  if (!written) {
    param_ = own.losses.refused;
    reason_ = own.losses.reason;
    return written;
  }
  if (!own.body.fits()) return fail(Code::body_too_large, Side::client);
  own.write_dropped();
  return {};
}

Result<> Exchange::read_side_request() {
  Translation& own = *translation_;
  // What is read views the body, which must stay where it is from here on.
  if (!upload_->settle(client(), true)) return fail(Code::overloaded);
  PENSTOCK_TRY(root, shard_.bench.document.read(upload_->body(), json::Judge::request));
  auto call = std::make_unique<SideCall>(endpoint_);
  const Result<> read = call->read(root, own.issue);
  if (!read) {
    set_param(own.issue.param);
    reason_ = own.issue.reason;
    return read;
  }
  call->forget(upload_->body(), upload_->facts);
  own.side = std::move(call);
  return {};
}

Result<> Exchange::relay_side_answer(Bytes body) {
  Translation& own = *translation_;
  own.answer.clear();
  const auto root = shard_.bench.document.read(body, json::Judge::answer);
  if (!root) return bad_answer();
  hub::Usage usage;
  const Result<> written =
      own.side->write_answer(*root, request_id_.view(), target().upstream_model, own.answer, usage);
  if (!written || !own.answer.fits()) return bad_answer();
  take_usage(usage, hub::Finish::none);
  const json::View told = (*root)["usage"];
  keep_usage(told.is_object() ? told.raw() : (*root)["usageMetadata"].raw());
  usage_.completion_tokens = {};  // nothing is generated
  return send_answer(own.answer.text());
}

// In which dialect the provider tells its errors. What a target is called by for conversations says
// nothing about other services.
dialect::Dialect Exchange::error_dialect() const {
  if (counts()) return count_dialect();
  return is_side(endpoint_) ? facts_of(provider().kind).chat : target().dialect;
}

}  // namespace penstock
