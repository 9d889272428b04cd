// Names of fields: recognising one, and what the rules say about it.
#pragma once

#include <array>
#include <cstring>

#include "http/tables.h"
#include "penstock/http.h"

namespace penstock::http {

using FieldSet = std::uint64_t;  // one bit for each Field
constexpr FieldSet bit(Field field) {
  return FieldSet{1} << static_cast<unsigned>(field);
}

// Credentials of a client. A request holds one, or several that agree.
inline constexpr FieldSet credential_fields = bit(Field::authorization) | bit(Field::x_api_key) |
                                              bit(Field::api_key) | bit(Field::x_goog_api_key);

// At most one line in a message, also when a second one agrees (RFC 9110 §5.3).
inline constexpr FieldSet single_in_response =
    bit(Field::content_length) | bit(Field::transfer_encoding) | bit(Field::content_type) |
    bit(Field::content_encoding);
inline constexpr FieldSet single_in_request = single_in_response | bit(Field::host) |
                                              bit(Field::expect) | bit(Field::idempotency_key) |
                                              credential_fields;

// Fields that a Connection option may not name: naming one would take it away from whoever
// forwards the message next (RFC 9110 §7.6.1). Names with `x-penstock-` or `x-gateway-` are
// protected by their prefix.
inline constexpr FieldSet protected_fields = single_in_request | bit(Field::x_request_id) |
                                             bit(Field::x_forwarded_for) | bit(Field::forwarded);

// The known names with a colon behind them, by a perfect hash: length, last letters and letters in
// the middle tell them apart.
inline constexpr std::size_t known_name_bytes_min = 2;
inline constexpr std::size_t known_name_bytes_max = 31;
struct NameTable {
  static constexpr unsigned slots_log2 = 9;
  std::uint32_t factor = 0;
  std::array<std::uint8_t, std::size_t{1} << slots_log2> slots{};  // a `Field` each; 0: `other`
  std::array<std::array<char, known_name_bytes_max + 1>, field_count> names{};

  // name: `bytes` of them, at least `known_name_bytes_min`.
  constexpr std::size_t slot_of(const char* name, std::size_t bytes) const {
    const auto two = [&](std::size_t at) {
      const auto byte = [&](std::size_t i) {
        return std::uint32_t{static_cast<unsigned char>(name[i])};
      };
      return byte(at) | byte(at + 1) << 8;
    };
    const std::uint32_t letters = two((bytes - 1) / 2) | two(bytes - 2) << 16 | 0x2020'2020u;
    return ((letters + static_cast<std::uint32_t>(bytes)) * factor) >> (32 - slots_log2);
  }
  // The field that a name can only be.
  std::uint8_t slot(const char* name, std::size_t bytes) const {
    return slots[slot_of(name, bytes)];
  }
};
extern const NameTable name_table;

// The known field with this name, compared without case; `other` when there is none. A result
// other than `other` means that the name is a token.
// name: at least one byte, no controls.
Field recognise(Bytes name) noexcept;

#if defined(__SSE2__)
// The same for the name in front of the first colon of a line. Any bytes may stand there: those
// that setting 0x20 makes a letter, digit or `-` of a name are controls, which the caller refuses.
// line: its first 32 bytes, at `begin`. colon: its place, 32 when there is none.
inline Field recognise(const Block32& line, const char* begin, unsigned colon) {
  if (colon - known_name_bytes_min > known_name_bytes_max - known_name_bytes_min)
    return Field::other;
  const std::uint8_t at = name_table.slot(begin, colon);
  const std::uint32_t wanted = (2u << colon) - 1;  // colon included
  const bool same = (line.equal_lowered(name_table.names[at].data()) & wanted) == wanted;
  return same ? static_cast<Field>(at) : Field::other;
}
#endif

namespace detail {
// Two words, which may overlap, or more.
template <class Word>
[[gnu::always_inline]] inline bool equals_words(const char* text, const char* word, std::size_t n) {
  const auto load = [](const char* from) {
    Word out;
    std::memcpy(&out, from, sizeof out);
    return out;
  };
  constexpr Word blanks = static_cast<Word>(0x2020'2020'2020'2020u);
  const auto differ = [&](std::size_t at) {
    return static_cast<Word>((load(text + at) | blanks) ^ load(word + at));
  };
  Word found = static_cast<Word>(differ(0) | differ(n - sizeof(Word)));
  for (std::size_t at = sizeof(Word); at + sizeof(Word) < n; at += sizeof(Word)) {
    found = static_cast<Word>(found | differ(at));
  }
  return found == 0;
}
}  // namespace detail

// Compares `n` bytes of `text`, which holds no controls other than HTAB, without case to `word`,
// which is of small letters, digits, blanks and `-/+`.
// Setting 0x20 maps capitals to small letters and leaves the other bytes of a word alone; all other
// bytes that it maps onto those are controls, and HTAB becomes `)`.
inline bool equals_word(const char* text, const char* word, std::size_t n) noexcept {
  if (n >= 8) return detail::equals_words<std::uint64_t>(text, word, n);
  if (n >= 4) return detail::equals_words<std::uint32_t>(text, word, n);
  for (std::size_t at = 0; at < n; ++at) {
    if ((text[at] | 0x20) != word[at]) return false;
  }
  return true;
}
inline bool equals_word(Bytes text, Bytes word) noexcept {
  return text.size() == word.size() && equals_word(text.data(), word.data(), word.size());
}

}  // namespace penstock::http
