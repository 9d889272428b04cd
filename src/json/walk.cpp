#include "json/walk.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "json/walk_container.h"

namespace penstock::json {
namespace {

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t load(const char* p, std::size_t bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, p, bytes);
  return word;
}

// A keyed hash of a key: multiply and fold, sixteen bytes at a time, the last ones overlapping.
std::uint64_t hash_key(Bytes key, std::uint64_t seed) {
  constexpr std::uint64_t odd = 0x9E37'79B9'7F4A'7C15;
  const char* p = key.data();
  const std::size_t bytes = key.size();
  std::uint64_t hash = seed ^ bytes * odd;
  if (bytes > 16) {
    for (; key.data() + bytes - p > 16; p += 16) {
      hash = mix(hash ^ load(p, 8), (seed | 1) ^ load(p + 8, 8)) + odd;
    }
    p = key.data() + bytes - 16;
    return mix(hash ^ load(p, 8), odd ^ seed ^ load(p + 8, 8));
  }
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  if (bytes >= 8) {
    low = load(p, 8);
    high = load(p + bytes - 8, 8);
  } else if (bytes >= 4) {
    low = load(p, 4);
    high = load(p + bytes - 4, 4);
  } else {
    for (std::size_t at = 0; at < bytes; ++at) low = low << 8 | static_cast<unsigned char>(p[at]);
  }
  return mix(hash ^ low, odd ^ seed ^ high);
}

}  // namespace

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
  if (*p != '"') return broken;
  const StringEnd found = string_end(p);
  if (found.past == nullptr || found.past == end_) return broken;
  const char* const colon = behind_blanks(found.past);
  if (*colon != ':') return broken;
  Key key{{p + 1, static_cast<std::size_t>(found.past - p) - 2}, behind_blanks(colon + 1), p};
  if (!found.escaped || !read) return key;
  if (!judge_string(key.name).valid) return broken;
  work_.unescaped.resize(key.name.size());
  work_.unescaped.resize(unescape_string(key.name, work_.unescaped.data()));
  key.name = work_.unescaped;
  return key;
}

bool Walk::mark(const Key& key) {
  if (work_.marks.size() >= values_max) return false;
  work_.marks.push_back({hash_key(key.name, work_.seed), offset(key.begin)});
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
