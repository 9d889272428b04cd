#include <algorithm>

#include "penstock/sse.h"
#include "sse/members.h"
#include "sse/probe.h"

namespace penstock::sse {
namespace {

// How OpenAI and most others end a chunk of a stream with usage. Standing there, it is a member of
// the outermost object: the brace behind it is the payload's last.
constexpr Bytes usage_at_end = ",\"usage\":null}";

Bytes without_blanks(Bytes text) {
  text = skip_blanks(text);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

bool truthy(Bytes value) {
  if (value == "null" || value == "false" || value == "\"\"") return false;
  const bool number = value[0] == '-' || (value[0] >= '0' && value[0] <= '9');
  return !number || value.find_first_of("123456789") != Bytes::npos;
}

bool is_empty_array(Bytes value) {
  return value.size() >= 2 && value[0] == '[' && skip_blanks(value.substr(1)).starts_with(']');
}

// `text` without `part`, a view into it.
void cut(Bytes text, Bytes part, ChatWatcher::Look& look) {
  const auto begin = static_cast<std::size_t>(part.data() - text.data());
  look.slices = {text.substr(0, begin), text.substr(begin + part.size())};
  look.slice_count = 2;
}

// Cuts a member together with one comma: the one behind it, or else the one before it.
void cut_member(Bytes data, Bytes whole, ChatWatcher::Look& look) {
  std::size_t begin = static_cast<std::size_t>(whole.data() - data.data());
  std::size_t end = begin + whole.size();
  std::size_t behind = end;
  while (behind < data.size() && is_blank(data[behind])) ++behind;
  if (behind < data.size() && data[behind] == ',') {
    end = behind + 1;
  } else {
    std::size_t before = begin;
    while (before > 0 && is_blank(data[before - 1])) --before;
    if (before > 0 && data[before - 1] == ',') begin = before - 1;
  }
  cut(data, data.substr(begin, end - begin), look);
}

}  // namespace

ChatWatcher::Look ChatWatcher::look(const Event& event) {
  Look look;
  if (done_) {
    ++dropped_;
    look.kind = Kind::after_end;
    look.hide = true;
    return look;
  }
  ++events_;
  const Bytes data = without_blanks(event.data);
  if (data.starts_with("[DONE]")) {
    done_ = true;
    look.kind = Kind::done;
    return look;
  }
  if (data.size() < 2 || data.front() != '{' || data.back() != '}') {
    look.kind = event.name == "error" ? Kind::error : Kind::malformed;
    failed_ = true;
    return look;
  }
  const Probe found = probe(data);
  if (!found.finish_reason.empty()) remember_finish(found.finish_reason);
  if (event.name == "error") look.kind = Kind::error;
  const bool null_usage = !found.usage.empty() && !found.usage_object;
  if (found.error || found.usage_object) {
    look_closely(data, look);
  } else if (null_usage && hide_usage_) {
    if (data.ends_with(usage_at_end)) {
      cut(event.data, data.substr(data.size() - usage_at_end.size(), usage_at_end.size() - 1),
          look);
    } else {
      look_closely(data, look);
    }
  }
  failed_ = failed_ || look.kind == Kind::error;
  return look;
}

// Follows the top level; for the few events where a key was found that may stand there.
void ChatWatcher::look_closely(Bytes data, Look& look) const {
  Members members(data);
  Member member;
  Bytes usage;
  bool choices = false;
  while (members.next(member)) {
    if (member.name == "usage") {
      usage = member.whole;
      look.usage = member.value[0] == '{';
    } else if (member.name == "choices") {
      choices = member.value[0] == '[' && !is_empty_array(member.value);
    } else if (member.name == "error" && truthy(member.value)) {
      look.kind = Kind::error;
    }
  }
  if (!hide_usage_ || usage.empty()) return;
  look.hide = look.usage && !choices && look.kind != Kind::error;
  if (!look.hide) cut_member(data, usage, look);
}

void ChatWatcher::remember_finish(Bytes reason) {
  finish_bytes_ = static_cast<std::uint8_t>(std::min(reason.size(), finish_.size()));
  std::copy_n(reason.data(), finish_bytes_, finish_.data());
}

}  // namespace penstock::sse
