#include "json/walk.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "json/string_scan.h"

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
  const char* const p = behind_blanks(p_ + 1, end_);
  return p != end_ ? *p : '\0';
}

// One past the string that starts at `p`, or nullptr. Its escapes are stepped over, too, whatever
// they are.
inline const char* Walk::string_end(const char* p, bool& escaped) {
  const char* const stop = find_near_stop(p + 1, end_, high_);
  if (stop == nullptr || *stop != '"') return long_string_end(p, escaped);
  escaped = false;
  return stop + 1;
}

[[gnu::noinline]] const char* Walk::long_string_end(const char* p, bool& escaped) {
  escaped = false;
  for (++p;;) {
    p = find_string_stop(p, end_, high_);
    if (p == end_) return nullptr;
    if (*p == '"') return p + 1;
    if (*p != '\\' || end_ - p < 2) return nullptr;
    const auto next = static_cast<unsigned char>(p[1]);
    if (next < 0x20) return nullptr;
    high_ |= next & 0x80u;
    escaped = true;
    p += 2;
  }
}

// A string, number or literal.
template <bool judged>
inline bool Walk::scalar(const char*& p, Value& out) {
  const char* const start = p;
  out.first = *p;
  if (out.first == '"') {
    p = string_end(p, out.escaped);
    if (p == nullptr) return false;
    out.span = {offset(start), offset(p)};
    if (judged && out.escaped) {
      const StringFacts facts = judge_string(in(out.inside()));
      out.controls = facts.controls;
      return facts.valid;
    }
    return true;
  }
  const bool number = out.is_number();
  p = number ? number_end(start, end_) : literal_end(start, end_);
  if (p == nullptr) return false;
  out.span = {offset(start), offset(p)};
  return !judged || !number ||
         (out.span.size() <= number_chars_max && number_is_finite(in(out.span)));
}

// The place stays in `p`, a local, through the whole container: this is most of a body.
template <bool judged>
bool Walk::container() {
  struct Level {
    std::uint32_t elements;
    std::uint32_t first_mark;
  };
  std::array<Level, depth_max> levels;  // of the containers open in here; not initialised
  std::uint64_t objects = 0;            // bit i: levels[i] is an object
  std::uint32_t depth = 0;
  std::uint32_t values = values_;
  const std::uint32_t room = depth_max - depth_;
  const char* p = p_;
  const char* const end = end_;
  const char first = *p;
  const std::uint32_t begin = offset(p);
  const auto step_key = [&] {
    if constexpr (judged) {
      p_ = p;
      const bool good = take_key();
      p = p_;
      return good && p != end;
    } else {
      bool escaped = false;
      if (*p != '"' || (p = string_end(p, escaped)) == nullptr) return false;
      p = behind_blanks(p, end);
      if (p == end || *p != ':') return false;
      p = behind_blanks(p + 1, end);
      return p != end;
    }
  };
  for (;;) {
    // A value starts here.
    ++values;
    if (*p == '{' || *p == '[') {
      if (depth == room) return false;
      const bool object = *p == '{';
      const std::uint64_t bit = std::uint64_t{1} << depth;
      objects = object ? objects | bit : objects & ~bit;
      levels[depth].elements = 0;
      if constexpr (judged)
        levels[depth].first_mark = static_cast<std::uint32_t>(work_.marks.size());
      ++depth;
      p = behind_blanks(p + 1, end);
      if (p == end) return false;
      if (*p != (object ? '}' : ']')) {
        levels[depth - 1].elements = 1;
        if (object && !step_key()) return false;
        continue;
      }
    } else {
      if (!scalar<judged>(p, value_)) return false;
      PENSTOCK_DEBUG_ASSERT(depth > 0);  // the loop ends with the outermost container
      const bool in_array =
          (objects >> (depth - 1) & 1) == 0;  // NOLINT(clang-analyzer-core.BitwiseShift)
      array_numbers_ += in_array && value_.is_number();
    }
    // A value ended: what else ends with it?
    for (;;) {
      p = behind_blanks(p, end);
      if (p == end) return false;
      Level& level = levels[depth - 1];
      const bool object =
          (objects >> (depth - 1) & 1) != 0;  // NOLINT(clang-analyzer-core.BitwiseShift)
      const char token = *p++;
      if (token == ',') {
        ++level.elements;
        p = behind_blanks(p, end);
        if (p == end) return false;
        if (object && (level.elements > members_max || !step_key())) return false;
        break;
      }
      if (token != (object ? '}' : ']')) return false;
      if constexpr (judged) {
        if (keys_ == Keys::unique && !close_marks(level.first_mark)) return false;
      }
      if (--depth == 0) {
        value_.first = first;
        value_.span = {begin, offset(p)};
        value_.elements = level.elements;
        values_ = values;
        p_ = behind_blanks(p, end);
        return true;
      }
    }
  }
}

template <bool judged>
bool Walk::step() {
  if (p_ == end_) return false;
  if (*p_ == '{' || *p_ == '[') return container<judged>();
  ++values_;
  value_.elements = 0;
  value_.controls = false;
  if (!scalar<judged>(p_, value_)) {
    p_ = end_;
    return false;
  }
  skip_blanks();
  return true;
}

template bool Walk::step<true>();
template bool Walk::step<false>();

bool Walk::enter(char bracket) {
  if (peek() != bracket || depth_ == depth_max) return false;
  ++depth_;
  ++values_;
  return true;
}

// Steps over a key and its colon; `key_` is then that key.
bool Walk::take_key() {
  if (peek() != '"') return false;
  bool escaped = false;
  const char* const start = p_;
  const char* const stop = string_end(start, escaped);
  if (stop == nullptr) return false;
  key_.span = {offset(start), offset(stop)};
  key_.name = {start + 1, static_cast<std::size_t>(stop - start) - 2};
  p_ = stop;
  skip_blanks();
  if (peek() != ':') return false;
  ++p_;
  skip_blanks();
  if (escaped && !unescape_key()) return false;
  if (keys_ == Keys::unique) {
    if (work_.marks.size() >= values_max) return false;
    work_.marks.push_back({hash_key(key_.name, work_.seed), key_.span});
  }
  return true;
}

bool Walk::unescape_key() {
  if (!judge_string(key_.name).valid) return false;
  work_.unescaped.resize(key_.name.size());
  work_.unescaped.resize(unescape_string(key_.name, work_.unescaped.data()));
  key_.name = work_.unescaped;
  return true;
}

// An object ends: no key may stand in it twice. Takes its keys off the stack.
bool Walk::close_marks(std::size_t first) {
  constexpr std::ptrdiff_t few = 24;
  const auto begin = work_.marks.begin() + static_cast<std::ptrdiff_t>(first);
  const auto end = work_.marks.end();
  const auto found = [&](const KeyMark& a, const KeyMark& b) {
    if (a.hash != b.hash) return false;
    duplicate_ = a.key.begin > b.key.begin ? a.key : b.key;
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
