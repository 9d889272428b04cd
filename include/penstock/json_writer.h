// Writes JSON texts. A `Writer` fills a buffer of the caller and allocates nothing: error bodies,
// log lines, the model list. A `Composer` is a Writer with a buffer of its own that grows up to a
// bound: translated requests, answers and events. A text that does not fit is reported, never cut
// silently.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include "penstock/bytes.h"

namespace penstock::json {

// Appends values in order; commas are its business, balanced brackets the caller's.
//   writer.begin_object().key("n").integer(3).end_object();
// Strings come out safe for a log line: quotes, backslash, controls, DEL, C1, U+2028 and U+2029
// are escaped, and bytes that are not UTF-8 become U+FFFD.
class Writer {
 public:
  static constexpr std::size_t whole = static_cast<std::size_t>(-1);

  explicit Writer(std::span<char> out) : out_(out) {}

  Writer& begin_object() { return open('{'); }
  Writer& end_object() { return close('}'); }
  Writer& begin_array() { return open('['); }
  Writer& end_array() { return close(']'); }
  Writer& key(Bytes name);
  // `cut`: the most bytes of `text` that are written; a longer text is cut between characters and
  // ends in "…".
  Writer& string(Bytes text, std::size_t cut = whole);
  Writer& integer(std::int64_t value);
  Writer& unsigned_integer(std::uint64_t value);
  // value / 10^places, without trailing zeros: decimal(1250, 3) is 1.25. `places` is at most 18.
  Writer& decimal(std::int64_t value, unsigned places);
  Writer& boolean(bool value);
  Writer& null();
  // A value that is JSON already.
  Writer& raw(Bytes json);
  // A string that is escaped already, without its quotes.
  Writer& escaped_string(Bytes content);
  // A string in parts: any number of `more…` between `open_string` and `close_string`.
  Writer& open_string();
  Writer& more(Bytes text);              // escaped here
  Writer& more_escaped(Bytes content) {  // escaped already
    put(content);
    return *this;
  }
  Writer& close_string();
  // Bytes that are not a value: what frames one (`data: `, line ends). No comma before or behind.
  Writer& verbatim(Bytes bytes) {
    put(bytes);
    comma_ = false;
    return *this;
  }

  // False when something did not fit; the text is then incomplete and must not be used.
  bool fits() const { return !overflow_; }
  Bytes text() const { return {out_.data(), size_}; }

 private:
  friend class Composer;
  // Makes room for at least `bytes` more; false when that is too much.
  using Grow = bool (*)(Writer& writer, std::size_t bytes);

  Writer& open(char bracket);
  Writer& close(char bracket);
  void separate();
  void put(char c) { put(Bytes(&c, 1)); }
  // Here, so that a text whose length is known becomes a few stores.
  void put(Bytes bytes) {
    if (overflow_) return;
    if (bytes.size() > out_.size() - size_ && !make_room(bytes.size())) return;
    if (bytes.empty()) return;
    std::memcpy(out_.data() + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  bool make_room(std::size_t bytes);
  char* room(std::size_t bytes);
  void took(const char* end) { size_ = static_cast<std::size_t>(end - out_.data()); }
  void value(Bytes json);
  void quoted(Bytes text, std::size_t cut);
  void escaped(Bytes text);

  std::span<char> out_;
  std::size_t size_ = 0;
  Grow grow_ = nullptr;
  bool comma_ = false;  // a value stands before this place in the same container
  bool overflow_ = false;
  bool one_line_ = false;
};

// A Writer that owns its text. Keeps its room from text to text, so that writing events again and
// again allocates nothing.
class Composer : public Writer {
 public:
  // `bytes_max`: of the text; what would be longer makes `fits` false.
  explicit Composer(std::size_t bytes_max = 64u << 20);
  Composer(const Composer&) = delete;
  Composer& operator=(const Composer&) = delete;

  std::size_t size() const { return size_; }
  // From now on the line ends between the tokens of a `raw` value become blanks: in an event of a
  // stream one that was printed over several lines would end the line, and with it the event.
  void keep_on_one_line() { one_line_ = true; }
  // Begins another text, outside of all containers. The view of the text before dies. Room above
  // 64 KiB is given back.
  void clear();
  // Forgets what was written behind the first `size` bytes, and whether it fitted.
  void cut(std::size_t size);

 private:
  static bool grow(Writer& writer, std::size_t bytes);

  std::string room_;
  std::size_t bytes_max_;
};

}  // namespace penstock::json
