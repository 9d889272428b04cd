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

const char* behind_blanks(const char* p, const char* end) {
  while (p != end && static_cast<unsigned char>(*p) <= ' ' && is_blank(*p)) ++p;
  return p;
}

// Turns one text into nodes, in one pass from its start to its end, and judges its grammar; UTF-8
// is left to others. Like Walk (walk.h), but it keeps what it steps over.
class Builder {
 public:
  Builder(Bytes text, Judge judge, std::vector<Node>& room)
      : text_(text.data()),
        end_(text.data() + text.size()),
        last_step_(last_step(text_, end_)),
        judge_(judge),
        room_(room) {}

  bool build();

 private:
  // A container that is open.
  struct Level {
    std::uint32_t node;
    std::uint32_t last;  // the child before
    std::uint32_t children;
    char closer;
  };

  bool grow();
  const char* scalar(const char* p, Node& out);
  const char* string(const char* p, Node& out);
  const char* long_string(const char* p, Node& out);
  std::uint32_t place(const char* p) const { return static_cast<std::uint32_t>(p - text_); }

  const char* const text_;
  const char* const end_;
  const char* const last_step_;  // string_scan.h
  const Judge judge_;
  std::vector<Node>& room_;
};

// The place stays in `p`, a local, through the whole text: this is run for every event of a stream.
bool Builder::build() {
  std::array<Level, depth_max> levels;  // not initialised
  Level* level = nullptr;               // the innermost one
  std::uint32_t depth = 0;
  std::uint32_t count = 0;
  const char* const end = end_;
  for (const char* p = text_;;) {
    // A child of the innermost container starts here, or the outermost value.
    if (room_.size() - count < 2 && !grow()) return false;
    Node* const nodes = room_.data();
    p = behind_blanks(p, end);
    if (depth > 0 && level->closer == '}') {
      if (p == end || *p != '"' || (p = string(p, nodes[count++])) == nullptr) return false;
      p = behind_blanks(p, end);
      if (p == end || *p != ':') return false;
      p = behind_blanks(p + 1, end);
    }
    if (p == end) return false;
    Node& node = nodes[count++];
    if (*p == '{' || *p == '[') {
      if (depth == depth_max) return false;
      level = &levels[depth++];
      *level = {count - 1, count, 1, *p == '{' ? '}' : ']'};
      node = {.begin = place(p)};
      p = behind_blanks(p + 1, end);
      if (p == end) return false;
      if (*p != level->closer) continue;
      level->children = 0;
    } else if ((p = scalar(p, node)) == nullptr) {
      return false;
    }
    // A value ended: what else ends with it?
    for (;;) {
      p = behind_blanks(p, end);
      if (depth == 0) return p == end && count <= nodes_max;
      if (p == end) return false;
      const char token = *p++;
      if (token == ',') break;
      if (token != level->closer) return false;
      nodes[level->node].end = place(p);
      nodes[level->node].count = level->children & 0x7FFF'FFFF;
      if (--depth > 0) level = &levels[depth - 1];
    }
    nodes[level->last].next = count - level->last;
    level->last = count;
    ++level->children;
  }
}

// A member's key and value need two nodes at once: there is room for so many more than are taken.
[[gnu::noinline]] bool Builder::grow() {
  constexpr std::size_t most = nodes_max + 2;
  if (room_.size() == most) return false;
  room_.resize(std::clamp<std::size_t>(2 * room_.size(), nodes_first, most));
  return true;
}

// The next three return one past the value that starts at `p`, or nullptr.
[[gnu::always_inline]] inline const char* Builder::scalar(const char* p, Node& out) {
  if (*p == '"') return string(p, out);
  const char* const start = p;
  const bool number = *p == '-' || (*p >= '0' && *p <= '9');
  p = number ? number_end(p, end_) : literal_end(p, end_);
  if (p != nullptr) out = {.begin = place(start), .end = place(p)};
  return p;
}

[[gnu::always_inline]] inline const char* Builder::string(const char* p, Node& out) {
  const char* const stop = find_near_stop(p + 1, last_step_, end_);
  if (stop == nullptr || *stop != '"') return long_string(p, out);
  out = {.begin = place(p), .end = place(stop + 1)};
  return stop + 1;
}

[[gnu::noinline]] const char* Builder::long_string(const char* p, Node& out) {
  const char* const start = p;
  bool escaped = false;
  for (++p;;) {
    p = find_string_stop(text_, p, end_);
    if (p == end_) return nullptr;
    if (*p == '"') break;
    // What stands behind a backslash is judged below; here it must not end the string.
    if (*p != '\\' || end_ - p < 2 || static_cast<unsigned char>(p[1]) < 0x20) return nullptr;
    escaped = true;
    p += 2;
  }
  const Bytes inside(start + 1, static_cast<std::size_t>(p - start) - 1);
  if (escaped && !judge_string(inside, judge_ == Judge::answer).valid) return nullptr;
  out = {.begin = place(start), .end = place(p + 1), .escaped = escaped};
  return p + 1;
}

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
  if (!builder.build() || !valid_utf8(text)) {
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
