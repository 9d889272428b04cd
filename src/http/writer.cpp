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
  const auto bad = [](const char* at) {
    constexpr std::uint64_t ones = 0x0101010101010101;
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    return ((word - ones * 0x20) | (word + ones) | word) & 0x8080808080808080;
  };
  const char* at = value.data();
  const char* const end = at + value.size();
  if (value.size() < 8) {
    while (at != end && *at >= ' ' && *at <= '~') ++at;
    return at == end;
  }
#if defined(__SSE2__)
  // Sixteen where there are as many. Bytes above 0x7F are negative.
  if (value.size() >= 16) {
    const auto bad16 = [](const char* from) {
      const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
      const __m128i del = _mm_cmpeq_epi8(x, _mm_set1_epi8(0x7F));
      return _mm_or_si128(del, _mm_cmplt_epi8(x, _mm_set1_epi8(0x20)));
    };
    __m128i found = bad16(end - 16);  // the last ones may overlap those before
    for (; end - at > 16; at += 16) found = _mm_or_si128(found, bad16(at));
    return _mm_movemask_epi8(found) == 0;
  }
#endif
  std::uint64_t found = bad(end - 8);  // likewise
  for (; end - at > 8; at += 8) found |= bad(at);
  return found == 0;
}

HeadWriter& HeadWriter::refuse(Code code) {
  if (!bad_) refused_ = code;
  bad_ = true;
  return *this;
}

HeadWriter& HeadWriter::status(std::uint16_t code) {
  if (code == 200) return written_lines("HTTP/1.1 200 OK\r\n");
  if (code < 100 || code > 599) return refuse(Code::malformed);
  const char digits[] = {static_cast<char>('0' + code / 100),
                         static_cast<char>('0' + code / 10 % 10),
                         static_cast<char>('0' + code % 10)};
  return written_lines("HTTP/1.1 ")
      .written_lines({digits, 3})
      .written_lines(" ")
      .written_lines(status_phrase(code))
      .written_lines("\r\n");
}

HeadWriter& HeadWriter::request(Method method, Bytes target) {
  return request(method, target, {});
}

HeadWriter& HeadWriter::request(Method method, Bytes base, Bytes rest) {
  const Bytes first = base.empty() ? rest : base;
  if (!first.starts_with('/') || !sendable_target(base) || !sendable_target(rest)) {
    return refuse(Code::malformed);
  }
  return written_lines(name(method))
      .written_lines(" ")
      .written_lines(base)
      .written_lines(rest)
      .written_lines(" HTTP/1.1\r\n");
}

HeadWriter& HeadWriter::named_field(Bytes field_name, Bytes value) {
  if (!sendable_name(field_name) || !sendable_value(value)) return refuse(Code::malformed);
  return put_field(field_name, value, {});
}

Bytes write_chunk_size(std::span<char, chunk_size_bytes_max> out, std::uint64_t bytes) noexcept {
  PENSTOCK_ASSERT(bytes != 0);
  char* at = std::to_chars(out.data(), out.data() + 16, bytes, 16).ptr;
  *at++ = '\r';
  *at++ = '\n';
  return {out.data(), static_cast<std::size_t>(at - out.data())};
}

}  // namespace penstock::http
