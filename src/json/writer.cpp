#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "json/text.h"
#include "penstock/json_writer.h"

namespace penstock::json {
namespace {

constexpr Bytes ellipsis = "\xE2\x80\xA6";  // U+2026

// Bytes that go out as they are without a further look.
constexpr bool is_plain(char c) {
  return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

template <class Word>
std::uint64_t load(const char* p) {
  Word word = 0;
  std::memcpy(&word, p, sizeof word);
  return word;
}

// Eight bytes are plain: of none has one of the sums below its highest bit set.
bool are_plain(std::uint64_t x) {
  constexpr std::uint64_t ones = 0x0101'0101'0101'0101;
  constexpr std::uint64_t tops = 0x80 * ones;
  const auto zero_bytes = [](std::uint64_t y) { return (y - ones) & ~y; };
  const std::uint64_t special = x | (x - 0x20 * ones) | zero_bytes(x ^ '"' * ones) |
                                zero_bytes(x ^ '\\' * ones) | zero_bytes(x ^ 0x7f * ones);
  return (special & tops) == 0;
}

// The first byte at or behind `p` that is not plain, or `end`.
const char* plain_end(const char* p, const char* end) {
  while (end - p >= 8 && are_plain(load<std::uint64_t>(p))) p += 8;
  while (p != end && is_plain(*p)) ++p;
  return p;
}

// The whole text is plain. Its last bytes are looked at together, twice if need be.
bool is_plain(Bytes text) {
  const char* p = text.data();
  const char* const end = p + text.size();
  if (text.size() >= 8) {
    for (; end - p > 8; p += 8) {
      if (!are_plain(load<std::uint64_t>(p))) return false;
    }
    return are_plain(load<std::uint64_t>(end - 8));
  }
  if (text.size() >= 4) {
    return are_plain(load<std::uint32_t>(p) | load<std::uint32_t>(end - 4) << 32);
  }
  return plain_end(p, end) == end;
}

char* append(char* p, Bytes bytes) {
  if (!bytes.empty()) std::memcpy(p, bytes.data(), bytes.size());
  return p + bytes.size();
}

// A valid character that must not stand raw in a line of text.
constexpr bool needs_escape(std::uint32_t point) {
  return point < 0x20 || (point >= 0x7f && point <= 0x9f) || point == 0x2028 || point == 0x2029;
}

constexpr char short_form(std::uint32_t point) {
  switch (point) {
    case '"':
      return '"';
    case '\\':
      return '\\';
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 0;
  }
}

// `text` cut to at most `bytes`, not inside a character.
Bytes cut_at_character(Bytes text, std::size_t bytes) {
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

}  // namespace

bool Writer::make_room(std::size_t bytes) {
  if (overflow_ || grow_ == nullptr || !grow_(*this, bytes)) overflow_ = true;
  return !overflow_;
}

// Where `bytes` more may be written, of which `took` is told; nullptr: nowhere.
char* Writer::room(std::size_t bytes) {
  if (overflow_) return nullptr;
  if (bytes > out_.size() - size_ && !make_room(bytes)) return nullptr;
  return out_.data() + size_;
}

void Writer::separate() {
  if (comma_) put(',');
  comma_ = true;
}

Writer& Writer::open(char bracket) {
  separate();
  put(bracket);
  comma_ = false;
  return *this;
}

Writer& Writer::close(char bracket) {
  put(bracket);
  comma_ = true;
  return *this;
}

Writer& Writer::key(Bytes name) {
  if (!is_plain(name)) {
    separate();
    quoted(name, whole);
    put(':');
  } else if (char* p = room(name.size() + (comma_ ? 4 : 3)); p != nullptr) {
    if (comma_) *p++ = ',';
    *p++ = '"';
    p = append(p, name);
    *p++ = '"';
    *p++ = ':';
    took(p);
  }
  comma_ = false;
  return *this;
}

Writer& Writer::string(Bytes text, std::size_t cut) {
  if (text.size() <= cut && is_plain(text)) return escaped_string(text);
  separate();
  quoted(text, cut);
  return *this;
}

// A value that stands on one line.
void Writer::value(Bytes json) {
  char* p = room(json.size() + (comma_ ? 1 : 0));
  if (p == nullptr) return;
  if (comma_) *p++ = ',';
  comma_ = true;
  took(append(p, json));
}

Writer& Writer::raw(Bytes json) {
  value(json);
  if (one_line_ && !overflow_) {
    for (const char end : {'\n', '\r'}) {
      if (!json.contains(end)) continue;
      std::ranges::replace(out_.subspan(size_ - json.size(), json.size()), end, ' ');
    }
  }
  return *this;
}

Writer& Writer::boolean(bool value) {
  this->value(value ? "true" : "false");
  return *this;
}

Writer& Writer::null() {
  value("null");
  return *this;
}

Writer& Writer::escaped_string(Bytes content) {
  if (char* p = room(content.size() + (comma_ ? 3 : 2)); p != nullptr) {
    if (comma_) *p++ = ',';
    *p++ = '"';
    p = append(p, content);
    *p++ = '"';
    took(p);
  }
  comma_ = true;
  return *this;
}

Writer& Writer::open_string() {
  separate();
  put('"');
  return *this;
}

Writer& Writer::more(Bytes text) {
  escaped(text);
  return *this;
}

Writer& Writer::close_string() {
  put('"');
  return *this;
}

Writer& Writer::integer(std::int64_t value) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  this->value({digits.data(), static_cast<std::size_t>(end - digits.data())});
  return *this;
}

Writer& Writer::unsigned_integer(std::uint64_t value) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  this->value({digits.data(), static_cast<std::size_t>(end - digits.data())});
  return *this;
}

Writer& Writer::decimal(std::int64_t value, unsigned places) {
  PENSTOCK_ASSERT(places <= 18);
  // Digits with leading zeros, at least one of them before the point.
  std::array<char, 24> digits;
  std::uint64_t rest = value < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(value)
                                 : static_cast<std::uint64_t>(value);
  std::size_t count = 0;
  while (rest != 0 || count <= places) {
    digits[digits.size() - ++count] = static_cast<char>('0' + rest % 10);
    rest /= 10;
  }
  const Bytes all(digits.data() + digits.size() - count, count);
  Bytes fraction = all.substr(count - places);
  while (fraction.ends_with('0')) fraction.remove_suffix(1);
  separate();
  if (value < 0) put('-');
  put(all.substr(0, count - places));
  if (!fraction.empty()) put('.');
  put(fraction);
  return *this;
}

void Writer::quoted(Bytes text, std::size_t cut) {
  put('"');
  if (text.size() > cut) {
    escaped(cut_at_character(text, cut));
    put(ellipsis);
  } else {
    escaped(text);
  }
  put('"');
}

void Writer::escaped(Bytes text) {
  constexpr Bytes hex = "0123456789abcdef";
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p != end && !overflow_) {
    const char* const run = p;
    p = plain_end(p, end);
    put({run, static_cast<std::size_t>(p - run)});
    if (p == end) return;
    const Utf8Char c = decode_utf8(p, end);
    if (c.bytes == 0) {
      put("\\ufffd");
      ++p;
      continue;
    }
    if (const char letter = short_form(c.point); letter != 0) {
      const std::array two{'\\', letter};
      put({two.data(), two.size()});
    } else if (needs_escape(c.point)) {
      const std::array six{'\\',
                           'u',
                           hex[c.point >> 12 & 15],
                           hex[c.point >> 8 & 15],
                           hex[c.point >> 4 & 15],
                           hex[c.point & 15]};
      put({six.data(), six.size()});
    } else {
      put({p, c.bytes});
    }
    p += c.bytes;
  }
}

// -- Composer --

namespace {

constexpr std::size_t room_first = 1024;
constexpr std::size_t room_kept = 64 << 10;

}  // namespace

Composer::Composer(std::size_t bytes_max) : Writer({}), bytes_max_(bytes_max) {
  grow_ = &Composer::grow;
}

bool Composer::grow(Writer& writer, std::size_t bytes) {
  auto& self = static_cast<Composer&>(writer);
  const std::size_t needed = self.size_ + bytes;
  if (needed > self.bytes_max_) return false;
  self.room_.resize(
      std::max({room_first, needed, std::min(2 * self.room_.size(), self.bytes_max_)}));
  self.out_ = {self.room_.data(), self.room_.size()};
  return true;
}

void Composer::clear() {
  cut(0);
  comma_ = false;
  if (room_.size() <= room_kept) return;
  std::string().swap(room_);
  out_ = {};
}

void Composer::cut(std::size_t size) {
  PENSTOCK_ASSERT(size <= size_);
  size_ = size;
  overflow_ = false;
}

}  // namespace penstock::json
