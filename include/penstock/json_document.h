// A JSON text as a flat table of its values, for translating one dialect into another: every value
// can be reached, nothing is unescaped and nothing is copied. Where only a few facts are wanted,
// `Scanner` (json.h) is cheaper.
//
//   Document document;
//   if (auto root = document.read(body)) for (View part : (*root)["content"]) …
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "penstock/bytes.h"
#include "penstock/error.h"

namespace penstock::json {

// A value, or a key in front of its value, as Document keeps it; for View alone. Children follow
// their container.
struct Node {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;          // one past the last byte
  std::uint32_t next = 0;         // how many nodes on the next sibling stands; 0: there is none
  std::uint32_t count : 31 = 0;   // members or elements
  std::uint32_t escaped : 1 = 0;  // a string that holds escapes
};

// One value of a Document, or nothing. Valid until the document reads the next text; the bytes it
// hands out are views into that text. Asking a value for what it is not gives nothing, never an
// error: `view["usage"]["total"].integer()` is safe whatever the text holds.
class View {
 public:
  View() = default;

  // There is a value, null included.
  bool exists() const { return node_ != nullptr; }
  // There is a value other than null. Providers and clients send null for "not set".
  explicit operator bool() const { return exists() && !is_null(); }
  bool is_null() const { return first() == 'n'; }
  bool is_true() const { return first() == 't'; }
  bool is_false() const { return first() == 'f'; }
  bool is_bool() const { return is_true() || is_false(); }
  bool is_string() const { return first() == '"'; }
  bool is_object() const { return first() == '{'; }
  bool is_array() const { return first() == '['; }
  bool is_number() const { return first() == '-' || (first() >= '0' && first() <= '9'); }

  // The value as it stands in the text, strings with their quotes.
  Bytes raw() const {
    return exists() ? Bytes(text_ + node_->begin, node_->end - node_->begin) : Bytes();
  }
  // The inside of a string, still escaped; empty for everything else.
  Bytes text() const { return is_string() ? inside(*node_) : Bytes(); }
  // A string whose unescaped form is `plain`.
  bool is(Bytes plain) const { return is_string() && same(*node_, plain); }
  // A number without fraction and exponent that fits.
  std::optional<std::int64_t> integer() const;
  // A number of any form, as a double.
  std::optional<double> number() const;

  // Elements of an array or members of an object.
  std::uint32_t size() const { return exists() ? node_->count : 0; }
  bool empty() const { return size() == 0; }
  // The first member of that (unescaped) name.
  View operator[](Bytes key) const;
  // Element `i` of an array; takes time in proportion to `i`.
  View at(std::uint32_t i) const;

  // The key of a value that was reached by iterating over an object: its inside, still escaped.
  Bytes key() const { return exists() ? inside(node_[-1]) : Bytes(); }
  bool key_is(Bytes plain) const { return exists() && same(node_[-1], plain); }

  // Over the elements of an array or the values of an object; nothing for all else.
  class Iterator {
   public:
    using value_type = View;
    using difference_type = std::ptrdiff_t;
    View operator*() const { return View(text_, node_); }
    Iterator& operator++() {
      const Node* const sibling = object_ ? node_ - 1 : node_;
      // There is one: nobody steps over the end.
      // NOLINTNEXTLINE(clang-analyzer-core.NullDereference)
      node_ = sibling->next == 0 ? nullptr : sibling + sibling->next + (object_ ? 1 : 0);
      return *this;
    }
    Iterator operator++(int) {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator& other) const { return node_ == other.node_; }

   private:
    friend View;
    Iterator(const char* text, const Node* node, bool object)
        : text_(text), node_(node), object_(object) {}
    const char* text_;
    const Node* node_;
    bool object_;
  };
  Iterator begin() const {
    if (size() == 0) return end();
    return {text_, node_ + (is_object() ? 2 : 1), is_object()};
  }
  Iterator end() const { return {text_, nullptr, false}; }

 private:
  friend class Document;
  View(const char* text, const Node* node) : text_(text), node_(node) {}
  char first() const { return exists() ? text_[node_->begin] : '\0'; }
  Bytes inside(const Node& string) const {
    return {text_ + string.begin + 1, string.end - string.begin - 2};
  }
  // Strings without escapes are compared inline, so that most are told apart by their length alone
  // and a word that is known costs a few loads.
  [[gnu::always_inline]] bool same(const Node& string, Bytes plain) const {
    if (string.escaped) return same_unescaped(inside(string), plain);
    return string.end - string.begin - 2 == plain.size() &&
           std::memcmp(text_ + string.begin + 1, plain.data(), plain.size()) == 0;
  }
  static bool same_unescaped(Bytes inside, Bytes plain);

  const char* text_ = nullptr;
  const Node* node_ = nullptr;
};

// How much is asked of a text before it is handed out.
enum class Judge : std::uint8_t {
  request,  // all of RFC 8259; keys that differ only in their spelling may stand twice
  answer,   // the same, but an escape may be half of a surrogate pair: deltas are cut anywhere
};

// Reads texts one after another and keeps its room for the next. Errors of `read`: invalid_json
// (Side::client) or malformed (Side::upstream) by `judge`, and too_large.
class Document {
 public:
  // `text_bytes_max`: of the largest text that is read.
  explicit Document(std::size_t text_bytes_max = 32u << 20);
  ~Document();
  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;

  // The whole text's value. Objects, arrays and scalars are all welcome. At most 64 levels deep,
  // at most 1,000,000 values. `text` must outlive the views; no padding behind it is needed.
  Result<View> read(Bytes text, Judge judge);

 private:
  std::vector<Node> nodes_;  // room for the nodes of a text
  std::size_t text_bytes_max_;
};

// The plain form of a string's inside, appended to `out`. Half a surrogate pair becomes U+FFFD.
void append_unescaped(Bytes inside, std::string& out);
// The same, returned; for short texts such as names.
std::string unescaped(Bytes inside);

}  // namespace penstock::json
