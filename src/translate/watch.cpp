// Streams and answers that are relayed as they are, because both sides speak the same dialect.
#include "penstock/translate.h"
#include "translate/usage_place.h"

namespace penstock::translate {
namespace {

using dialect::dialect_of;
using hub::EventKind;

// Deltas make up nearly all of a stream, and their names say that they hold no fact.
bool is_delta(Dialect dialect, Bytes name) {
  switch (dialect) {
    case Dialect::anthropic:
      return name == "content_block_delta";
    case Dialect::openai_responses:
      return name.ends_with(".delta");
    default:
      return false;
  }
}

// Keeps the facts of a whole answer and nothing of its text.
class FactSink final : public hub::EventSink {
 public:
  explicit FactSink(AnswerFacts& facts) : facts_(facts) {}
  void on(const hub::Event& event) override {
    if (event.kind == EventKind::usage) facts_.usage.take(*event.usage);
    if (event.kind == EventKind::error) facts_.error = *event.error;
    if (event.kind == EventKind::finish && event.choice == 0) facts_.finish = event.finish;
  }

 private:
  AnswerFacts& facts_;
};

}  // namespace

StreamWatch::StreamWatch(Dialect dialect, const TargetTraits& target, Workbench& bench)
    : target_(target),
      bench_(bench),
      reader_(dialect_of(dialect).stream_reader(target_)),
      dialect_(dialect) {}

Result<> StreamWatch::look(Bytes name, Bytes data) {
  const Result<> sound = judge(name, data);
  events_ += sound.has_value();
  return sound;
}

Result<> StreamWatch::judge(Bytes name, Bytes data) {
  if (is_delta(dialect_, name)) return {};
  if (!data.starts_with('{')) {
    PENSTOCK_CHECK(reader_->word(data, *this));
  } else {
    PENSTOCK_TRY(root, bench_.document.read(data, json::Judge::answer));
    keep_usage(dialect_, name, root, reported_);
    PENSTOCK_CHECK(reader_->frame(name, root, *this));
  }
  if (!ended_ && !error_ && reader_->done()) return reader_->finish(*this);
  return {};
}

Result<> StreamWatch::finish() {
  if (ended_) return {};
  PENSTOCK_CHECK(reader_->finish(*this));
  return ended_ ? Result<>() : fail(Code::malformed, Side::upstream);
}

void StreamWatch::on(const hub::Event& event) {
  switch (event.kind) {
    case EventKind::usage:
      usage_.take(*event.usage);
      break;
    case EventKind::finish:
      if (event.choice == 0) finish_ = event.finish;
      break;
    case EventKind::error:
      error_ = *event.error;
      break;
    case EventKind::end:
      ended_ = true;
      break;
    default:
      break;
  }
}

Result<> watch_answer(Dialect dialect, Bytes body, const TargetTraits& target, Workbench& bench,
                      AnswerFacts& facts) {
  facts = {};
  FactSink sink(facts);
  PENSTOCK_TRY(root, bench.document.read(body, json::Judge::answer));
  facts.usage_reported = usage_object(dialect, {}, root).raw();
  PENSTOCK_CHECK(dialect_of(dialect).read_answer(root, target, sink));
  return facts.error ? fail(Code::upstream_bad_response, Side::upstream) : Result<>();
}

}  // namespace penstock::translate
