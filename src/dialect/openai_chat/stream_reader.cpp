#include <algorithm>

#include "dialect/openai_chat/chat.h"
#include "dialect/openai_chat/chunk_reader.h"
#include "dialect/openai_chat/error_shape.h"
#include "dialect/openai_chat/usage.h"

namespace penstock::dialect::openai_chat {
namespace {

using hub::EventKind;
using hub::Finish;

constexpr Quirks plain_quirks{};

std::unexpected<Error> malformed() {
  return fail(Code::malformed, Side::upstream);
}

// Seconds; some servers say milliseconds.
std::int64_t seconds_of(json::View created) {
  const std::int64_t value = std::max<std::int64_t>(created.integer().value_or(0), 0);
  constexpr std::int64_t year_5138 = 100'000'000'000;
  return value < year_5138 ? value : value / 1000;
}

}  // namespace

ChunkReader::ChunkReader(const TargetTraits& target)
    : quirks_(target.quirks != nullptr ? *target.quirks : plain_quirks) {}

Result<> ChunkReader::frame(Bytes name, json::View data, hub::EventSink& out) {
  if (!data.is_object()) return malformed();
  if (done_) return {};
  const json::View choices = data["choices"];
  const bool alone = choices.empty();
  take_usage(data, alone);
  if (name == "error" || is_error(data)) {
    error(data, out);
    return {};
  }
  if (choices && !choices.is_array()) return malformed();
  // Azure's first chunk, and pings, have no choices and an empty head.
  if (!alone) begin(data, out);
  std::uint32_t ordinal = 0;
  for (const json::View one : choices) PENSTOCK_CHECK(choice(one, ordinal++, data, out));
  return {};
}

void ChunkReader::begin(json::View body, hub::EventSink& out) {
  if (begun_) return;
  begun_ = true;
  out.on({.kind = EventKind::begin,
          .id = body["id"].text(),
          .model = body["model"].text(),
          .tier = body["service_tier"].text(),
          .fingerprint = body["system_fingerprint"].text(),
          .created = seconds_of(body["created"])});
}

DeltaReader* ChunkReader::reader_of(std::uint32_t index) {
  for (DeltaReader& one : choices_) {
    if (one.choice() == index) return &one;
  }
  return &choices_.emplace_back(index);
}

Result<> ChunkReader::choice(json::View choice, std::uint32_t ordinal, json::View body,
                             hub::EventSink& out) {
  if (!choice.is_object()) return choice ? malformed() : Result<>();
  if (choice["error"]) {
    error(choice, out);
    return {};
  }
  if (closed_) return {};
  const std::int64_t index = choice["index"].integer().value_or(ordinal);
  if (index < 0 || index >= static_cast<std::int64_t>(hub::Answer::choices_max)) return malformed();
  DeltaReader* const reader = reader_of(static_cast<std::uint32_t>(index));
  PENSTOCK_CHECK(reader->read(choice, out));
  if (index == 0 && !sources_told_ && reader->reason() != Finish::none) {
    sources_told_ = true;
    emit_sources(body, 0, out);
  }
  return {};
}

// Later figures win. llama.cpp alone tells several choices apart: one chunk with nothing but usage
// for each, the prompt in every one of them.
void ChunkReader::take_usage(json::View body, bool alone) {
  json::View told = body["usage"];
  if (!told) told = body["x_groq"]["usage"];
  const hub::Usage usage = read_usage(told, quirks_);
  if (!usage.any()) return;
  if (alone && usage_alone_ && choices_.size() > 1) {
    usage_.output = usage_.output.value + usage.output.value;
    usage_.reasoning.value += usage.reasoning.value;
  } else {
    usage_.take(usage);
  }
  usage_alone_ = usage_alone_ || alone;
}

void ChunkReader::error(json::View body, hub::EventSink& out) {
  if (closed_) return;
  if (begun_ && usage_.any()) out.on({.kind = EventKind::usage, .usage = &usage_});
  hub::ErrorNote note;
  read_error(0, body, note);
  if (note.message.empty()) note.message = "The provider ended the answer with an error.";
  done_ = true;
  closed_ = true;
  out.on({.kind = EventKind::error, .error = &note});
}

Result<> ChunkReader::word(Bytes data, hub::EventSink&) {
  if (!data.starts_with("[DONE]") && !data.empty()) return malformed();
  if (!data.empty()) done_ = true;
  return {};
}

// Servers without a terminator end cleanly when every choice has.
bool ChunkReader::is_complete() const {
  if (done_) return true;
  return !quirks_.terminator && std::ranges::all_of(choices_, [](const DeltaReader& one) {
    return one.reason() != Finish::none;
  });
}

Result<> ChunkReader::finish(hub::EventSink& out) {
  if (closed_) return {};
  if (!is_complete() || choices_.empty()) return malformed();
  done_ = true;
  for (DeltaReader& one : choices_) PENSTOCK_CHECK(one.close(out));
  closed_ = true;
  const auto failed = std::ranges::find(choices_, Finish::error, &DeltaReader::reason);
  if (failed != choices_.end()) {
    if (usage_.any()) out.on({.kind = EventKind::usage, .usage = &usage_});
    const hub::ErrorNote note{.kind = hub::ErrorKind::overloaded,
                              .message = "The provider could not finish the answer."};
    out.on({.kind = EventKind::error, .error = &note});
    return {};
  }
  for (const DeltaReader& one : choices_)
    out.on({.kind = EventKind::finish, .choice = one.choice(), .finish = one.finish()});
  if (usage_.any()) out.on({.kind = EventKind::usage, .usage = &usage_});
  out.on({.kind = EventKind::end});
  return {};
}

std::unique_ptr<StreamReader> stream_reader(const TargetTraits& target) {
  return std::make_unique<ChunkReader>(target);
}

}  // namespace penstock::dialect::openai_chat
