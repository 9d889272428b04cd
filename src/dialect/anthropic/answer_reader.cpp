#include "dialect/anthropic/answer_reader.h"

#include "dialect/anthropic/answer_events.h"
#include "dialect/anthropic/errors.h"

namespace penstock::dialect::anthropic {
namespace {

std::unexpected<Error> broken() {
  return fail(Code::malformed, Side::upstream);
}

void emit_error(json::View body, hub::EventSink& out) {
  hub::ErrorNote note;
  read_error(0, body, note);
  out.on({.kind = hub::EventKind::error, .error = &note});
}

class Reader final : public StreamReader {
 public:
  Result<> frame(Bytes name, json::View data, hub::EventSink& out) override;
  Result<> finish(hub::EventSink&) override { return done_ ? Result<>() : broken(); }
  bool done() const override { return done_; }

 private:
  Result<> start(json::View message, hub::EventSink& out);

  AnswerEvents answer_;
  bool done_ = false;
};

// Names of events and their data say the same; the data decide, since some servers of this dialect
// name nothing. What comes after the end is of no interest.
Result<> Reader::frame(Bytes name, json::View data, hub::EventSink& out) {
  if (done_) return {};
  if (!data.is_object()) return broken();
  const json::View typed = data["type"];
  const Bytes type = typed.is_string() ? typed.text() : name;
  if (type == "content_block_delta") return answer_.delta(data["delta"], out);
  if (type == "content_block_start") {
    if (!answer_.begun() || !data["content_block"].is_object()) return broken();
    PENSTOCK_CHECK(answer_.close(out));
    answer_.open(data["content_block"], out);
  } else if (type == "content_block_stop") {
    return answer_.close(out);
  } else if (type == "message_start") {
    return start(data["message"], out);
  } else if (type == "message_delta") {
    if (!answer_.begun()) return broken();
    // A call that the limit cut was seen without an end of its own.
    PENSTOCK_CHECK(answer_.close(out));
    answer_.stop(data["delta"]);
    answer_.take_usage(data["usage"]);
  } else if (type == "message_stop") {
    if (!answer_.begun()) return broken();
    PENSTOCK_CHECK(answer_.close(out));
    answer_.end(out);
    done_ = true;
  } else if (type == "ping") {
    out.on({.kind = hub::EventKind::ping});
  } else if (type == "error") {
    emit_error(data, out);
    done_ = true;
  }
  return {};
}

// A repeated start is passed over. One of another message means that the answer began anew after a
// part of it went out: what the client has is then no answer.
Result<> Reader::start(json::View message, hub::EventSink& out) {
  if (!message.is_object()) return broken();
  if (answer_.begun()) return answer_.same_message(message) ? Result<>() : broken();
  answer_.begin(message, out);
  return {};
}

}  // namespace

Result<> read_answer(json::View body, const TargetTraits&, hub::EventSink& out) {
  if (body["type"].is("error") || (body["error"].is_object() && !body["content"].exists())) {
    emit_error(body, out);
    return {};
  }
  const json::View content = body["content"];
  if (!content.is_array()) return broken();
  AnswerEvents answer;
  answer.begin(body, out);
  for (const json::View block : content) {
    if (!block.is_object()) return broken();
    answer.open(block, out);
    PENSTOCK_CHECK(answer.close(out));
  }
  answer.stop(body);
  answer.end(out);
  return {};
}

std::unique_ptr<StreamReader> stream_reader(const TargetTraits&) {
  return std::make_unique<Reader>();
}

}  // namespace penstock::dialect::anthropic
