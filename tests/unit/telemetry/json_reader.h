// A strict reader of one flat JSON object on one line, written apart from the writer: what RFC 8259
// allows, and beyond it that no byte could harm a terminal or split the line.
#pragma once

#include <doctest/doctest.h>

#include <cctype>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct FlatObject {
  std::map<std::string, std::string> fields;  // decoded strings as `"text`, others as written
  std::vector<std::string> order;

  const std::string& at(const std::string& name) const {
    const auto found = fields.find(name);
    REQUIRE_MESSAGE(found != fields.end(), name);
    return found->second;
  }
};

class FlatReader {
 public:
  // Nothing when `line` is not exactly one object and a line feed.
  static std::optional<FlatObject> read(std::string_view line) {
    FlatReader reader(line);
    FlatObject object;
    if (!reader.object(object) || reader.rest_ != "\n") return std::nullopt;
    return object;
  }

 private:
  explicit FlatReader(std::string_view text) : rest_(text) {}

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool object(FlatObject& out) {
    if (!take('{')) return false;
    do {
      std::string name;
      std::string value;
      if (!string(name) || !take(':')) return false;
      if (rest_.starts_with('"')) {
        if (!string(value)) return false;
        value.insert(value.begin(), '"');
      } else if (!scalar(value)) {
        return false;
      }
      out.order.push_back(name);
      if (!out.fields.emplace(name, value).second) return false;
    } while (take(','));
    return take('}');
  }

  bool scalar(std::string& out) {
    for (const std::string_view word : {"true", "false", "null"}) {
      if (!rest_.starts_with(word)) continue;
      out = word;
      rest_.remove_prefix(word.size());
      return true;
    }
    std::size_t n = rest_.starts_with('-') ? 1 : 0;
    const std::size_t digits = n;
    while (n < rest_.size() && std::isdigit(static_cast<unsigned char>(rest_[n])) != 0) ++n;
    if (n == digits || (rest_[digits] == '0' && n > digits + 1)) return false;
    if (n < rest_.size() && rest_[n] == '.') {
      const std::size_t point = n++;
      while (n < rest_.size() && std::isdigit(static_cast<unsigned char>(rest_[n])) != 0) ++n;
      if (n == point + 1) return false;
    }
    out = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return true;
  }

  static void append_utf8(std::string& out, unsigned point) {
    if (point < 0x80) {
      out += static_cast<char>(point);
    } else if (point < 0x800) {
      out += static_cast<char>(0xC0 | point >> 6);
      out += static_cast<char>(0x80 | (point & 0x3F));
    } else {
      out += static_cast<char>(0xE0 | point >> 12);
      out += static_cast<char>(0x80 | (point >> 6 & 0x3F));
      out += static_cast<char>(0x80 | (point & 0x3F));
    }
  }

  bool escape(std::string& out) {
    if (rest_.empty()) return false;
    const char c = rest_.front();
    rest_.remove_prefix(1);
    constexpr std::string_view from = "\"\\/bfnrt";
    constexpr std::string_view to = "\"\\/\b\f\n\r\t";
    if (const std::size_t i = from.find(c); i != from.npos) {
      out += to[i];
      return true;
    }
    if (c != 'u' || rest_.size() < 4) return false;
    append_utf8(out,
                static_cast<unsigned>(std::stoul(std::string(rest_.substr(0, 4)), nullptr, 16)));
    rest_.remove_prefix(4);
    return true;
  }

  // How many bytes a multi-byte character has, by the well-formed table of Unicode; 0: not UTF-8.
  std::size_t character() const {
    const auto b = [this](std::size_t i) {
      return i < rest_.size() ? static_cast<unsigned char>(rest_[i]) : 0;
    };
    const auto in = [&](std::size_t i, int low, int high) { return b(i) >= low && b(i) <= high; };
    const auto tail = [&](std::size_t i) { return in(i, 0x80, 0xBF); };
    if (in(0, 0xC2, 0xDF) && tail(1)) return 2;
    if (b(0) == 0xE0 && in(1, 0xA0, 0xBF) && tail(2)) return 3;
    if (b(0) == 0xED && in(1, 0x80, 0x9F) && tail(2)) return 3;
    if (in(0, 0xE1, 0xEF) && b(0) != 0xED && tail(1) && tail(2)) return 3;
    if (b(0) == 0xF0 && in(1, 0x90, 0xBF) && tail(2) && tail(3)) return 4;
    if (in(0, 0xF1, 0xF3) && tail(1) && tail(2) && tail(3)) return 4;
    if (b(0) == 0xF4 && in(1, 0x80, 0x8F) && tail(2) && tail(3)) return 4;
    return 0;
  }

  bool string(std::string& out) {
    if (!take('"')) return false;
    while (!rest_.empty()) {
      const auto c = static_cast<unsigned char>(rest_.front());
      if (c < 0x20 || c == 0x7F) return false;
      if (take('"')) return true;
      if (take('\\')) {
        if (!escape(out)) return false;
        continue;
      }
      const std::size_t bytes = c < 0x80 ? 1 : character();
      if (bytes == 0) return false;
      const std::string_view text = rest_.substr(0, bytes);
      if (bytes == 2 && text < "\xC2\xA0") return false;                                 // C1
      if (bytes == 3 && text >= "\xE2\x80\xA8" && text <= "\xE2\x80\xAE") return false;  // U+2028…
      if (bytes == 3 && text >= "\xE2\x81\xA6" && text <= "\xE2\x81\xA9") return false;  // U+2066…
      out += text;
      rest_.remove_prefix(bytes);
    }
    return false;
  }

  std::string_view rest_;
};
