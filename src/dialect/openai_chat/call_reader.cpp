#include "dialect/openai_chat/call_reader.h"

#include <algorithm>

namespace penstock::dialect::openai_chat {
namespace {

using hub::EventKind;

constexpr std::size_t calls_max = 1024;
constexpr std::size_t held_bytes_max = 16u << 20;

std::unexpected<Error> malformed() {
  return fail(Code::malformed, Side::upstream);
}

// The ASCII character that four hex digits name; anything beyond is of no interest here.
char ascii_of(Bytes hex) {
  unsigned value = 0;
  for (const char c : hex) {
    const auto digit = Bytes("0123456789abcdef").find(static_cast<char>(c | 0x20));
    value = value * 16 + static_cast<unsigned>(digit == Bytes::npos ? 0 : digit);
  }
  return value < 0x80 ? static_cast<char>(value) : 'x';
}

bool is_blank(hub::Escaped text) {
  return text.find_first_not_of(" \\nrt") == Bytes::npos;
}

// Mistral writes "null" where there is no id.
hub::Escaped id_of(json::View id) {
  return id.is("null") ? Bytes() : id.text();
}

}  // namespace

void ObjectEnd::take(char c) {
  if (in_string_) {
    if (escaped_)
      escaped_ = false;
    else if (c == '\\')
      escaped_ = true;
    else if (c == '"')
      in_string_ = false;
    return;
  }
  if (c == '"') {
    in_string_ = true;
  } else if (c == '{' || c == '[') {
    begun_ = true;
    ++depth_;
  } else if (c == '}' || c == ']') {
    --depth_;
  }
}

void ObjectEnd::take(hub::Escaped piece) {
  for (std::size_t i = 0; i < piece.size(); ++i) {
    if (piece[i] != '\\' || i + 1 == piece.size()) {
      take(piece[i]);
      continue;
    }
    const char c = piece[++i];
    if (c == 'u' && piece.size() - i > 4) {
      take(ascii_of(piece.substr(i + 1, 4)));
      i += 4;
    } else {
      take(c == '"' || c == '\\' || c == '/' ? c : ' ');
    }
  }
}

hub::Escaped CallReader::arguments_text(json::View arguments) {
  if (!arguments) return {};
  if (arguments.is_string()) return arguments.text();
  if (spelled_ == nullptr) spelled_ = std::make_unique<json::Composer>();
  spelled_->clear();
  spelled_->string(arguments.raw());
  const Bytes quoted = spelled_->text();
  return quoted.substr(1, quoted.size() - 2);
}

Result<> CallReader::fragment(json::View call, bool whole, hub::EventSink& out) {
  if (!call.is_object()) return call ? malformed() : Result<>();
  const json::View custom = call["custom"];
  const json::View said = custom ? custom : call["function"];
  Fragment one;
  one.index = call["index"].integer().value_or(-1);
  one.id = id_of(call["id"]);
  one.name = said["name"].text();
  one.arguments = arguments_text(said[custom ? "input" : "arguments"]);
  one.signature = call["extra_content"]["google"]["thought_signature"].text();
  one.custom = custom.is_object() || call["type"].is("custom");
  return take(one, whole, out);
}

Result<> CallReader::function_call(json::View call, hub::EventSink& out) {
  Fragment one;
  one.index = 0;
  one.name = calls_.empty() ? call["name"].text() : Bytes();
  one.arguments = arguments_text(call["arguments"]);
  return take(one, false, out);
}

// The call that a fragment belongs to; `calls_.size()` for a new one.
std::size_t CallReader::find(const Fragment& fragment) const {
  const std::size_t none = calls_.size();
  std::size_t found = none;
  for (std::size_t at = none; at-- > 0;) {
    const Call& call = calls_[at];
    const bool same_index = fragment.index == call.index || fragment.index < 0 || call.index < 0;
    if (!same_index) continue;
    if (!fragment.id.empty() && call.id == fragment.id) {
      found = at;
      break;
    }
    if (found == none) found = at;
  }
  if (found == none) return none;
  const Call& call = calls_[found];
  const bool other_id = !fragment.id.empty() && !call.id.empty() && call.id != fragment.id;
  // One index for all calls, a new id for each; but also: a new id with every fragment.
  if (other_id && (!fragment.name.empty() || call.end.reached())) return none;
  // Neither id nor index: another name is another call.
  const bool nameless = fragment.name.empty() || call.name.empty();
  if (!nameless && fragment.index < 0 && fragment.id.empty() && fragment.name != call.name)
    return none;
  // No ids, or one for all: a name and arguments behind a whole object begin another call.
  const bool anew = !fragment.name.empty() && !is_blank(fragment.arguments);
  return anew && call.end.reached() ? none : found;
}

Result<> CallReader::take(const Fragment& fragment, bool whole, hub::EventSink& out) {
  const std::size_t at = whole ? calls_.size() : find(fragment);
  if (at == calls_.size()) {
    if (at == calls_max) return malformed();
    calls_.emplace_back().index = fragment.index;
  }
  Call& call = calls_[at];
  // An id that stands for two calls is none.
  const bool taken = std::ranges::find(calls_, fragment.id, &Call::id) != calls_.end();
  if (call.id.empty() && !call.opened && !taken) call.id = fragment.id;
  if (call.name.empty()) call.name = fragment.name;
  if (fragment.index >= 0) call.index = fragment.index;
  call.custom = call.custom || fragment.custom;
  if (call.signature.empty()) {
    call.signature = fragment.signature;
    if (call.opened && at == turn_ && !call.signature.empty())
      out.on({.kind = EventKind::signature,
              .choice = choice_,
              .call = turn_,
              .issuer = hub::Issuer::gemini,
              .text = call.signature});
  }
  return take_arguments(at, fragment.arguments, out);
}

Result<> CallReader::take_arguments(std::size_t at, hub::Escaped arguments, hub::EventSink& out) {
  Call& call = calls_[at];
  if (!call.any && arguments == "null") arguments = {};
  if (at < turn_) return is_blank(arguments) ? Result<>() : malformed();
  advance(out);
  if (arguments.empty()) return {};
  call.any = true;
  if (!call.custom) call.end.take(arguments);
  if (at == turn_ && call.opened) {
    out.on({.kind = EventKind::tool_delta, .choice = choice_, .call = turn_, .text = arguments});
    return {};
  }
  held_bytes_ += arguments.size();
  if (held_bytes_ > held_bytes_max) return fail(Code::too_large, Side::upstream);
  call.held.append(arguments);
  return {};
}

void CallReader::open(Call& call, hub::EventSink& out) {
  call.opened = true;
  out.on({.kind = EventKind::tool_open,
          .choice = choice_,
          .call = turn_,
          .custom = call.custom,
          .id = call.id,
          .name = call.name});
  if (!call.signature.empty())
    out.on({.kind = EventKind::signature,
            .choice = choice_,
            .call = turn_,
            .issuer = hub::Issuer::gemini,
            .text = call.signature});
  if (call.held.empty()) return;
  out.on({.kind = EventKind::tool_delta, .choice = choice_, .call = turn_, .text = call.held});
  held_bytes_ -= call.held.size();
  call.held = {};
}

void CallReader::close(hub::EventSink& out) {
  const Call& call = calls_[turn_];
  if (!call.any && !call.custom)
    out.on({.kind = EventKind::tool_delta, .choice = choice_, .call = turn_, .text = "{}"});
  out.on({.kind = EventKind::tool_close, .choice = choice_, .call = turn_});
  ++turn_;
}

// Opens the call whose turn it is, and goes on while the calls behind it wait.
void CallReader::advance(hub::EventSink& out) {
  while (turn_ < calls_.size()) {
    Call& call = calls_[turn_];
    if (!call.opened) {
      if (call.name.empty()) return;
      open(call, out);
    }
    if (turn_ + 1 == calls_.size() || !call.end.reached()) return;
    close(out);
  }
}

void CallReader::pause(hub::EventSink& out) {
  if (turn_ >= calls_.size() || !calls_[turn_].opened) return;
  const Call& call = calls_[turn_];
  if (call.any && !call.end.reached()) return;
  close(out);
  advance(out);
}

Result<> CallReader::finish(hub::EventSink& out) {
  while (turn_ < calls_.size()) {
    if (calls_[turn_].name.empty()) return malformed();
    if (!calls_[turn_].opened) open(calls_[turn_], out);
    close(out);
  }
  return {};
}

}  // namespace penstock::dialect::openai_chat
