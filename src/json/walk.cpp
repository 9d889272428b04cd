#include "json/walk.h"

#include <algorithm>
#include <cstring>

#include "json/walk_container.h"
#include "penstock/hash.h"

namespace penstock::json {

char Walk::peek_inside() const {
  if (p_ == end_) return '\0';
  return p_ + 1 != end_ ? *behind_blanks(p_ + 1) : '\0';
}

[[gnu::noinline]] Walk::StringEnd Walk::long_string_end(const char* p) const {
  bool escaped = false;
  for (;;) {
    p = find_string_stop(text_, p, end_);
    if (p == end_) return {nullptr, false};
    if (*p == '"') return {p + 1, escaped};
    if (*p != '\\' || end_ - p < 2) return {nullptr, false};
    if (static_cast<unsigned char>(p[1]) < 0x20) return {nullptr, false};
    escaped = true;
    p += 2;
  }
}

template <bool judged>
bool Walk::step() {
  if (p_ == end_) return false;
  if (*p_ == '{' || *p_ == '[') {
    NoWatch nobody;
    return container<judged>(nobody);
  }
  ++values_;
  value_.elements = 0;
  value_.controls = false;
  const char* const past = scalar<judged>(p_, value_);
  p_ = past != nullptr && past != end_ ? behind_blanks(past) : end_;
  return past != nullptr;
}

template bool Walk::step<true>();
template bool Walk::step<false>();

// Any key.
[[gnu::noinline]] Key Walk::take_odd_key(const char* p, bool read) {
  constexpr Key broken{{}, nullptr, nullptr};
  const StringEnd found = string_end(p);
  if (found.past == nullptr || found.past == end_) return broken;
  const char* const colon = behind_blanks(found.past);
  if (*colon != ':') return broken;
  Key key{{p + 1, static_cast<std::size_t>(found.past - p) - 2}, colon + 1, p};
  if (!found.escaped || !read) return key;
  if (!judge_string(key.name).valid) return broken;
  work_.unescaped.resize(key.name.size());
  work_.unescaped.resize(unescape_string(key.name, work_.unescaped.data()));
  key.name = work_.unescaped;
  return key;
}

bool Walk::mark(const Key& key) {
  if (work_.marks.size() >= values_max) return false;
  work_.marks.push_back({hash_short(key.name, work_.seed), offset(key.begin)});
  return true;
}

// An object ends: no key may stand in it twice. Takes its keys off the stack.
bool Walk::close_marks(std::size_t first) {
  constexpr std::ptrdiff_t few = 24;
  const auto begin = work_.marks.begin() + static_cast<std::ptrdiff_t>(first);
  const auto end = work_.marks.end();
  // Most objects are told free of doubles by one bit for each key.
  std::uint64_t seen = 0;
  bool met = end - begin > few;
  for (auto mark = begin; mark != end && !met; ++mark) {
    const std::uint64_t bit = std::uint64_t{1} << (mark->hash % 64);
    met = (seen & bit) != 0;
    seen |= bit;
  }
  if (!met) {
    work_.marks.erase(begin, end);
    return true;
  }
  const auto found = [&](const KeyMark& a, const KeyMark& b) {
    if (a.hash != b.hash) return false;
    duplicate_ = std::max(a.begin, b.begin);
    return true;
  };
  bool twice = false;
  if (end - begin <= few) {
    for (auto a = begin; a != end && !twice; ++a) {
      for (auto b = begin; b != a && !twice; ++b) twice = found(*a, *b);
    }
  } else {
    std::sort(begin, end, [](const KeyMark& a, const KeyMark& b) { return a.hash < b.hash; });
    twice = std::adjacent_find(begin, end, found) != end;
  }
  work_.marks.erase(begin, end);
  return !twice || fail(Code::duplicate_field);
}

}  // namespace penstock::json
