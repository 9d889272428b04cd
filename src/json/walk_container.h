// The loop of `Walk` over all that is in a container. A header, because readers that want to hear
// of the members on the way instantiate it with a watch of their own:
//
//   key(depth, name)                   the next value is this member's; depth 1: of the outermost
//   open(depth, object, first, begin)  the container at `depth` begins; first: it is the first
//                                      element or member of the one around it
//   close(depth, end)                  it ends
//   wants_scalar(), scalar(value)      a string, number or literal; false ends the walk
#pragma once

#include <array>

#include "json/walk.h"

namespace penstock::json {

struct NoWatch {
  static constexpr bool wants_keys = false;
};

// A string, number or literal.
template <bool judged>
[[gnu::always_inline]] inline const char* Walk::scalar(const char* p, Value& out) const {
  const char* const start = p;
  out.first = *p;
  if (out.first == '"') {
    const StringEnd found = string_end(p);
    if (found.past == nullptr) return nullptr;
    out.escaped = found.escaped;
    out.span = {offset(start), offset(found.past)};
    if (judged && out.escaped) {
      const StringFacts facts = judge_string(in(out.inside()));
      out.controls = facts.controls;
      if (!facts.valid) return nullptr;
    }
    return found.past;
  }
  const bool number = out.is_number();
  p = number ? number_end(start, end_) : literal_end(start, end_);
  if (p == nullptr) return nullptr;
  out.span = {offset(start), offset(p)};
  if (judged && number && (out.span.size() > number_chars_max || !number_is_finite(in(out.span)))) {
    return nullptr;
  }
  return p;
}

// All state of the loop is local, and a key is taken in one place only: this is most of a body.
template <bool judged, class Watch>
bool Walk::container(Watch& watch) {
  struct Level {
    std::uint32_t elements;
    std::uint32_t first_mark;
  };
  std::array<Level, depth_max> levels;  // of the containers open in here; not initialised
  std::uint64_t around = 0;             // a stack of bits: which of the containers are objects
  bool object = false;                  // whether the innermost one is
  std::uint32_t depth = 0;
  std::uint32_t values = 0;
  std::uint32_t numbers = 0;
  const std::uint32_t room = depth_max - depth_;
  const char* p = p_;
  const char* const end = end_;
  const char first = *p;
  const std::uint32_t begin = offset(p);
  for (;;) {
    if (object) {
      const Key key = take_key<(judged || Watch::wants_keys)>(p);
      p = key.value;
      if (p == nullptr) return false;
      if constexpr (judged) {
        if (keys_ == Keys::unique && !mark(key)) return false;
      }
      if constexpr (Watch::wants_keys) watch.key(depth, key.name);
    }
    // A value starts here.
    if constexpr (!Watch::wants_keys) ++values;  // what a watch wants is no matter of counts
    const char token = *p;
    if (token == '{' || token == '[') {
      if (depth == room) return false;
      if constexpr (Watch::wants_keys) {
        watch.open(depth, token == '{', depth > 0 && levels[depth - 1].elements == 1, offset(p));
      }
      around = around << 1 | static_cast<std::uint64_t>(object);
      object = token == '{';
      levels[depth].elements = 0;
      if constexpr (judged) {
        levels[depth].first_mark = static_cast<std::uint32_t>(work_.marks.size());
      }
      ++depth;
      p = behind_blanks(p + 1);
      if (*p != (object ? '}' : ']')) {
        levels[depth - 1].elements = 1;
        continue;
      }
    } else {
      Value value;
      p = scalar<judged>(p, value);
      if (p == nullptr) return false;
      if constexpr (!Watch::wants_keys) {
        numbers += !object && value.is_number();
      } else {
        // A copy, so that values nobody wants stay in registers.
        if (watch.wants_scalar() && !watch.scalar(Value(value))) return false;
      }
    }
    // A value ended: what else ends with it?
    for (;;) {
      p = behind_blanks(p);
      Level& level = levels[depth - 1];
      if (*p == ',') {
        if (++level.elements > members_max && object) return false;
        p = behind_blanks(p + 1);
        break;
      }
      if (*p != (object ? '}' : ']')) return false;
      ++p;
      if constexpr (judged) {
        if (keys_ == Keys::unique && !close_marks(level.first_mark)) return false;
      }
      if constexpr (Watch::wants_keys) watch.close(depth - 1, offset(p));
      object = (around & 1) != 0;
      around >>= 1;
      if (--depth == 0) {
        value_.first = first;
        value_.span = {begin, offset(p)};
        value_.elements = level.elements;
        values_ += values;
        array_numbers_ += numbers;
        p_ = p == end ? p : behind_blanks(p);
        return true;
      }
      if (p == end) return false;
    }
  }
}

template <class Watch>
bool Walk::watch(Watch& watch) {
  return (peek() == '{' || peek() == '[') && container<false>(watch);
}

}  // namespace penstock::json
