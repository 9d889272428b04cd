#include "penstock/kept_value.h"

#include <algorithm>
#include <cstring>

#include "penstock/json_document.h"
#include "penstock/json_writer.h"

namespace penstock::json {
namespace {

// What is looked at for a value that is printed over many lines.
constexpr std::size_t printed_bytes_max = 8 * KeptValue::bytes_max;

bool breaks_line(char c) {
  return static_cast<unsigned char>(c) < 0x20;
}

// Sixteen bytes, copied from any address: of a pointer to unaligned ones GCC forgets that they are.
using Block [[gnu::vector_size(16)]] = unsigned char;
static_assert(2 * sizeof(Block) <= KeptValue::blanks_behind);

// Whether `marks(here, next)` has a bit set in any block of the text; `next`: the bytes behind
// each. text: with `blanks_behind` blanks that may be read, too.
template <class F>
bool any_block(Bytes text, F&& marks) {
  using Words [[gnu::vector_size(16)]] = std::uint64_t;
  Words seen{};
  for (std::size_t i = 0; i < text.size(); i += sizeof(Block)) {
    Block here;
    Block next;
    std::memcpy(&here, text.data() + i, sizeof here);
    std::memcpy(&next, text.data() + i + 1, sizeof next);
    seen |= reinterpret_cast<Words>(marks(here, next));
  }
  return (seen[0] | seen[1]) != 0;
}

}  // namespace

void KeptValue::keep(Bytes value) {
  if (value.size() <= bytes_max) {
    value.copy(text_.data(), value.size());
    end_at(value.size());
    if (!any_block(text(), [](Block here, Block) { return (here < 0x20) | (here == '\\'); }))
      return;
  }
  size_ = 0;
  if (value.size() <= printed_bytes_max && value.find('\\') == Bytes::npos) keep_lines(value);
}

void KeptValue::end_at(std::size_t size) {
  std::memset(text_.data() + size, ' ', blanks_behind);
  size_ = static_cast<std::uint16_t>(size);
}

// No string holds a line break, so what stands around one is blank.
void KeptValue::keep_lines(Bytes value) {
  std::size_t size = 0;
  size_ = 0;
  while (!value.empty()) {
    const auto end = std::ranges::find_if(value, breaks_line);
    const Bytes line = value.substr(0, static_cast<std::size_t>(end - value.begin()));
    if (line.size() > bytes_max - size) return;
    size += line.copy(text_.data() + size, line.size());
    value.remove_prefix(line.size());
    value.remove_prefix(std::min(value.find_first_not_of(" \t\r\n"), value.size()));
  }
  end_at(size);
}

// A colon follows the quote that ends a name; after the one that ends a value the value, or what it
// stands in, goes on.
bool KeptValue::has_words() const {
  return any_block(text(), [](Block here, Block next) {
    return (here == '"') & ((next == ',') | (next == '}') | (next == ']') | (next == ' '));
  });
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
