#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

#include "json/index.h"
#include "json/text.h"
#include "penstock/json.h"
#include "penstock/json_document.h"

namespace penstock::json {

// A value, or a key in front of its value. Children follow their container.
struct Node {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;    // one past the last byte
  std::uint32_t next = 0;   // how many nodes on the next sibling stands; 0 when there is none
  std::uint32_t count = 0;  // members or elements
};

namespace {

constexpr std::size_t index_kept = 256u << 10;  // bytes of text
constexpr std::size_t nodes_kept = 16u << 10;
constexpr std::size_t nodes_max = 1'000'000;

bool is_container(char c) {
  return c == '{' || c == '[';
}

bool same(Bytes inside, Bytes plain) {
  if (inside == plain) return inside.find('\\') == Bytes::npos;
  if (inside.size() < plain.size() || inside.find('\\') == Bytes::npos) return false;
  return unescaped(inside) == plain;
}

// Turns the tokens of one text into nodes; the judge of its grammar.
class Builder {
 public:
  Builder(Bytes text, const std::uint32_t* tokens, std::uint32_t count, Judge judge,
          std::vector<Node>& nodes)
      : text_(text), next_(tokens), end_(tokens + count), judge_(judge), nodes_(nodes) {}

  bool build() {
    if (!value()) return false;
    while (depth_ > 0) {
      if (next_ == end_) return false;
      if (!step()) return false;
    }
    return next_ == end_;
  }

 private:
  struct Level {
    std::uint32_t node;
    std::uint32_t last;  // the child that waits for its sibling; 0: none
    bool object;
  };

  char peek() const { return next_ != end_ ? text_[*next_] : '\0'; }

  // Inside a container, before a child or the closing bracket.
  bool step() {
    Level& level = levels_[depth_ - 1];
    const char closer = level.object ? '}' : ']';
    Node& container = nodes_[level.node];
    if (peek() == closer && container.count == 0) return close();
    if (container.count > 0) {
      if (peek() == closer) return close();
      if (peek() != ',') return false;
      ++next_;
    }
    ++container.count;
    link(level);
    if (level.object && !key()) return false;
    return value();
  }

  // The node that is added next is the sibling of the child before.
  void link(Level& level) {
    const auto here = static_cast<std::uint32_t>(nodes_.size());
    if (level.last != 0) nodes_[level.last].next = here - level.last;
    level.last = here;
  }

  bool close() {
    nodes_[levels_[--depth_].node].end = *next_++ + 1;
    return true;
  }

  bool key() {
    if (peek() != '"' || !scalar()) return false;
    if (peek() != ':') return false;
    ++next_;
    return true;
  }

  bool value() {
    const char first = peek();
    if (!is_container(first)) return next_ != end_ && scalar();
    if (depth_ == depth_max || nodes_.size() >= nodes_max) return false;
    levels_[depth_++] = {static_cast<std::uint32_t>(nodes_.size()), 0, first == '{'};
    nodes_.push_back({.begin = *next_++});
    return true;
  }

  bool scalar() {
    const std::uint32_t begin = *next_++;
    const char first = text_[begin];
    const char* const start = text_.data() + begin;
    const char* const text_end = text_.data() + text_.size();
    std::uint32_t end = 0;
    if (first == '"') {
      end = next_ != end_ ? *next_ : static_cast<std::uint32_t>(text_.size());
      while (end > begin && is_blank(text_[end - 1])) --end;
      if (end - begin < 2 || text_[end - 1] != '"') return false;
      const Bytes inside = text_.substr(begin + 1, end - begin - 2);
      if (!judge_string(inside, judge_ == Judge::answer).valid) return false;
    } else {
      const bool number = first == '-' || (first >= '0' && first <= '9');
      const char* const stop = number ? number_end(start, text_end) : literal_end(start, text_end);
      if (stop == nullptr) return false;
      end = begin + static_cast<std::uint32_t>(stop - start);
    }
    if (nodes_.size() >= nodes_max) return false;
    nodes_.push_back({.begin = begin, .end = end});
    return true;
  }

  Bytes text_;
  const std::uint32_t* next_;
  const std::uint32_t* end_;
  Judge judge_;
  std::vector<Node>& nodes_;
  std::array<Level, depth_max> levels_;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  std::uint32_t depth_ = 0;
};

}  // namespace

// -- View --

char View::first() const {
  return node_ != nullptr ? text_[node_->begin] : '\0';
}

Bytes View::raw() const {
  return node_ != nullptr ? Bytes(text_ + node_->begin, node_->end - node_->begin) : Bytes();
}

Bytes View::text() const {
  return is_string() ? Bytes(text_ + node_->begin + 1, node_->end - node_->begin - 2) : Bytes();
}

bool View::is(Bytes plain) const {
  return is_string() && same(text(), plain);
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

std::uint32_t View::size() const {
  return node_ != nullptr ? node_->count : 0;
}

View View::operator[](Bytes key) const {
  if (!is_object() || node_->count == 0) return {};
  for (const Node* at = node_ + 1;; at += at->next) {
    if (same({text_ + at->begin + 1, at->end - at->begin - 2}, key)) return {text_, at + 1};
    if (at->next == 0) return {};
  }
}

View View::at(std::uint32_t i) const {
  if (!is_array() || i >= node_->count) return {};
  const Node* at = node_ + 1;
  while (i-- > 0) at += at->next;
  return {text_, at};
}

// A key is a string that a colon follows, and its value is the node behind it.
Bytes View::key() const {
  if (node_ == nullptr) return {};
  const Node& key = node_[-1];
  return {text_ + key.begin + 1, key.end - key.begin - 2};
}

bool View::key_is(Bytes plain) const {
  return same(key(), plain);
}

View::Iterator View::begin() const {
  if (size() == 0) return end();
  return {text_, node_ + (is_object() ? 2 : 1), is_object()};
}

View::Iterator View::end() const {
  return {text_, nullptr, false};
}

View::Iterator& View::Iterator::operator++() {
  const Node* const sibling = object_ ? node_ - 1 : node_;
  if (sibling->next == 0)
    node_ = nullptr;
  else
    node_ = sibling + sibling->next + (object_ ? 1 : 0);
  return *this;
}

// -- Document --

Document::Document(std::size_t text_bytes_max)
    : index_(std::make_unique<Index>(index_kept)),
      text_bytes_max_(std::min(text_bytes_max, body_bytes_max)) {}
Document::~Document() = default;
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;

Result<View> Document::refused(Judge judge) const {
  return judge == Judge::request ? fail(Code::invalid_json, Side::client)
                                 : fail(Code::malformed, Side::upstream);
}

Result<View> Document::read(Bytes text, Judge judge) {
  const Side side = judge == Judge::request ? Side::client : Side::upstream;
  index_->trim();
  if (nodes_.capacity() > nodes_kept) std::vector<Node>().swap(nodes_);
  nodes_.clear();
  if (text.size() > text_bytes_max_) return fail(Code::too_large, side);
  if (!index_->grow(text.size())) return fail(Code::overloaded);
  const std::uint32_t tokens = index_->read(text, true);
  if (tokens == 0) return refused(judge);
  if (!Builder(text, index_->positions(), tokens, judge, nodes_).build()) return refused(judge);
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
