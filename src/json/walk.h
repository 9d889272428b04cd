// Steps over the tokens of one text from its start to its end, in one pass, and is the judge of
// grammar. Not recursive. Most of a body is the inside of strings, which is stepped over many bytes
// at a time (string_scan.h); an index of all tokens made beforehand, as simdjson makes it, costs
// twice the instructions for such bodies (docs/performance.md).
//
// Bytes above 0x7F only stand inside strings; whether they are UTF-8 is not judged here: `high`
// says that somebody must.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "json/text.h"
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
  bool escaped = false;        // strings: holds escapes
  bool controls = false;       // strings, judged values only: holds escaped controls
  Span span;                   // strings with their quotes
  std::uint32_t elements = 0;  // members or elements of a container

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

// A member's key, stepped over with its colon. Valid until the walk steps on.
struct Key {
  Bytes name;  // unescaped
  Span span;   // with its quotes
};

// Every step returns false when the text breaks a rule; `error` then says which, and the walk is
// over. Plain bools and a value that stays in the walk: this runs for every token of every body.
class Walk {
 public:
  // Whether an object that is read may hold a key twice. A request may not: what we read of it and
  // what its provider reads could differ. Of an answer the last one counts, as for its client.
  enum class Keys : std::uint8_t { unique, any };

  Walk(Bytes text, Workspace& work, Keys keys)
      : text_(text.data()),
        p_(behind_blanks(text.data(), text.data() + text.size())),
        end_(text.data() + text.size()),
        work_(work),
        keys_(keys) {}

  // The first character of the next value, or another token; 0 at the end.
  char peek() const { return p_ != end_ ? *p_ : '\0'; }
  // The first character inside the container that opens here; 0 when there is none.
  char peek_inside() const;
  bool at_end() const { return p_ == end_; }
  // Not zero: the text holds bytes above 0x7F.
  unsigned high() const { return high_; }
  // Values stepped over so far, members' values and elements each; numbers that are elements of
  // arrays inside `pass` are counted apart.
  std::uint32_t values() const { return values_; }
  std::uint32_t array_numbers() const { return array_numbers_; }

  // Steps over one value that is only passed on.
  bool pass() { return step<false>(); }
  // Steps over one value that is read: all of it is judged strictly.
  bool judge() { return step<true>(); }
  // The value stepped over last.
  const Value& value() const { return value_; }

  // Reads an object: calls `member(const Key&)`, which steps over the value and returns a bool.
  // `last()` is then the object's span.
  template <class F>
  bool members(F&& member) {
    if (!enter('{')) return false;
    const std::uint32_t begin = take_bracket();
    const std::size_t first_mark = work_.marks.size();
    std::uint32_t count = 0;
    while (peek() != '}' || count != 0) {
      if (++count > members_max || !take_key()) return fail(Code::invalid_json);
      if (!member(static_cast<const Key&>(key_))) return false;
      if (take_comma()) continue;
      if (peek() != '}') return fail(Code::invalid_json);
      break;
    }
    if (keys_ == Keys::unique && !close_marks(first_mark)) return false;
    --depth_;
    last_ = {begin, take_bracket() + 1};
    return true;
  }

  // Reads an array: calls `element(std::uint32_t index)` in the same way.
  template <class F>
  bool elements(F&& element) {
    if (!enter('[')) return false;
    const std::uint32_t begin = take_bracket();
    std::uint32_t count = 0;
    while (peek() != ']' || count != 0) {
      if (!element(count++)) return false;
      if (take_comma()) continue;
      if (peek() != ']') return fail(Code::invalid_json);
      break;
    }
    --depth_;
    last_ = {begin, take_bracket() + 1};
    return true;
  }
  // The object or array that members() or elements() read last.
  Span last() const { return last_; }

  // Ends the walk with an error of the reader's own.
  bool fail(Code code) {
    error_ = {code, Side::client};
    return false;
  }
  Error error() const { return error_; }
  // The key that was found twice, after duplicate_field.
  Span duplicate() const { return duplicate_; }

 private:
  template <bool judged>
  bool step();
  template <bool judged>
  bool container();
  template <bool judged>
  bool scalar(const char*& p, Value& out);
  const char* string_end(const char* p, bool& escaped);
  const char* long_string_end(const char* p, bool& escaped);
  bool enter(char bracket);
  bool take_key();
  bool unescape_key();
  bool close_marks(std::size_t first);

  static const char* behind_blanks(const char* p, const char* end) {
    while (p != end && static_cast<unsigned char>(*p) <= ' ' && is_blank(*p)) ++p;
    return p;
  }
  void skip_blanks() { p_ = behind_blanks(p_, end_); }
  std::uint32_t offset(const char* p) const { return static_cast<std::uint32_t>(p - text_); }
  // Takes the bracket at `p_` and returns where it stood.
  std::uint32_t take_bracket() {
    const std::uint32_t at = offset(p_++);
    skip_blanks();
    return at;
  }
  bool take_comma() {
    if (peek() != ',') return false;
    ++p_;
    skip_blanks();
    return true;
  }
  Bytes in(Span span) const { return {text_ + span.begin, span.size()}; }

  const char* text_;
  const char* p_;  // the next token, or `end_`
  const char* end_;
  Workspace& work_;
  Keys keys_;
  unsigned high_ = 0;
  std::uint32_t depth_ = 0;  // containers open around the next token
  std::uint32_t values_ = 0;
  std::uint32_t array_numbers_ = 0;
  Value value_;
  Key key_;
  Span duplicate_;
  Span last_;
  Error error_{Code::invalid_json, Side::client};
};

}  // namespace penstock::json
