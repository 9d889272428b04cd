#include "json/walk.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "json/text.h"

namespace penstock::json {
namespace {

std::unexpected<Error> invalid() {
  return fail(Code::invalid_json, Side::client);
}

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

// Non-zero when a byte of `word` is a backslash. May be so for a byte next to one as well.
constexpr std::uint64_t backslash_in(std::uint64_t word) {
  constexpr std::uint64_t ones = 0x0101'0101'0101'0101;
  const std::uint64_t zero_where = word ^ ones * '\\';
  return (zero_where - ones) & ~zero_where & ones << 7;
}

// A keyed hash of a key: multiply and fold, eight bytes at a time, the last eight overlapping.
// `escaped` says whether there is a backslash in it.
std::uint64_t hash_key(Bytes key, std::uint64_t seed, bool& escaped) {
  constexpr std::uint64_t odd = 0x9E37'79B9'7F4A'7C15;
  const char* const p = key.data();
  const std::size_t bytes = key.size();
  std::uint64_t hash = seed ^ bytes * odd;
  std::uint64_t last = 0;
  std::uint64_t found = 0;
  if (bytes >= 8) {
    for (std::size_t at = 0; at + 8 < bytes; at += 8) {
      const std::uint64_t word = load(p + at, 8);
      found |= backslash_in(word);
      hash = mix(hash ^ word, seed | 1) + odd;
    }
    last = load(p + bytes - 8, 8);
  } else if (bytes >= 4) {
    last = load(p, 4) | load(p + bytes - 4, 4) << 32;
  } else {
    for (std::size_t at = 0; at < bytes; ++at) last = last << 8 | static_cast<unsigned char>(p[at]);
  }
  escaped = (found | backslash_in(last)) != 0;
  return mix(hash ^ last, odd ^ seed);
}

}  // namespace

Span Walk::string_span(std::uint32_t begin) const {
  std::uint32_t end = next_ != end_ ? *next_ : static_cast<std::uint32_t>(text_.size());
  while (end > begin && is_blank(text_[end - 1])) --end;
  return {begin, end};
}

Result<> Walk::judge_inside(Value& out) {
  out.span = string_span(out.span.begin);
  if (out.span.size() < 2 || text_[out.span.end - 1] != '"') return invalid();
  const StringFacts facts = judge_string(out.inside().in(text_));
  if (!facts.valid) return invalid();
  out.escaped = facts.escaped;
  out.controls = facts.controls;
  return {};
}

// A string, number or literal; the token is taken.
template <bool judged>
Result<> Walk::scalar(Value& out) {
  const std::uint32_t begin = *next_++;
  out.first = text_[begin];
  out.span = {begin, begin};
  if (out.first == '"') {
    if constexpr (judged) return judge_inside(out);
    return {};
  }
  const char* const start = text_.data() + begin;
  const char* const text_end = text_.data() + text_.size();
  const bool number = out.is_number();
  const char* const stop = number ? number_end(start, text_end) : literal_end(start, text_end);
  if (stop == nullptr) return invalid();
  out.span.end = begin + static_cast<std::uint32_t>(stop - start);
  if constexpr (judged) {
    if (!number) return {};
    if (out.span.size() > number_chars_max || !number_is_finite(out.span.in(text_))) {
      return invalid();
    }
  }
  return {};
}

// The last token of the text is a closing bracket (Scanner sees to that), so reading on is within
// bounds everywhere but after a closing bracket. What is only passed on is most of a body: for it
// the place stays in `next`, and strings and keys cost nothing but their tokens.
template <bool judged>
Result<Value> Walk::container() {
  struct Level {
    std::uint32_t elements;
    std::uint32_t first_mark;
  };
  std::array<Level, depth_max> levels;  // of the containers open in here; not initialised
  std::uint64_t objects = 0;            // bit i: levels[i] is an object
  std::uint32_t depth = 0;
  const std::uint32_t room = depth_max - depth_;
  const char* const text = text_.data();
  const std::uint32_t* next = next_;
  std::uint32_t values = values_;
  Value out{.first = text[*next], .span = {*next, 0}};
  const auto step_key = [&] {
    if constexpr (judged) {
      next_ = next;
      const bool good = key().has_value();
      next = next_;
      return good;
    } else {
      const bool good = text[next[0]] == '"' && text[next[1]] == ':';
      next += 2;
      return good;
    }
  };
  for (;;) {
    // A value starts here.
    ++values;
    const char first = text[*next];
    if (first == '{' || first == '[') {
      if (depth == room) return invalid();
      const bool object = first == '{';
      const std::uint64_t bit = std::uint64_t{1} << depth;
      objects = object ? objects | bit : objects & ~bit;
      levels[depth].elements = 0;
      if constexpr (judged)
        levels[depth].first_mark = static_cast<std::uint32_t>(work_.marks.size());
      ++depth;
      ++next;
      if (text[*next] != (object ? '}' : ']')) {
        levels[depth - 1].elements = 1;
        if (object && !step_key()) return invalid();
        continue;
      }
    } else if (!judged && first == '"') {
      ++next;
    } else {
      Value inner;
      next_ = next;
      PENSTOCK_CHECK(scalar<judged>(inner));
      next = next_;
      PENSTOCK_DEBUG_ASSERT(depth > 0);  // the loop ends with the outermost container
      const bool in_array =
          (objects >> (depth - 1) & 1) == 0;  // NOLINT(clang-analyzer-core.BitwiseShift)
      array_numbers_ += in_array && inner.is_number();
    }
    // A value ended: what else ends with it?
    for (;;) {
      Level& level = levels[depth - 1];
      const bool object =
          (objects >> (depth - 1) & 1) != 0;  // NOLINT(clang-analyzer-core.BitwiseShift)
      const char token = text[*next++];
      if (token == ',') {
        ++level.elements;
        if (object && (level.elements > members_max || !step_key())) return invalid();
        break;
      }
      if (token != (object ? '}' : ']')) return invalid();
      if constexpr (judged) PENSTOCK_CHECK(close_marks(level.first_mark));
      if (--depth == 0) {
        next_ = next;
        values_ = values;
        out.span.end = next[-1] + 1;
        out.elements = level.elements;
        return out;
      }
      if (next == end_) return invalid();
    }
  }
}

template <bool judged>
Result<Value> Walk::value() {
  const char first = peek();
  if (first == '{' || first == '[') return container<judged>();
  if (next_ == end_) return invalid();
  ++values_;
  Value out;
  PENSTOCK_CHECK(scalar<judged>(out));
  if (out.is_string() && out.span.size() == 0) out.span = string_span(out.span.begin);
  return out;
}

template Result<Value> Walk::value<true>();
template Result<Value> Walk::value<false>();

Result<> Walk::enter(char bracket) {
  if (peek() != bracket || depth_ == depth_max) return invalid();
  ++depth_;
  ++values_;
  return {};
}

Result<bool> Walk::another(char closer) {
  const char token = peek();
  if (token == ',') {
    ++next_;
    return true;
  }
  if (token != closer) return invalid();
  return false;
}

Result<Key> Walk::key() {
  if (peek() != '"') return invalid();
  const std::uint32_t begin = *next_++;
  if (peek() != ':') return invalid();
  const Span span = string_span(begin);
  ++next_;
  if (span.size() < 2 || text_[span.end - 1] != '"') return invalid();
  Bytes name = Span{span.begin + 1, span.end - 1}.in(text_);
  bool escaped = false;
  std::uint64_t hash = hash_key(name, work_.seed, escaped);
  if (escaped) {
    if (!judge_string(name).valid) return invalid();
    work_.unescaped.resize(name.size());
    work_.unescaped.resize(unescape_string(name, work_.unescaped.data()));
    name = work_.unescaped;
    hash = hash_key(name, work_.seed, escaped);
  }
  if (work_.marks.size() >= values_max) return invalid();
  work_.marks.push_back({hash, span});
  return Key{name, span};
}

// An object ends: no key may stand in it twice. Takes its keys off the stack.
Result<> Walk::close_marks(std::size_t first) {
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
  if (twice) return fail(Code::duplicate_field, Side::client);
  return {};
}

}  // namespace penstock::json
