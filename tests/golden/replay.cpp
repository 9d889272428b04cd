#include "replay.h"

#include <random>

#include "translate/frames.h"

namespace golden {
namespace {

using namespace penstock;
using translate::Workbench;

Workbench& bench() {
  static Workbench one;
  return one;
}

std::string words(const hub::ErrorNote& note) {
  return std::to_string(static_cast<int>(note.kind)) + ": " + std::string(note.message);
}

// Moves what is there to send.
void drain(translate::StreamTranslation& stream, Outcome& out) {
  out.output += stream.output();
  stream.drained();
}

void settle(const translate::StreamTranslation& stream, Outcome& out) {
  out.started = stream.started();
  out.usage = stream.usage();
  out.finish = stream.finish_reason();
  if (stream.error() != nullptr) out.told_error = words(*stream.error());
}

// Gives frames to a reader as StreamTranslation does.
Result<> read_frames(const Exchange& exchange, Bytes body, hub::Fold& sink) {
  const auto& table = dialect::dialect_of(exchange.provider);
  const auto frames = translate::make_frames(table.framing, exchange.target, sse::event_bytes_max);
  const auto reader = table.stream_reader(exchange.target);
  json::Document document;
  translate::Frame frame;
  const auto take = [&]() -> Result<> {
    if (!frame.data.starts_with('{')) return reader->word(frame.data, sink);
    PENSTOCK_TRY(root, document.read(frame.data, json::Judge::answer));
    return reader->frame(frame.name, root, sink);
  };
  frames->feed(body);
  while (!reader->done()) {
    PENSTOCK_TRY(more, frames->next(frame));
    if (!more) break;
    PENSTOCK_CHECK(take());
  }
  if (!reader->done()) {
    PENSTOCK_TRY(more, frames->last(frame));
    if (more) PENSTOCK_CHECK(take());
  }
  if (sink.answer().error || sink.answer().ended) return {};
  return reader->finish(sink);
}

void write_fold(const Exchange& exchange, const Folded& folded, Outcome& out) {
  const hub::Answer& answer = folded.fold.answer();
  out.good = folded.good;
  out.usage = answer.usage;
  if (!answer.choices.empty()) out.finish = answer.choices.front().finish;
  if (answer.error) {
    out.told_error = std::to_string(static_cast<int>(*answer.error)) + ": " + answer.error_message;
    return;
  }
  if (!folded.good) return;
  json::Composer text;
  dialect::dialect_of(exchange.client).write_answer(answer, exchange.context, text);
  out.good = text.fits();
  out.output = text.text();
}

}  // namespace

Cuts cut_nowhere(std::string_view body) {
  return {body.size()};
}

Cuts cut_everywhere(std::string_view body) {
  Cuts cuts;
  for (std::size_t end = 1; end <= body.size(); ++end) cuts.push_back(end);
  return cuts;
}

Cuts cut_randomly(std::string_view body, std::uint32_t seed, std::size_t largest) {
  std::mt19937 random(seed);
  Cuts cuts;
  for (std::size_t end = 0; end < body.size();) {
    end = std::min(body.size(), end + 1 + random() % largest);
    cuts.push_back(end);
  }
  return cuts;
}

Exchange exchange(Dialect client, Dialect provider, const TargetTraits& target,
                  const hub::Request& request) {
  Exchange out{.client = client, .provider = provider, .target = target};
  out.context.request_id = "0123456789abcdef";
  out.context.model = target.model;
  out.context.created = 1'700'000'000;
  out.context.include_usage = true;
  out.context.input_tokens_estimate = 17;
  out.context.request = &request;
  return out;
}

Outcome replay_stream(const Exchange& exchange, std::string_view body, const Cuts& cuts) {
  Outcome out;
  translate::StreamTranslation stream(exchange.client, exchange.provider, exchange.target,
                                      exchange.context, bench());
  std::size_t from = 0;
  for (const std::size_t end : cuts) {
    // A copy of its own: a view that outlives its chunk would show under the sanitizers.
    const std::string chunk(body.substr(from, end - from));
    from = end;
    out.good = stream.feed(chunk).has_value();
    drain(stream, out);
    if (!out.good) break;
  }
  if (cuts.empty()) out.good = true;
  if (out.good) {
    out.good = stream.finish().has_value();
    drain(stream, out);
  }
  settle(stream, out);
  return out;
}

Outcome replay_whole(const Exchange& exchange, std::string_view body) {
  Outcome out;
  json::Composer text;
  translate::AnswerFacts facts;
  const auto done =
      translate::translate_answer(exchange.client, exchange.provider, body, exchange.target,
                                  exchange.context, bench(), text, facts);
  out.good = done.has_value();
  if (out.good) out.output = text.text();
  out.usage = facts.usage;
  out.finish = facts.finish;
  if (facts.error) out.told_error = words(*facts.error);
  return out;
}

Outcome replay_whole_as_stream(const Exchange& exchange, std::string_view body) {
  Outcome out;
  translate::StreamTranslation stream(exchange.client, exchange.provider, exchange.target,
                                      exchange.context, bench());
  out.good = stream.whole(body).has_value();
  drain(stream, out);
  settle(stream, out);
  return out;
}

Outcome replay_stream_as_whole(const Exchange& exchange, std::string_view body) {
  Outcome out;
  Folded folded;
  fold_stream(exchange, body, folded);
  write_fold(exchange, folded, out);
  return out;
}

void fold_stream(const Exchange& exchange, std::string_view body, Folded& out) {
  out.good = read_frames(exchange, body, out.fold).has_value() && out.fold.fits();
}

void fold_whole(const Exchange& exchange, std::string_view body, Folded& out) {
  json::Document document;
  const auto root = document.read(body, json::Judge::answer);
  out.good = root && dialect::dialect_of(exchange.provider)
                         .read_answer(*root, exchange.target, out.fold)
                         .has_value();
}

}  // namespace golden
