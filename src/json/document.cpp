#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "json/string_scan.h"
#include "json/text.h"
#include "penstock/json.h"
#include "penstock/json_document.h"

namespace penstock::json {

namespace {

constexpr std::uint32_t nodes_first = 256;
constexpr std::uint32_t nodes_kept = 16u << 10;
constexpr std::uint32_t nodes_max = 1'000'000;

// Turns one text into nodes, in one pass from its start to its end, and judges its grammar; UTF-8
// is left to others. Like Walk (walk.h), but it keeps what it steps over. Everything but growth is
// inlined into `build`, so that the place in the text stays in registers.
class Builder {
 public:
  Builder(Bytes text, Judge judge, std::vector<Node>& room)
      : text_(text.data()),
        p_(text.data()),
        end_(text.data() + text.size()),
        judge_(judge),
        room_(room),
        nodes_(room.data()),
        nodes_end_(static_cast<std::uint32_t>(room.size())) {}

  bool build() {
    for (;;) {
      if (!next_token()) return false;
      if (*p_ == '{' || *p_ == '[') {
        if (!open()) return false;
        if (*p_ != closer()) {
          if (!child()) return false;
          continue;
        }
      } else if (!scalar()) {
        return false;
      }
      // A value ended: what else ends with it?
      for (;;) {
        const bool more = next_token();
        if (depth_ == 0) return !more;
        if (!more) return false;
        if (*p_ == ',') break;
        if (*p_ != closer()) return false;
        close();
      }
      ++p_;
      if (!next_token()) return false;
      const Level& level = levels_[depth_ - 1];
      nodes_[level.last].next = count_ - level.last;
      if (!child()) return false;
    }
  }

  // Not zero: the text holds bytes above 0x7F.
  unsigned high() const { return high_; }

 private:
  struct Level {
    std::uint32_t node;
    std::uint32_t last;  // the child before
    std::uint32_t children;
    bool object;
  };

  // Steps over blanks. False: the text is over.
  bool next_token() {
    while (p_ != end_ && static_cast<unsigned char>(*p_) <= ' ' && is_blank(*p_)) ++p_;
    return p_ != end_;
  }
  std::uint32_t place() const { return static_cast<std::uint32_t>(p_ - text_); }
  char closer() const { return levels_[depth_ - 1].object ? '}' : ']'; }

  bool add(Node node) {
    if (count_ == nodes_end_) [[unlikely]] {
      if (!grow(room_)) return false;
      nodes_ = room_.data();
      nodes_end_ = static_cast<std::uint32_t>(room_.size());
    }
    nodes_[count_++] = node;
    return true;
  }

  [[gnu::noinline]] static bool grow(std::vector<Node>& room) {
    if (room.size() == nodes_max) return false;
    room.resize(std::clamp<std::size_t>(2 * room.size(), nodes_first, nodes_max));
    return true;
  }

  // The bracket at `p_` opens a container; `p_` is then at what stands inside.
  bool open() {
    if (depth_ == depth_max) return false;
    levels_[depth_++] = {count_, 0, 0, *p_ == '{'};
    if (!add({.begin = place()})) return false;
    ++p_;
    return next_token();
  }

  void close() {
    const Level& level = levels_[--depth_];
    ++p_;
    nodes_[level.node].end = place();
    nodes_[level.node].count = level.children & 0x7FFF'FFFF;
  }

  // Another child of the innermost container begins: its key, if it has one, is stepped over.
  bool child() {
    Level& level = levels_[depth_ - 1];
    level.last = count_;
    ++level.children;
    if (!level.object) return true;
    if (*p_ != '"' || !string() || !next_token() || *p_ != ':') return false;
    ++p_;
    return true;
  }

  bool scalar() {
    if (*p_ == '"') return string();
    const std::uint32_t begin = place();
    const bool number = *p_ == '-' || (*p_ >= '0' && *p_ <= '9');
    const char* const stop = number ? number_end(p_, end_) : literal_end(p_, end_);
    if (stop == nullptr) return false;
    p_ = stop;
    return add({.begin = begin, .end = place()});
  }

  [[gnu::always_inline]] bool string() {
    const std::uint32_t begin = place();
    const char* stop = find_near_stop(p_ + 1, end_, high_);
    bool escaped = false;
    if (stop == nullptr || *stop != '"') {
      const LongString found = long_string(p_ + 1, end_, judge_);
      if (found.quote == nullptr) return false;
      stop = found.quote;
      escaped = found.escaped;
      high_ |= found.high;
    }
    p_ = stop + 1;
    return add({.begin = begin, .end = place(), .escaped = escaped});
  }

  struct LongString {
    const char* quote = nullptr;  // that closes it; nullptr: it is not sound
    unsigned high = 0;
    bool escaped = false;
  };
  // A string whose inside starts at `p`.
  [[gnu::noinline]] static LongString long_string(const char* p, const char* end, Judge judge) {
    const char* const inside = p;
    LongString out;
    for (;;) {
      p = find_string_stop(p, end, out.high);
      if (p == end) return {};
      if (*p == '"') break;
      // What stands behind a backslash is judged below; here it must not end the string.
      if (*p != '\\' || end - p < 2 || static_cast<unsigned char>(p[1]) < 0x20) return {};
      out.escaped = true;
      p += 2;
    }
    const Bytes all(inside, static_cast<std::size_t>(p - inside));
    if (out.escaped && !judge_string(all, judge == Judge::answer).valid) return {};
    out.quote = p;
    return out;
  }

  const char* text_;
  const char* p_;
  const char* end_;
  Judge judge_;
  std::vector<Node>& room_;
  Node* nodes_;
  std::uint32_t nodes_end_;
  std::uint32_t count_ = 0;
  unsigned high_ = 0;
  std::uint32_t depth_ = 0;
  std::array<Level, depth_max> levels_;  // NOLINT(cppcoreguidelines-pro-type-member-init)
};

}  // namespace

// -- View --

// An escape is longer than what it stands for.
bool View::same_unescaped(Bytes inside, Bytes plain) {
  return inside.size() > plain.size() && unescaped(inside) == plain;
}

std::optional<std::int64_t> View::integer() const {
  if (!is_number()) return {};
  const Bytes digits = raw();
  std::int64_t value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return {};
  return value;
}

std::optional<double> View::number() const {
  if (!is_number()) return {};
  const Bytes digits = raw();
  double value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (read.ec != std::errc()) return {};
  return value;
}

View View::operator[](Bytes key) const {
  if (!is_object() || node_->count == 0) return {};
  const std::size_t bytes = key.size() + 2;  // with its quotes
  for (const Node* at = node_ + 1;; at += at->next) {
    if (at->end - at->begin == bytes || at->escaped) {
      if (same(*at, key)) return {text_, at + 1};
    }
    if (at->next == 0) return {};
  }
}

View View::at(std::uint32_t i) const {
  if (!is_array() || i >= node_->count) return {};
  const Node* at = node_ + 1;
  while (i-- > 0) at += at->next;
  return {text_, at};
}

// -- Document --

Document::Document(std::size_t text_bytes_max)
    : text_bytes_max_(std::min(text_bytes_max, body_bytes_max)) {}
Document::~Document() = default;
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;

Result<View> Document::read(Bytes text, Judge judge) {
  const Side side = judge == Judge::request ? Side::client : Side::upstream;
  if (nodes_.size() > nodes_kept) std::vector<Node>().swap(nodes_);
  if (text.size() > text_bytes_max_) return fail(Code::too_large, side);
  Builder builder(text, judge, nodes_);
  if (!builder.build() || (builder.high() != 0 && !valid_utf8(text))) {
    return fail(judge == Judge::request ? Code::invalid_json : Code::malformed, side);
  }
  return View(text.data(), nodes_.data());
}

void append_unescaped(Bytes inside, std::string& out) {
  const std::size_t before = out.size();
  out.resize(before + inside.size());
  out.resize(before + unescape_string(inside, out.data() + before));
}

std::string unescaped(Bytes inside) {
  std::string out;
  append_unescaped(inside, out);
  return out;
}

}  // namespace penstock::json
