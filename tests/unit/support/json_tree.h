// A second JSON reader, for tests only: builds a tree, recursive, one character at a time. It
// shares no code with the product, so that the two can judge each other.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace test {

struct Tree {
  enum class Kind { null, boolean, number, string, array, object };
  Kind kind = Kind::null;
  std::string text{};               // numbers as written, strings unescaped, true or false
  std::vector<std::string> keys{};  // of an object, unescaped, in order
  std::vector<Tree> items{};

  bool operator==(const Tree&) const = default;
  const Tree* find(std::string_view key) const {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (keys[i] == key) return &items[i];
    }
    return nullptr;
  }
  void erase(std::string_view key) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (keys[i] != key) continue;
      keys.erase(keys.begin() + static_cast<std::ptrdiff_t>(i));
      items.erase(items.begin() + static_cast<std::ptrdiff_t>(i));
      return;
    }
  }
  // Sets a member, at the front when it is new.
  void set(const std::string& key, Tree value) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (keys[i] == key) {
        items[i] = std::move(value);
        return;
      }
    }
    keys.insert(keys.begin(), key);
    items.insert(items.begin(), std::move(value));
  }
};

// Strict RFC 8259 with the choices of RFC 7493: valid UTF-8, paired surrogates, no key twice in an
// object, no number beyond a double or 64 characters. Any value at the top. Depth at most 64.
class TreeReader {
 public:
  static std::optional<Tree> read(std::string_view text) {
    TreeReader reader(text);
    Tree tree;
    reader.blanks();
    if (!reader.value(tree, 0)) return {};
    reader.blanks();
    if (reader.at_ != text.size()) return {};
    return tree;
  }

 private:
  explicit TreeReader(std::string_view text) : text_(text) {}

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool take(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  void blanks() {
    while (take(' ') || take('\t') || take('\n') || take('\r')) {
    }
  }

  bool value(Tree& out, int depth) {
    switch (peek()) {
      case '{':
        return depth < 64 && object(out, depth + 1);
      case '[':
        return depth < 64 && array(out, depth + 1);
      case '"':
        out.kind = Tree::Kind::string;
        return string(out.text);
      case 't':
        return word(out, "true", Tree::Kind::boolean);
      case 'f':
        return word(out, "false", Tree::Kind::boolean);
      case 'n':
        return word(out, "null", Tree::Kind::null);
      default:
        return number(out);
    }
  }

  bool word(Tree& out, std::string_view text, Tree::Kind kind) {
    out.kind = kind;
    out.text = text;
    return take(text);
  }

  bool object(Tree& out, int depth) {
    out.kind = Tree::Kind::object;
    take('{');
    blanks();
    if (take('}')) return true;
    do {
      std::string key;
      blanks();
      if (!string(key) || out.find(key) != nullptr) return false;
      blanks();
      if (!take(':')) return false;
      blanks();
      out.keys.push_back(std::move(key));
      if (!value(out.items.emplace_back(), depth)) return false;
      blanks();
    } while (take(','));
    return take('}');
  }

  bool array(Tree& out, int depth) {
    out.kind = Tree::Kind::array;
    take('[');
    blanks();
    if (take(']')) return true;
    do {
      blanks();
      if (!value(out.items.emplace_back(), depth)) return false;
      blanks();
    } while (take(','));
    return take(']');
  }

  bool digits() {
    const std::size_t first = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ != first;
  }
  bool number(Tree& out) {
    const std::size_t first = at_;
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      if (!digits()) return false;
    }
    out.kind = Tree::Kind::number;
    out.text = text_.substr(first, at_ - first);
    return out.text.size() <= 64 && std::isfinite(std::strtod(out.text.c_str(), nullptr));
  }

  bool hex(std::uint32_t& unit) {
    unit = 0;
    for (int i = 0; i < 4; ++i) {
      const auto place = std::string_view("0123456789abcdefABCDEF").find(peek());
      if (at_ >= text_.size() || place == std::string_view::npos) return false;
      unit = unit * 16 + static_cast<std::uint32_t>(place < 16 ? place : place - 6);
      ++at_;
    }
    return true;
  }
  static void append(std::string& out, std::uint32_t point) {
    const auto byte = [&](std::uint32_t b) { out.push_back(static_cast<char>(b)); };
    if (point < 0x80) return byte(point);
    if (point < 0x800) return byte(0xC0 + point / 64), byte(0x80 + point % 64);
    if (point < 0x10000) {
      return byte(0xE0 + point / 4096), byte(0x80 + point / 64 % 64), byte(0x80 + point % 64);
    }
    byte(0xF0 + point / 262144), byte(0x80 + point / 4096 % 64);
    byte(0x80 + point / 64 % 64), byte(0x80 + point % 64);
  }
  bool escape(std::string& out) {
    const char c = peek();
    ++at_;
    const auto place = std::string_view("\"\\/bfnrt").find(c);
    if (c != 'u') {
      if (place == std::string_view::npos || c == '\0') return false;
      out.push_back("\"\\/\b\f\n\r\t"[place]);
      return true;
    }
    std::uint32_t unit = 0;
    if (!hex(unit)) return false;
    if (unit >= 0xDC00 && unit < 0xE000) return false;
    if (unit >= 0xD800 && unit < 0xDC00) {
      std::uint32_t low = 0;
      if (!take("\\u") || !hex(low) || low < 0xDC00 || low >= 0xE000) return false;
      unit = 0x10000 + (unit - 0xD800) * 1024 + (low - 0xDC00);
    }
    append(out, unit);
    return true;
  }
  // One character of two bytes or more: it must be what its code point would be written as.
  bool wide(std::string& out) {
    const auto first = static_cast<unsigned char>(peek());
    const std::size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC0 || first >= 0xF8 || text_.size() - at_ < bytes) return false;
    std::uint32_t point = first & (0xFFu >> (bytes + 1));
    for (std::size_t i = 1; i < bytes; ++i) {
      const auto next = static_cast<unsigned char>(text_[at_ + i]);
      if (next / 64 != 2) return false;
      point = point * 64 + next % 64;
    }
    std::string again;
    append(again, point);
    if (point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return false;
    if (!take(again)) return false;
    out += again;
    return true;
  }
  bool string(std::string& out) {
    if (!take('"')) return false;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (take('"')) return true;
      if (take('\\')) {
        if (!escape(out)) return false;
      } else if (static_cast<unsigned char>(c) >= 0x80) {
        if (!wide(out)) return false;
      } else {
        if (c < 0x20) return false;
        out.push_back(c);
        ++at_;
      }
    }
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

inline std::optional<Tree> read_tree(std::string_view text) {
  return TreeReader::read(text);
}

}  // namespace test
