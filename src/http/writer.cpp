// Heads and chunk framing into memory of the caller.
#include <charconv>
#include <cstring>

#include "http/tables.h"
#include "penstock/http.h"

namespace penstock::http {

namespace {

bool sendable_target(Bytes target) {
  return all(target, class_visible);
}

}  // namespace

bool sendable_name(Bytes name) noexcept {
  return name.size() <= field_name_bytes_max && is_token(name);
}

bool sendable_value(Bytes value) noexcept {
  // Eight bytes at a time: a high bit appears where a byte is below 0x20, is 0x7F, or is above.
  // Borrows and carries only start at bytes that are bad themselves.
  constexpr std::uint64_t ones = 0x0101010101010101;
  constexpr std::uint64_t highs = 0x8080808080808080;
  const char* at = value.data();
  std::size_t left = value.size();
  for (; left >= 8; at += 8, left -= 8) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    if ((((word - ones * 0x20) | (word + ones) | word) & highs) != 0) return false;
  }
  for (; left > 0; ++at, --left) {
    if (*at < ' ' || *at > '~') return false;
  }
  return true;
}

void HeadWriter::put(Bytes text) {
  if (text.size() > out_.size() - used_) return refuse(Code::too_large);
  if (!text.empty()) std::memcpy(out_.data() + used_, text.data(), text.size());
  used_ += text.size();
}

void HeadWriter::refuse(Code code) {
  if (!bad_) refused_ = code;
  bad_ = true;
}

HeadWriter& HeadWriter::status(std::uint16_t code) {
  if (code < 100 || code > 599) {
    refuse(Code::malformed);
    return *this;
  }
  const char digits[] = {static_cast<char>('0' + code / 100),
                         static_cast<char>('0' + code / 10 % 10),
                         static_cast<char>('0' + code % 10)};
  put("HTTP/1.1 ");
  put({digits, 3});
  put(" ");
  put(status_phrase(code));
  put("\r\n");
  return *this;
}

HeadWriter& HeadWriter::request(Method method, Bytes target) {
  return request(method, target, {});
}

HeadWriter& HeadWriter::request(Method method, Bytes base, Bytes rest) {
  const Bytes first = base.empty() ? rest : base;
  if (!first.starts_with('/') || !sendable_target(base) || !sendable_target(rest)) {
    refuse(Code::malformed);
    return *this;
  }
  put(name(method));
  put(" ");
  put(base);
  put(rest);
  put(" HTTP/1.1\r\n");
  return *this;
}

HeadWriter& HeadWriter::field(FieldName field_name, std::uint64_t value) {
  constexpr std::size_t digits_max = 20;
  const Bytes name = field_name.text();
  if (name.size() + digits_max + 4 > out_.size() - used_) {
    refuse(Code::too_large);
    return *this;
  }
  char* at = out_.data() + used_;
  std::memcpy(at, name.data(), name.size());
  at += name.size();
  std::memcpy(at, ": ", 2);
  at = std::to_chars(at + 2, at + 2 + digits_max, value).ptr;
  std::memcpy(at, "\r\n", 2);
  used_ = static_cast<std::size_t>(at + 2 - out_.data());
  return *this;
}

HeadWriter& HeadWriter::field(FieldName field_name, Bytes first, Bytes second) {
  if (sendable_value(first) && sendable_value(second)) {
    put_field(field_name.text(), first, second);
  } else {
    refuse(Code::malformed);
  }
  return *this;
}

HeadWriter& HeadWriter::named_field(Bytes field_name, Bytes value) {
  if (sendable_name(field_name) && sendable_value(value)) {
    put_field(field_name, value, {});
  } else {
    refuse(Code::malformed);
  }
  return *this;
}

// One line, its room asked for once.
void HeadWriter::put_field(Bytes field_name, Bytes first, Bytes second) {
  const std::size_t bytes = field_name.size() + first.size() + second.size() + 4;
  if (bytes > out_.size() - used_) return refuse(Code::too_large);
  char* at = out_.data() + used_;
  const auto add = [&at](Bytes text) {
    if (text.empty()) return;
    std::memcpy(at, text.data(), text.size());
    at += text.size();
  };
  add(field_name);
  add(": ");
  add(first);
  add(second);
  add("\r\n");
  used_ += bytes;
}

HeadWriter& HeadWriter::written_lines(Bytes lines) {
  put(lines);
  return *this;
}

HeadWriter& HeadWriter::lines(FixedLines fixed) {
  put(fixed.text());
  return *this;
}

Result<Bytes> HeadWriter::finish() {
  put("\r\n");
  if (bad_) return fail(refused_);
  return Bytes(out_.data(), used_);
}

Bytes write_chunk_size(std::span<char, chunk_size_bytes_max> out, std::uint64_t bytes) noexcept {
  PENSTOCK_ASSERT(bytes != 0);
  char* at = std::to_chars(out.data(), out.data() + 16, bytes, 16).ptr;
  *at++ = '\r';
  *at++ = '\n';
  return {out.data(), static_cast<std::size_t>(at - out.data())};
}

}  // namespace penstock::http
