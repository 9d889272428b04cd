#include "gateway/usage_scout.h"

#include <algorithm>

namespace penstock {
namespace {

constexpr Bytes data_field = "data:";
constexpr Bytes wanted_key = "usage";

// How many bytes stand before the first of either character.
std::size_t bytes_before(Bytes text, char one, char other) {
  const Bytes ahead = text.substr(0, text.find(one));
  return ahead.substr(0, ahead.find(other)).size();
}

}  // namespace

void UsageScout::feed(Bytes part) {
  while (!part.empty()) part = feed_line(part);
}

// Takes what belongs to one line, and returns the rest.
Bytes UsageScout::feed_line(Bytes part) {
  const std::size_t end = bytes_before(part, '\n', '\r');
  Bytes text = part.substr(0, end);
  if (!text.empty()) line_empty_ = after_cr_ = false;
  while (line_ == Line::name && !text.empty()) {
    line_ = text.front() == data_field[matched_] ? Line::name : Line::other;
    text.remove_prefix(1);
    if (line_ == Line::name && ++matched_ == data_field.size()) line_ = Line::data;
  }
  if (line_ == Line::data) feed_data(text);
  if (end == part.size()) return {};
  const bool second_half = after_cr_ && part[end] == '\n';
  after_cr_ = part[end] == '\r';
  if (!second_half) end_line();
  return part.substr(end + 1);
}

void UsageScout::end_line() {
  if (line_empty_) event_ = {};  // the event's end
  line_ = Line::name;
  matched_ = 0;
  line_empty_ = true;
}

void UsageScout::feed_data(Bytes text) {
  while (!text.empty()) {
    if (event_.in_string && !event_.escaped) {
      const Bytes run = text.substr(0, bytes_before(text, '"', '\\'));
      string_run(run);
      text.remove_prefix(run.size());
      if (text.empty()) return;
    }
    if (event_.holding) hold(text.substr(0, 1));
    step(text.front());
    text.remove_prefix(1);
  }
}

void UsageScout::string_run(Bytes run) {
  if (event_.holding) hold(run);
  if (!event_.in_key) return;
  for (const char c : run) {
    const bool same = event_.matched < wanted_key.size() && c == wanted_key[event_.matched];
    event_.matched = same ? static_cast<std::uint8_t>(event_.matched + 1) : no_match;
    if (!same) return;
  }
}

void UsageScout::step(char c) {
  if (event_.in_string) return end_string(c);
  switch (c) {
    case '"':
      event_.in_string = true;
      event_.in_key = event_.depth == 1 && event_.key_next;
      event_.key_next = event_.value_next = false;
      event_.matched = 0;
      return;
    case '{':
    case '[':
      return open(c);
    case '}':
    case ']':
      return close();
    case ',':
      if (event_.depth != 1) return;
      event_.key_next = event_.is_object;
      event_.at_usage = event_.value_next = false;
      return;
    case ':':
      event_.value_next = event_.depth == 1 && event_.at_usage;
      return;
    default:
      return;
  }
}

// A quote, a backslash, or what stands behind one.
void UsageScout::end_string(char c) {
  if (event_.escaped || c == '\\') {
    event_.escaped = !event_.escaped;
    event_.matched = no_match;
    return;
  }
  event_.in_string = false;
  if (event_.in_key) event_.at_usage = event_.matched == wanted_key.size();
  event_.in_key = false;
}

void UsageScout::open(char c) {
  if (event_.depth == 0) event_.is_object = event_.key_next = c == '{';
  if (event_.value_next && c == '{') {
    event_.holding = true;
    event_.held = 0;
    hold("{");
  }
  event_.value_next = false;
  ++event_.depth;
}

void UsageScout::close() {
  if (event_.depth > 0) --event_.depth;
  if (!event_.holding || event_.depth != 1) return;
  event_.holding = false;
  found_bytes_ = 0;
  if (event_.held > bytes_max) return;
  std::copy_n(held_.data(), event_.held, found_.data());
  found_bytes_ = event_.held;
}

void UsageScout::hold(Bytes text) {
  const std::size_t room = bytes_max - std::min<std::size_t>(event_.held, bytes_max);
  if (text.size() > room) {
    event_.held = bytes_max + 1;
    return;
  }
  event_.held += static_cast<std::uint32_t>(text.copy(held_.data() + event_.held, text.size()));
}

}  // namespace penstock
