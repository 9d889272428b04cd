// The loop of `Walk` over all that is in a container. A header, because readers that want to hear
// of the members on the way instantiate it with a watch of their own:
//
//   Wanted key(name)      a member of the innermost object, whose value comes next; Wanted{}: one
//                         that nobody wants, as elements are
//   open(depth, wanted, object, first, begin)
//                         the container at `depth` begins, 0: the outermost; first: it is the first
//                         element or member of the one around it
//   close(depth, end)     it ends
//   scalar(wanted, value) a string, number or literal that is wanted; false ends the walk
#pragma once

#include <array>
#include <cstddef>
#include <utility>

#include "json/walk.h"

namespace penstock::json {

struct NoWatch {
  struct Wanted {};
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
  constexpr std::size_t infinite_chars_min = 5;  // 1e309
  if (judged && number && out.span.size() >= infinite_chars_min &&
      (out.span.size() > number_chars_max || !number_is_finite(in(out.span)))) {
    return nullptr;
  }
  return p;
}

// What a walk over a container knows besides its place.
template <class Watch>
struct Walk::Run {
  std::uint32_t elements = 0;  // members or elements of the innermost container so far
  std::uint32_t values = 0;
  std::uint32_t numbers = 0;                              // that are elements of arrays
  [[no_unique_address]] typename Watch::Wanted member{};  // whose value comes next
};

// Steps from a member's key to the next bracket: one that opens the value of a member, or the one
// that ends the object.
template <bool judged, class Watch>
[[gnu::always_inline]] inline const char* Walk::members(const char* p, Run<Watch>& run,
                                                        Watch& watch) {
  if (*p != '"') return nullptr;
  for (;;) {
    const Key key = take_key<(judged || Watch::wants_keys)>(p);
    p = key.value;
    if (p == nullptr) return nullptr;
    if constexpr (judged) {
      if (keys_ == Keys::unique && !mark(key)) return nullptr;
    }
    if constexpr (Watch::wants_keys) run.member = watch.key(key.name);
    if constexpr (!Watch::wants_keys) ++run.values;  // what a watch wants is no matter of counts
    if (*p != '"') {
      p = behind_blanks(p);
      if (*p == '{' || *p == '[') return p;
    }
    Value value;
    p = scalar<judged>(p, value);
    if (p == nullptr) return nullptr;
    if constexpr (Watch::wants_keys) {
      if (run.member != typename Watch::Wanted{} && !watch.scalar(run.member, value)) {
        return nullptr;
      }
    }
    // Nearly always the next key stands next to its comma.
    if (*p != ',' || p[1] != '"') {
      p = behind_blanks(p);
      if (*p != ',') return *p == '}' ? p : nullptr;
      p = behind_blanks(p + 1) - 1;
      if (p[1] != '"') return nullptr;
    }
    ++p;
    if (++run.elements > members_max) return nullptr;
  }
}

// The same for the elements of an array.
template <bool judged, class Watch>
[[gnu::always_inline]] inline const char* Walk::elements(const char* p, Run<Watch>& run) const {
  run.member = {};
  for (;;) {
    if constexpr (!Watch::wants_keys) ++run.values;
    if (*p == '{' || *p == '[') return p;
    Value value;
    p = scalar<judged>(p, value);
    if (p == nullptr) return nullptr;
    if constexpr (!Watch::wants_keys) run.numbers += value.is_number();
    p = behind_blanks(p);
    if (*p != ',') return *p == ']' ? p : nullptr;
    ++run.elements;
    p = behind_blanks(p + 1);
  }
}

// All state of the loop is local: this is most of a body.
template <bool judged, class Watch>
bool Walk::container(Watch& watch) {
  struct Level {
    std::uint32_t elements;
    char closer;
  };
  // Of the containers around the innermost one, the text itself among them; not initialised.
  std::array<Level, depth_max> around;
  std::array<std::size_t, depth_max> marks_around;
  std::uint32_t depth = 0;
  char closer = 0;  // the bracket that ends the innermost one
  std::size_t first_mark = 0;
  Run<Watch> run;
  const std::uint32_t room = depth_max - depth_;
  const char* p = p_;
  const char* const end = end_;
  const char first = *p;
  const std::uint32_t begin = offset(p);
  for (;;) {
    p = closer == '}' ? members<judged>(p, run, watch) : elements<judged>(p, run);
    if (p == nullptr) return false;
    if (*p != closer) {
      // A container begins.
      if (depth == room) return false;
      if constexpr (Watch::wants_keys) {
        watch.open(depth, run.member, *p == '{', run.elements == 1, offset(p));
      }
      around[depth] = {run.elements, closer};
      if constexpr (judged) marks_around[depth] = std::exchange(first_mark, work_.marks.size());
      ++depth;
      static_assert('{' + 2 == '}' && '[' + 2 == ']');
      closer = static_cast<char>(*p + 2);
      run.elements = 0;
      p = behind_blanks(p + 1);
      if (*p != closer) {
        run.elements = 1;
        continue;
      }
    }
    // The innermost container ends: what else ends with it?
    for (;;) {
      ++p;
      if constexpr (judged) {
        if (keys_ == Keys::unique && !close_marks(first_mark)) return false;
      }
      --depth;
      if constexpr (Watch::wants_keys) watch.close(depth, offset(p));
      if (depth == 0) {
        value_.first = first;
        value_.span = {begin, offset(p)};
        value_.elements = run.elements;
        values_ += run.values;
        array_numbers_ += run.numbers;
        p_ = p == end ? p : behind_blanks(p);
        return true;
      }
      if (p == end) return false;
      run.elements = around[depth].elements;
      closer = around[depth].closer;
      if constexpr (judged) first_mark = marks_around[depth];
      p = behind_blanks(p);
      if (*p == ',') break;
      if (*p != closer) return false;
    }
    if (++run.elements > members_max && closer == '}') return false;
    p = behind_blanks(p + 1);
  }
}

template <class Watch>
bool Walk::watch(Watch& watch) {
  return (peek() == '{' || peek() == '[') && container<false>(watch);
}

}  // namespace penstock::json
