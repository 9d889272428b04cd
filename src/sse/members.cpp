#include "sse/members.h"

namespace penstock::sse {
namespace {

// Bytes of the string that starts at `text`, quotes included; all of it when it is not closed.
std::size_t string_bytes(Bytes text) {
  std::size_t at = 1;
  while (at < text.size()) {
    const std::size_t stop = text.find('"', at);
    if (stop == Bytes::npos) break;
    std::size_t slashes = 0;
    while (slashes < stop && text[stop - 1 - slashes] == '\\') ++slashes;
    if (slashes % 2 == 0) return stop + 1;
    at = stop + 1;
  }
  return text.size();
}

std::size_t value_bytes(Bytes text) {
  if (text.empty()) return 0;
  if (text[0] == '"') return string_bytes(text);
  if (text[0] != '{' && text[0] != '[') {
    const std::size_t end = text.find_first_of(" \t\r\n,]}");
    return end != Bytes::npos ? end : text.size();
  }
  std::size_t depth = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"') {
      at += string_bytes(text.substr(at));
      continue;
    }
    ++at;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return at;
  }
  return text.size();
}

}  // namespace

Bytes skip_blanks(Bytes text) {
  while (!text.empty() && is_blank(text[0])) text.remove_prefix(1);
  return text;
}

Members::Members(Bytes object) : rest_(skip_blanks(object.substr(1))) {}

bool Members::next(Member& member) {
  if (rest_.empty() || rest_[0] != '"') return false;
  const char* const begin = rest_.data();
  const std::size_t key = string_bytes(rest_);
  if (key < 2) return false;
  member.name = rest_.substr(1, key - 2);
  rest_ = skip_blanks(rest_.substr(key));
  if (rest_.empty() || rest_[0] != ':') return false;
  rest_ = skip_blanks(rest_.substr(1));
  member.value = rest_.substr(0, value_bytes(rest_));
  if (member.value.empty()) return false;
  rest_.remove_prefix(member.value.size());
  member.whole = {begin, static_cast<std::size_t>(rest_.data() - begin)};
  rest_ = skip_blanks(rest_);
  if (!rest_.empty() && rest_[0] == ',') rest_ = skip_blanks(rest_.substr(1));
  return true;
}

}  // namespace penstock::sse
