// Writes a path into memory of the caller, with names percent-encoded as one segment each.
#pragma once

#include <cstring>
#include <span>

#include "penstock/bytes.h"
#include "penstock/error.h"

namespace penstock {

class PathWriter {
 public:
  explicit PathWriter(std::span<char> out) : out_(out) {}

  // Bytes that are a path already.
  PathWriter& add(Bytes text) {
    if (text.size() > out_.size() - used_) {
      full_ = true;
    } else if (!text.empty()) {
      std::memcpy(out_.data() + used_, text.data(), text.size());
      used_ += text.size();
    }
    return *this;
  }

  // A name as one segment (RFC 3986 §2.3): all but unreserved bytes and those of `kept` escaped.
  PathWriter& segment(Bytes name, Bytes kept = {}) {
    constexpr Bytes digits = "0123456789ABCDEF";
    for (const char c : name) {
      if (is_unreserved(c) || kept.find(c) != Bytes::npos) {
        add({&c, 1});
        continue;
      }
      const auto byte = static_cast<unsigned char>(c);
      const char escaped[] = {'%', digits[byte >> 4], digits[byte & 15]};
      add({escaped, 3});
    }
    return *this;
  }

  Result<Bytes> finish() const {
    if (full_) return fail(Code::too_large);
    return Bytes(out_.data(), used_);
  }

 private:
  static bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
  }

  std::span<char> out_;
  std::size_t used_ = 0;
  bool full_ = false;
};

}  // namespace penstock
