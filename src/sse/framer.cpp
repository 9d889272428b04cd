#include <algorithm>
#include <cstring>

#include "penstock/sse.h"

namespace penstock::sse {
namespace {

constexpr Bytes byte_order_mark = "\xEF\xBB\xBF";
constexpr std::uint8_t started = 4;
constexpr Bytes name_prefix = "event: ";
constexpr Bytes data_prefix = "data: ";
constexpr std::size_t carry_bytes_first = 512;  // most events fit, so that one allocation does
constexpr std::size_t kept_bytes_max = 4096;    // a larger buffer goes back when its event is over

const char* find(const char* p, const char* end, char c) {
  return static_cast<const char*>(std::memchr(p, c, static_cast<std::size_t>(end - p)));
}

std::unexpected<Error> too_large() {
  return fail(Code::too_large, Side::upstream);
}

// One line of a block and what of the block follows it.
struct Line {
  Bytes text;  // without its end
  Bytes rest;
  bool lf;  // ended by a LF alone
};
Line first_line(Bytes block) {
  const std::size_t end = block.find_first_of("\r\n");
  const bool lf = block[end] == '\n';
  const std::size_t bytes = !lf && block.substr(end).starts_with("\r\n") ? 2 : 1;
  return {block.substr(0, end), block.substr(end + bytes), lf};
}

// Ordinary buffers are kept for the next event, so that a stream whose events straddle chunks does
// not allocate for each.
void empty(std::string& buffer) {
  if (buffer.capacity() <= kept_bytes_max) {
    buffer.clear();
  } else {
    std::string().swap(buffer);
  }
}

}  // namespace

void Framer::feed(Bytes chunk) {
  PENSTOCK_ASSERT(rest_.empty());
  rest_ = chunk;
  cr_ = nullptr;
}

Result<bool> Framer::next(Event& event) {
  if (taken_) release();
  while (!rest_.empty()) {
    if (bom_ != started && !skip_byte_order_mark()) break;
    if (after_cr_ && skip_line_end_of_before()) continue;
    if (carry_.empty()) {
      if (skip_between_events()) continue;
      if (take_canonical(event)) {
        if (event.raw.size() - 1 > bytes_max_) return too_large();
        return true;
      }
    }
    PENSTOCK_TRY(taken, take_block(event));
    if (taken) return true;
  }
  return false;
}

void Framer::release() {
  taken_ = false;
  empty(carry_);
  empty(joined_);
}

void Framer::restart(std::size_t bytes_max) {
  release();
  rest_ = {};
  cr_ = nullptr;
  bytes_max_ = bytes_max;
  bom_ = 0;
  line_start_ = after_cr_ = in_comment_ = false;
}

// Returns false when more bytes are needed to tell.
bool Framer::skip_byte_order_mark() {
  while (!rest_.empty() && bom_ < byte_order_mark.size() && rest_[0] == byte_order_mark[bom_]) {
    rest_.remove_prefix(1);
    ++bom_;
  }
  if (rest_.empty() && bom_ < byte_order_mark.size()) return false;
  // Part of a mark is none: those bytes open the first line.
  if (bom_ < byte_order_mark.size()) carry_.assign(byte_order_mark.substr(0, bom_));
  bom_ = started;
  return !rest_.empty();
}

// The LF of a CR LF whose CR was taken before.
bool Framer::skip_line_end_of_before() {
  after_cr_ = false;
  if (rest_[0] != '\n') return false;
  if (!carry_.empty()) carry_.push_back('\n');
  rest_.remove_prefix(1);
  return true;
}

// Blank lines and comments, which are not kept however long they are. True: something was skipped.
bool Framer::skip_between_events() {
  if (!in_comment_) {
    const char c = rest_[0];
    if (c == '\n' || c == '\r') {
      after_cr_ = c == '\r';
      rest_.remove_prefix(1);
      return true;
    }
    if (c != ':') return false;
    in_comment_ = true;
  }
  const char* const end = rest_.data() + rest_.size();
  const char* const stop = line_end(rest_.data(), end);
  if (stop == nullptr) {
    rest_ = {};
    return true;
  }
  in_comment_ = false;
  after_cr_ = *stop == '\r';
  rest_.remove_prefix(static_cast<std::size_t>(stop + 1 - rest_.data()));
  return true;
}

// The first end of a line at or behind `p`, nullptr when there is none. Where the next CR stands is
// remembered, so that streams without any are searched for it once per chunk.
const char* Framer::line_end(const char* p, const char* end) {
  if (cr_ == nullptr || cr_ < p) {
    cr_ = find(p, end, '\r');
    if (cr_ == nullptr) cr_ = end;
  }
  const char* const lf = find(p, cr_, '\n');
  if (lf != nullptr) return lf;
  return cr_ != end ? cr_ : nullptr;
}

// The fast path: "data: …" LF LF, with "event: …" LF before it or not, whole in this chunk.
bool Framer::take_canonical(Event& event) {
  const char* const begin = rest_.data();
  const char* const end = begin + rest_.size();
  Bytes name;
  Bytes text = rest_;
  if (text.starts_with(name_prefix)) {
    const char* const start = begin + name_prefix.size();
    const char* const stop = line_end(start, end);
    if (stop == nullptr || stop == start || *stop != '\n') return false;
    name = {start, static_cast<std::size_t>(stop - start)};
    text.remove_prefix(static_cast<std::size_t>(stop + 1 - begin));
  }
  if (!text.starts_with(data_prefix)) return false;
  const char* const data = text.data() + data_prefix.size();
  const char* const stop = line_end(data, end);
  if (stop == nullptr || end - stop < 2 || stop[0] != '\n' || stop[1] != '\n') return false;
  event.name = name;
  event.data = {data, static_cast<std::size_t>(stop - data)};
  event.raw = {begin, static_cast<std::size_t>(stop + 2 - begin)};
  rest_.remove_prefix(event.raw.size());
  return true;
}

// Everything else. False: what there is of the event is kept, or it had no data.
Result<bool> Framer::take_block(Event& event) {
  const bool carried = !carry_.empty();
  if (!carried) line_start_ = false;
  const char* const begin = rest_.data();
  const char* const stop = block_end(begin, begin + rest_.size());
  const Bytes part =
      stop != nullptr ? rest_.substr(0, static_cast<std::size_t>(stop - begin)) : rest_;
  rest_.remove_prefix(part.size());
  if (!carried && stop == nullptr) carry_.reserve(std::max(2 * part.size(), carry_bytes_first));
  if (carried || stop == nullptr) carry_.append(part);
  const Bytes block = carried || stop == nullptr ? Bytes(carry_) : part;
  if (block.size() - (stop != nullptr ? 1 : 0) > bytes_max_) return too_large();
  if (stop == nullptr) return false;
  taken_ = true;
  if (parse(block, event)) return true;
  release();
  return false;
}

// Behind the first byte of the blank line that ends the block, nullptr when it is not there yet.
const char* Framer::block_end(const char* p, const char* end) {
  while (p != end) {
    if (line_start_ && (*p == '\n' || *p == '\r')) {
      after_cr_ = *p == '\r';
      return p + 1;
    }
    const char* const stop = line_end(p, end);
    line_start_ = stop != nullptr;
    if (stop == nullptr) return nullptr;
    p = stop + 1;
    if (*stop != '\r') continue;
    if (p == end)
      after_cr_ = true;
    else if (*p == '\n')
      ++p;
  }
  return nullptr;
}

// Reads the lines of a block. False: it has no data and is no event.
bool Framer::parse(Bytes block, Event& event) {
  const Bytes whole = block;
  unsigned lines = 0;
  unsigned data_lines = 0;
  bool canonical = true;
  event = {};
  for (;;) {
    const Line line = first_line(block);
    block = line.rest;
    canonical = canonical && line.lf;
    if (line.text.empty()) break;
    ++lines;
    const std::size_t colon = line.text.find(':');
    const Bytes field = line.text.substr(0, colon);
    Bytes value = colon != Bytes::npos ? line.text.substr(colon + 1) : Bytes{};
    const bool spaced = value.starts_with(' ');
    if (spaced) value.remove_prefix(1);
    canonical = canonical && spaced;
    if (field == "data") {
      if (++data_lines == 1) {
        event.data = value;
      } else {
        if (data_lines == 2) joined_.assign(event.data);
        joined_.append(1, '\n').append(value);
      }
    } else if (field == "event") {
      event.name = value;
      canonical = canonical && lines == 1 && !value.empty();
    } else {
      canonical = false;
    }
  }
  if (data_lines == 0) return false;
  if (data_lines > 1) event.data = joined_;
  const bool in_order = lines == (event.name.empty() ? 1u : 2u);
  if (canonical && data_lines == 1 && in_order) event.raw = whole;
  return true;
}

}  // namespace penstock::sse
