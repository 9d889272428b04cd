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

// A keyed hash of a key's unescaped form: multiply and fold, eight bytes at a time.
std::uint64_t hash_key(Bytes key, std::uint64_t seed) {
  constexpr std::uint64_t odd = 0x9E37'79B9'7F4A'7C15;
  std::uint64_t hash = mix(seed ^ key.size(), odd);
  while (!key.empty()) {
    std::uint64_t word = 0;
    const std::size_t taken = std::min(key.size(), sizeof word);
    std::memcpy(&word, key.data(), taken);
    hash = mix(hash ^ word, seed | 1) + odd;
    key.remove_prefix(taken);
  }
  return mix(hash, odd);
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

// Takes a key and its colon; in judged objects the key is remembered.
template <bool judged>
bool Walk::step_key() {
  if constexpr (judged) {
    return key().has_value();
  } else {
    if (text_[next_[0]] != '"' || text_[next_[1]] != ':') return false;
    next_ += 2;
    return true;
  }
}

// The last token of the text is a closing bracket (Scanner sees to that), so reading on is within
// bounds everywhere but after a closing bracket.
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
  Value out{.first = text_[*next_], .span = {*next_, 0}};
  for (;;) {
    // A value starts here.
    ++values_;
    const char first = text_[*next_];
    if (first == '{' || first == '[') {
      if (depth == room) return invalid();
      const bool object = first == '{';
      const std::uint64_t bit = std::uint64_t{1} << depth;
      objects = object ? objects | bit : objects & ~bit;
      levels[depth] = {0, static_cast<std::uint32_t>(work_.marks.size())};
      ++depth;
      ++next_;
      if (text_[*next_] != (object ? '}' : ']')) {
        levels[depth - 1].elements = 1;
        if (object && !step_key<judged>()) return invalid();
        continue;
      }
    } else {
      Value inner;
      PENSTOCK_CHECK(scalar<judged>(inner));
      const bool in_array = (objects >> (depth - 1) & 1) == 0;
      array_numbers_ += in_array && inner.is_number();
    }
    // A value ended: what else ends with it?
    for (;;) {
      Level& level = levels[depth - 1];
      const bool object = (objects >> (depth - 1) & 1) != 0;
      const char token = text_[*next_++];
      if (token == ',') {
        ++level.elements;
        if (object && (level.elements > members_max || !step_key<judged>())) return invalid();
        break;
      }
      if (token != (object ? '}' : ']')) return invalid();
      if constexpr (judged) PENSTOCK_CHECK(close_marks(level.first_mark));
      if (--depth == 0) {
        out.span.end = next_[-1] + 1;
        out.elements = level.elements;
        return out;
      }
      if (next_ == end_) return invalid();
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
  Value text{.first = '"', .span = {*next_++, 0}};
  if (peek() != ':') return invalid();
  PENSTOCK_CHECK(judge_inside(text));
  ++next_;
  Bytes name = text.inside().in(text_);
  if (text.escaped) {
    work_.unescaped.resize(name.size());
    work_.unescaped.resize(unescape_string(name, work_.unescaped.data()));
    name = work_.unescaped;
  }
  if (work_.marks.size() >= values_max) return invalid();
  work_.marks.push_back({hash_key(name, work_.seed), text.span});
  return Key{name, text.span};
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
