// Steps over the tokens of one text from its start to its end, in one pass, and is the judge of
// grammar. Not recursive. Most of a body is the inside of strings, which is stepped over many bytes
// at a time (string_scan.h); an index of all tokens made beforehand, as simdjson makes it, costs
// twice the instructions for such bodies (docs/performance.md).
//
// Bytes above 0x7F only stand inside strings; whether they are UTF-8 is for others to judge.
//
// The place is handed from step to step as an argument and a result, `p`, and nullptr is a broken
// rule: so it stays in a register. Between steps it is `p_`.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "json/string_scan.h"
#include "json/text.h"
#include "penstock/json.h"

namespace penstock::json {

// A key seen in an object that is read: keys are compared by a hash of their unescaped form under
// a seed that no peer knows. Equal keys always meet; others do with a chance of 2^-64.
struct KeyMark {
  std::uint64_t hash;
  std::uint32_t begin;  // of the key in the text
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
  Bytes name;         // unescaped
  const char* value;  // behind its colon, maybe blanks; nullptr: the key breaks a rule
  const char* begin;  // of the key itself, with its quotes
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
        p_(text.data()),
        end_(text.data() + text.size()),
        work_(work),
        keys_(keys) {
    while (end_ != text_ && is_blank(end_[-1])) --end_;
    if (p_ != end_) p_ = behind_blanks(p_);
    // Said here once, so that no step behind another token than a closing bracket looks for the
    // end: there is a bracket to meet.
    const bool container = peek() == '{' || peek() == '[';
    if (container && end_[-1] != '}' && end_[-1] != ']') p_ = end_;
    last_step_ = last_step(text_, end_);
  }

  // The first character of the next value, or another token; 0 at the end.
  char peek() const { return p_ != end_ ? *p_ : '\0'; }
  // The first character inside the container that opens here; 0 when there is none.
  char peek_inside() const;
  bool at_end() const { return p_ == end_; }
  // Values stepped over so far, members' values and elements each; numbers that are elements of
  // arrays inside `pass` are counted apart.
  std::uint32_t values() const { return values_; }
  std::uint32_t array_numbers() const { return array_numbers_; }

  // Steps over one value that is only passed on.
  bool pass() { return step<false>(); }
  // Steps over one value that is read: all of it is judged strictly.
  bool judge() { return step<true>(); }
  // As `pass`, over a container, and tells the watch what is in it (walk_container.h).
  template <class Watch>
  bool watch(Watch& watch);
  // The value stepped over last.
  const Value& value() const { return value_; }

  // Reads an object: calls `member(const Key&)`, which steps over the value and returns a bool.
  // `last()` is then the object's span. own_marks: which keys are marked is the caller's business.
  template <bool own_marks = false, class F>
  bool members(F&& member) {
    if (!enter('{')) return false;
    const std::uint32_t begin = offset(p_);
    const std::size_t first_mark = work_.marks.size();
    const char* p = behind_blanks(p_ + 1);
    for (std::uint32_t count = 1; *p != '}' || count > 1; ++count) {
      if (*p != '"' || count > members_max) return fail(Code::invalid_json);
      const Key key = take_key<true>(p);
      if (key.value == nullptr) return fail(Code::invalid_json);
      if (!own_marks && keys_ == Keys::unique && !mark(key)) return fail(Code::invalid_json);
      p_ = behind_blanks(key.value);
      if (!member(key)) return false;
      p = p_;
      if (p == end_ || (*p != ',' && *p != '}')) return fail(Code::invalid_json);
      if (*p == '}') break;
      p = behind_blanks(p + 1);
    }
    if (keys_ == Keys::unique && !close_marks(first_mark)) return false;
    return leave(begin, p);
  }
  // Remembers a key of the object that is read, which may not hold it twice: that is found out at
  // the object's end. False: there are too many.
  bool mark(const Key& key);

  // The object that members() read last.
  Span last() const { return last_; }

  // Ends the walk with an error of the reader's own.
  bool fail(Code code) {
    error_ = {code, Side::client};
    return false;
  }
  Error error() const { return error_; }
  // The key that was found twice, after duplicate_field: as it stands in the text, without quotes.
  Bytes duplicate() const { return raw_key(duplicate_); }
  // Where a member begins, and its key as it stands in the text, without quotes.
  std::uint32_t place(const Key& key) const { return offset(key.begin); }
  Bytes raw_key(std::uint32_t place) const {
    const char* const p = text_ + place;
    return {p + 1, static_cast<std::size_t>(string_end(p).past - p) - 2};
  }

 private:
  // One past a string, and whether it holds escapes.
  struct StringEnd {
    const char* past;  // nullptr: it does not end
    bool escaped;
  };

  template <bool judged>
  bool step();
  template <class Watch>
  struct Run;
  template <bool judged, class Watch>
  bool container(Watch& watch);
  template <bool judged, class Watch>
  const char* members(const char* p, Run<Watch>& run, Watch& watch);
  template <bool judged, class Watch>
  const char* elements(const char* p, Run<Watch>& run) const;
  template <bool judged>
  const char* scalar(const char* p, Value& out) const;
  bool close_marks(std::size_t first);

  // The string whose opening quote is at `p`. Its escapes are stepped over, whatever they are.
  StringEnd string_end(const char* p) const {
    const char* const stop = find_near_stop(p + 1, last_step_, end_);
    if (stop != nullptr && *stop == '"') return {stop + 1, false};
    return long_string_end(p + 1);
  }
  StringEnd long_string_end(const char* p) const;

  // Steps over the key at `p`, a quote, and its colon; if it is `read` its name is judged. Nearly
  // all keys are short and plain, with their colon next to them.
  template <bool read>
  [[gnu::always_inline]] Key take_key(const char* p) {
    const char* const stop = find_near_stop(p + 1, last_step_, end_);
    if (stop == nullptr || std::memcmp(stop, "\":", 2) != 0) {
      const Key odd = take_odd_key(p, read);
      return {odd.name, odd.value, odd.begin};  // a copy, so that other keys stay in registers
    }
    return {{p + 1, static_cast<std::size_t>(stop - p) - 1}, stop + 2, p};
  }
  Key take_odd_key(const char* p, bool read);

  bool enter(char bracket) {
    if (peek() != bracket || depth_ == depth_max) return false;
    ++depth_;
    ++values_;
    return true;
  }
  // `p`: the closing bracket of the container that began at `begin`.
  bool leave(std::uint32_t begin, const char* p) {
    --depth_;
    last_ = {begin, offset(p) + 1};
    p_ = p + 1 == end_ ? end_ : behind_blanks(p + 1);
    return true;
  }

  // `p` is before the end, and there is something else than blanks to come.
  static const char* behind_blanks(const char* p) {
    while (static_cast<unsigned char>(*p) <= ' ' && is_blank(*p)) ++p;
    return p;
  }
  std::uint32_t offset(const char* p) const { return static_cast<std::uint32_t>(p - text_); }
  Bytes in(Span span) const { return {text_ + span.begin, span.size()}; }

  const char* text_;
  const char* p_;  // the next token, or `end_`
  const char* end_;
  const char* last_step_;  // string_scan.h
  Workspace& work_;
  Keys keys_;
  std::uint32_t depth_ = 0;  // containers open around the next token
  std::uint32_t values_ = 0;
  std::uint32_t array_numbers_ = 0;
  Value value_;
  std::uint32_t duplicate_ = 0;
  Span last_;
  Error error_{Code::invalid_json, Side::client};
};

}  // namespace penstock::json
