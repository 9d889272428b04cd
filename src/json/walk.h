// Steps over the structural positions of one body (brackets, commas, colons, starts of strings and
// scalars, as stage 1 of simdjson found them) and is the only judge of grammar. Not recursive.
//
// What stage 1 promises and the walk relies on: the text is UTF-8, strings are closed and hold no
// raw controls, and after a structural position only the string or scalar that starts there and
// blanks follow until the next one. A scalar's own end is judged here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "penstock/json.h"

namespace penstock::json {

// A key seen in an object that is read: keys are compared by a hash of their unescaped form under
// a seed that no peer knows. Equal keys always meet; others do with a chance of 2^-64.
struct KeyMark {
  std::uint64_t hash;
  Span key;
};

// Buffers of a scanner, reused from body to body.
struct Workspace {
  std::vector<KeyMark> marks;  // a stack: the keys of all objects that are open and read
  std::string unescaped;       // the key in hand, when it has escapes
  std::uint64_t seed = 0;
};

// A value that was stepped over.
struct Value {
  char first = 0;              // its first character tells its kind
  Span span;                   // strings with their quotes
  std::uint32_t elements = 0;  // members or elements of a container
  bool escaped = false;        // strings, judged values only
  bool controls = false;       // strings, judged values only: holds escaped controls

  bool is_string() const { return first == '"'; }
  bool is_object() const { return first == '{'; }
  bool is_array() const { return first == '['; }
  bool is_true() const { return first == 't'; }
  bool is_false() const { return first == 'f'; }
  bool is_null() const { return first == 'n'; }
  bool is_number() const { return first == '-' || (first >= '0' && first <= '9'); }
  // The string without its quotes.
  Span inside() const { return {span.begin + 1, span.end - 1}; }
};

// A member's key, stepped over with its colon.
struct Key {
  Bytes name;  // unescaped; valid until the next key
  Span span;   // with its quotes
};

class Walk {
 public:
  // `positions` are the `count` structural positions of `text`, in rising order.
  Walk(Bytes text, const std::uint32_t* positions, std::uint32_t count, Workspace& work)
      : text_(text), next_(positions), end_(positions + count), work_(work) {}

  // The first character of the next value, or another token; 0 at the end.
  char peek() const { return next_ != end_ ? text_[*next_] : '\0'; }
  // The same for the token `n` places on.
  char peek(std::uint32_t n) const { return end_ - next_ > n ? text_[next_[n]] : '\0'; }
  bool at_end() const { return next_ == end_; }
  // Where the next token starts.
  std::uint32_t position() const { return *next_; }
  // Values stepped over so far, members' values and elements each; numbers that are elements of
  // arrays inside `pass` are counted apart.
  std::uint32_t values() const { return values_; }
  std::uint32_t array_numbers() const { return array_numbers_; }
  // The key that was found twice, after duplicate_field.
  Span duplicate() const { return duplicate_; }
  // The object or array that members() or elements() read last.
  Span last() const { return last_; }

  // Steps over one value that is only passed on.
  Result<Value> pass() { return value<false>(); }
  // Steps over one value that is read: all of it is judged strictly.
  Result<Value> judge() { return value<true>(); }

  // Reads an object: calls `member(const Key&)`, which steps over the value and returns Result<>.
  // `last()` is then the object's span.
  template <class F>
  Result<> members(F&& member) {
    PENSTOCK_CHECK(enter('{'));
    const std::uint32_t begin = *next_++;
    const std::size_t first_mark = work_.marks.size();
    std::uint32_t count = 0;
    while (peek() != '}' || count != 0) {
      if (++count > members_max) return fail(Code::invalid_json, Side::client);
      PENSTOCK_TRY(name, key());
      PENSTOCK_CHECK(member(name));
      PENSTOCK_TRY(more, another('}'));
      if (!more) break;
    }
    PENSTOCK_CHECK(close_marks(first_mark));
    --depth_;
    last_ = {begin, *next_++ + 1};
    return {};
  }

  // Reads an array: calls `element(std::uint32_t index)` in the same way.
  template <class F>
  Result<> elements(F&& element) {
    PENSTOCK_CHECK(enter('['));
    const std::uint32_t begin = *next_++;
    std::uint32_t count = 0;
    while (peek() != ']' || count != 0) {
      PENSTOCK_CHECK(element(count++));
      PENSTOCK_TRY(more, another(']'));
      if (!more) break;
    }
    --depth_;
    last_ = {begin, *next_++ + 1};
    return {};
  }

 private:
  template <bool judged>
  Result<Value> value();
  template <bool judged>
  Result<Value> container();
  template <bool judged>
  Result<> scalar(Value& out);
  Result<> judge_inside(Value& out);
  Result<> enter(char bracket);
  Result<bool> another(char closer);
  Result<Key> key();
  Result<> close_marks(std::size_t first);
  Span string_span(std::uint32_t begin) const;

  Bytes text_;
  const std::uint32_t* next_;
  const std::uint32_t* end_;
  Workspace& work_;
  std::uint32_t depth_ = 0;  // containers open around the next token
  std::uint32_t values_ = 0;
  std::uint32_t array_numbers_ = 0;
  Span duplicate_;
  Span last_;
};

}  // namespace penstock::json
