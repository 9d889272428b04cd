// Streams: frames are cut, read once, and what they say is written for the client.
#include <array>

#include "penstock/translate.h"
#include "translate/frames.h"
#include "translate/tool_names.h"
#include "translate/usage_place.h"

namespace penstock::translate {

using dialect::dialect_of;
using hub::EventKind;

StreamTranslation::StreamTranslation(Dialect client, Dialect provider, const TargetTraits& target,
                                     const AnswerContext& context, Workbench& bench,
                                     std::size_t event_bytes_max)
    : target_(target),
      context_(context),
      bench_(bench),
      provider_(provider),
      frames_(make_frames(dialect_of(provider).framing, target_, event_bytes_max)),
      reader_(dialect_of(provider).stream_reader(target_)),
      writer_(dialect_of(client).stream_writer(context_, output_)) {
  output_.keep_on_one_line();
  NamesBack names(provider, context.request);
  if (!names.empty()) names_ = std::make_unique<NamesBack>(std::move(names));
}

StreamTranslation::~StreamTranslation() = default;

Result<> StreamTranslation::feed(Bytes chunk) {
  if (over()) return {};  // what a provider says behind its last word is dropped
  return judged(read_chunk(chunk));
}

Result<> StreamTranslation::finish() {
  if (over()) return {};
  return judged(read_end());
}

Result<> StreamTranslation::whole(Bytes body) {
  if (over()) return {};
  return judged(read_whole(body));
}

Result<> StreamTranslation::judged(Result<> step) {
  if (step && !output_.fits()) step = penstock::fail(Code::too_large, Side::upstream);
  if (!step) failed_ = true;
  return step;
}

Result<> StreamTranslation::read_chunk(Bytes chunk) {
  frames_->feed(chunk);
  for (Frame frame;;) {
    PENSTOCK_TRY(more, frames_->next(frame));
    if (!more) return {};
    PENSTOCK_CHECK(read_frame(frame.name, frame.data));
    if (!over() && reader_->done()) PENSTOCK_CHECK(complete());
    if (over()) return {};
  }
}

Result<> StreamTranslation::read_end() {
  Frame frame;
  PENSTOCK_TRY(more, frames_->last(frame));
  if (more) PENSTOCK_CHECK(read_frame(frame.name, frame.data));
  return over() ? Result<>() : complete();
}

Result<> StreamTranslation::read_whole(Bytes body) {
  PENSTOCK_TRY(root, bench_.document.read(body, json::Judge::answer));
  keep_usage(provider_, {}, root, reported_);
  PENSTOCK_CHECK(dialect_of(provider_).read_answer(root, target_, *this));
  return over() ? Result<>() : penstock::fail(Code::malformed, Side::upstream);
}

// Everything a dialect says is a JSON object, apart from the word that ends OpenAI's streams.
Result<> StreamTranslation::read_frame(Bytes name, Bytes data) {
  if (!data.starts_with('{')) return reader_->word(data, *this);
  PENSTOCK_TRY(root, bench_.document.read(data, json::Judge::answer));
  keep_usage(provider_, name, root, reported_);
  return reader_->frame(name, root, *this);
}

// The reader gives what it held back: finish reasons, usage and the end.
Result<> StreamTranslation::complete() {
  PENSTOCK_CHECK(reader_->finish(*this));
  return over() ? Result<>() : penstock::fail(Code::malformed, Side::upstream);
}

void StreamTranslation::on(const hub::Event& event) {
  if (over()) return;
  switch (event.kind) {
    case EventKind::error:
      take_error(*event.error);
      return;
    case EventKind::ping:
      if (!started_) return;
      break;
    case EventKind::usage:
      usage_.take(*event.usage);
      break;
    case EventKind::finish:
      if (event.choice == 0) finish_ = event.finish;
      break;
    case EventKind::end:
      ended_ = true;
      break;
    default:
      break;
  }
  started_ = true;
  if (names_ == nullptr || event.kind != EventKind::tool_open)
    writer_->on(event);
  else
    NamingSink(*names_, *writer_).on(event);
}

void StreamTranslation::take_error(const hub::ErrorNote& error) {
  error_ = error;
  // The words are kept: the frame they stand in is gone soon.
  const std::array<Bytes*, 5> views{&error_->message, &error_->type, &error_->code, &error_->param,
                                    &error_->request_id};
  std::size_t bytes = 0;
  for (const Bytes* view : views) bytes += view->size();
  error_text_.reserve(bytes);
  for (Bytes* view : views) {
    const std::size_t from = error_text_.size();
    error_text_.append(*view);
    *view = Bytes(error_text_).substr(from);
  }
  if (started_) fail(*error_);
}

void StreamTranslation::fail(const hub::ErrorNote& error) {
  if (ended_ || told_) return;
  failed_ = told_ = true;
  writer_->fail(error);
}

void StreamTranslation::heartbeat() {
  if (started_ && !over()) writer_->heartbeat();
}

}  // namespace penstock::translate
