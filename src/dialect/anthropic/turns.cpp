#include "dialect/anthropic/turns.h"

#include <algorithm>
#include <functional>
#include <iterator>

#include "dialect/loss.h"

namespace penstock::dialect::anthropic {
namespace {

using hub::Part;
using hub::PartKind;
using hub::Role;

// What the user is made to say where a turn of the user must stand and there is none.
constexpr Bytes filler_text = "Continue.";

Speaker speaker_of(Role role, const ModelTraits& model) {
  if (role == Role::assistant) return Speaker::assistant;
  const bool instruction = role == Role::system || role == Role::developer;
  return instruction && model.system_turns ? Speaker::system : Speaker::user;
}

// How many bytes at the end of `text` are one blank; 0: it does not end in one.
std::size_t blank_at_end(hub::Escaped text) {
  if (text.empty()) return 0;
  const char last = text.back();
  if (last == ' ') return 1;
  if (text.size() < 2 || (last != 'n' && last != 't' && last != 'r')) return 0;
  // A letter behind an odd number of backslashes is an escape.
  std::size_t slashes = 0;
  while (slashes + 1 < text.size() && text[text.size() - 2 - slashes] == '\\') ++slashes;
  return slashes % 2 == 1 ? 2 : 0;
}

}  // namespace

hub::Escaped trimmed(hub::Escaped text) {
  for (std::size_t blank = blank_at_end(text); blank > 0; blank = blank_at_end(text))
    text.remove_suffix(blank);
  return text;
}

bool is_blank(hub::Escaped text) {
  return trimmed(text).empty();
}

bool is_signed_thinking(const Part& part) {
  return (part.kind == PartKind::thinking || part.kind == PartKind::redacted_thinking) &&
         part.issuer == hub::Issuer::anthropic && !part.signature.empty();
}

Result<> Turns::build(const hub::Request& request, const TargetTraits& target,
                      const ModelTraits& model, Losses& losses) {
  bool leading = true;
  for (const hub::Message& message : request.messages) {
    const bool instruction = message.role == Role::system || message.role == Role::developer;
    leading = leading && instruction;
    if (!message.name.empty()) PENSTOCK_CHECK(lose("messages.name", target, losses));
    if (!leading) {
      if (instruction && !model.system_turns) losses.emulate("messages");
      PENSTOCK_CHECK(add(message, speaker_of(message.role, model), losses));
      continue;
    }
    for (std::size_t i = 0; i < message.parts.size(); ++i) {
      PENSTOCK_TRY(kept, keeps(message, i, losses));
      if (kept) system_.push_back(&message.parts[i]);
    }
  }
  results_first();
  frame(model, losses);
  return {};
}

Result<> Turns::add(const hub::Message& message, Speaker speaker, Losses& losses) {
  for (std::size_t i = 0; i < message.parts.size(); ++i) {
    PENSTOCK_TRY(kept, keeps(message, i, losses));
    if (kept) append(speaker, message.parts[i]);
  }
  return {};
}

// Signed reasoning goes back to its issuer only, and text that nobody signed is refused there: both
// are left out without being counted as a parameter that was lost.
Result<bool> Turns::keeps(const hub::Message& message, std::size_t i, Losses& losses) const {
  const Part& part = message.parts[i];
  switch (part.kind) {
    case PartKind::text: {
      if (!is_blank(part.text)) return true;
      // The order of signed blocks is judged, with what stands between them.
      return i > 0 && i + 1 < message.parts.size() && is_signed_thinking(message.parts[i - 1]) &&
             is_signed_thinking(message.parts[i + 1]);
    }
    case PartKind::refusal:
      return !is_blank(part.text);
    case PartKind::thinking:
    case PartKind::redacted_thinking:
      if (!is_signed_thinking(part)) losses.drop("reasoning");
      return is_signed_thinking(part);
    case PartKind::audio:
      return refuse("messages", "Claude models take no audio.", losses);
    case PartKind::video:
      return refuse("messages", "Claude models take no video.", losses);
    case PartKind::opaque:
      if (part.issuer == hub::Issuer::anthropic) return true;
      if (message.role != Role::assistant)
        return refuse("messages", "A part of this kind is for another provider only.", losses);
      losses.drop("messages");
      return false;
    default:
      return true;
  }
}

void Turns::append(Speaker speaker, const Part& part) {
  const auto at = static_cast<std::uint32_t>(parts_.size());
  if (turns_.empty() || turns_.back().speaker != speaker) turns_.push_back({speaker, at, at});
  parts_.push_back(&part);
  turns_.back().end = at + 1;
}

void Turns::results_first() {
  const auto is_result = [](const Part* part) { return part->kind == PartKind::tool_result; };
  std::vector<const Part*> others;
  for (const Turn& turn : turns_) {
    const auto begin = parts_.begin() + turn.begin;
    const auto end = parts_.begin() + turn.end;
    if (turn.speaker != Speaker::user || std::is_partitioned(begin, end, is_result)) continue;
    others.clear();
    std::copy_if(begin, end, std::back_inserter(others), std::not_fn(is_result));
    std::copy(others.begin(), others.end(), std::remove_if(begin, end, std::not_fn(is_result)));
  }
}

// The first turn is the user's; the last one is, too, where the model takes no begun answer. A last
// turn that ends with the provider's own tools was paused and goes back as it is.
void Turns::frame(const ModelTraits& model, Losses& losses) {
  filler_.text = filler_text;
  if (turns_.empty() || turns_.front().speaker != Speaker::user) {
    const auto at = static_cast<std::uint32_t>(parts_.size());
    turns_.insert(turns_.begin(), {Speaker::user, at, at + 1});
    parts_.push_back(&filler_);
    losses.emulate("messages");
  }
  const Turn& last = turns_.back();
  if (last.speaker == Speaker::assistant && !model.prefill &&
      parts_[last.end - 1]->kind == PartKind::text) {
    append(Speaker::user, filler_);
    losses.emulate("messages");
  }
}

bool Turns::loop_without_thinking() const {
  if (turns_.size() < 2) return false;
  const Turn& last = turns_.back();
  const Turn& before = turns_[turns_.size() - 2];
  return last.speaker == Speaker::user && before.speaker == Speaker::assistant &&
         parts_[last.begin]->kind == PartKind::tool_result &&
         !is_signed_thinking(*parts_[before.begin]);
}

}  // namespace penstock::dialect::anthropic
