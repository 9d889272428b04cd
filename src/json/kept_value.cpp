#include "penstock/kept_value.h"

#include <algorithm>

#include "penstock/json_document.h"
#include "penstock/json_writer.h"

namespace penstock::json {
namespace {

// What is looked at for a value that is printed over many lines.
constexpr std::size_t printed_bytes_max = 8 * KeptValue::bytes_max;

bool breaks_line(char c) {
  return static_cast<unsigned char>(c) < 0x20;
}

}  // namespace

void KeptValue::keep(Bytes value) {
  size_ = 0;
  if (value.size() > printed_bytes_max) return;
  unsigned breaks = 0;
  unsigned escapes = 0;
  for (const char c : value) {  // without a branch, so that it is done many bytes at a time
    breaks |= static_cast<unsigned>(breaks_line(c));
    escapes |= static_cast<unsigned>(c == '\\');
  }
  if (escapes != 0) return;
  if (breaks != 0) return keep_lines(value);
  if (value.size() <= bytes_max) {
    size_ = static_cast<std::uint16_t>(value.copy(text_.data(), value.size()));
  }
}

// No string holds a line break, so what stands around one is blank.
void KeptValue::keep_lines(Bytes value) {
  std::size_t size = 0;
  while (!value.empty()) {
    const auto end = std::ranges::find_if(value, breaks_line);
    const Bytes line = value.substr(0, static_cast<std::size_t>(end - value.begin()));
    if (line.size() > bytes_max - size) return;
    size += line.copy(text_.data() + size, line.size());
    value.remove_prefix(line.size());
    value.remove_prefix(std::min(value.find_first_not_of(" \t\r\n"), value.size()));
  }
  size_ = static_cast<std::uint16_t>(size);
}

// A colon follows the quote that ends a name; after the one that ends a value the value, or what it
// stands in, goes on.
bool KeptValue::has_words() const {
  const Bytes value = text();
  for (std::size_t at = value.find('"'); at != Bytes::npos; at = value.find('"', at + 1)) {
    const Bytes behind = value.substr(at + 1);
    if (behind.empty() || Bytes(",}] ").find(behind.front()) != Bytes::npos) return true;
  }
  return false;
}

void KeptValue::merge(Bytes later) {
  if (size_ == 0 || later.find('\\') != Bytes::npos) return keep(later);
  Document earlier_text;
  Document later_text;
  const auto earlier = earlier_text.read(text(), Judge::answer);
  const auto news = later_text.read(later, Judge::answer);
  if (!earlier || !news || !news->is_object()) return keep(later);
  Composer merged(printed_bytes_max);
  merged.begin_object();
  for (const View member : *earlier) {
    const View newer = (*news)[member.key()];
    merged.key(member.key()).raw(newer ? newer.raw() : member.raw());
  }
  for (const View member : *news) {
    if (!(*earlier)[member.key()].exists()) merged.key(member.key()).raw(member.raw());
  }
  merged.end_object();
  keep(merged.fits() ? merged.text() : Bytes{});
}

}  // namespace penstock::json
