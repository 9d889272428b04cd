#include "penstock/ndjson.h"

#include <utility>

namespace penstock::sse {
namespace {

constexpr Bytes byte_order_mark = "\xEF\xBB\xBF";
constexpr std::size_t kept_bytes_max = 4096;  // a larger buffer goes back when its line is over

}  // namespace

void NdjsonFramer::feed(Bytes chunk) {
  PENSTOCK_ASSERT(rest_.empty());
  rest_ = chunk;
}

void NdjsonFramer::release() {
  if (!taken_) return;
  taken_ = false;
  if (carry_.capacity() <= kept_bytes_max)
    carry_.clear();
  else
    std::string().swap(carry_);
}

// Takes off what is not part of the text; false when nothing is left.
bool NdjsonFramer::worth(Bytes& line) {
  if (!std::exchange(started_, true) && line.starts_with(byte_order_mark))
    line.remove_prefix(byte_order_mark.size());
  const std::size_t first = line.find_first_not_of(" \t\r");
  if (first == Bytes::npos) return false;
  line = line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
  return true;
}

Result<bool> NdjsonFramer::next(Bytes& line) {
  for (;;) {
    release();
    if (rest_.empty()) return false;
    const std::size_t end = rest_.find('\n');
    const Bytes part = rest_.substr(0, end);
    if (part.size() > bytes_max_ - carry_.size()) return fail(Code::too_large, Side::upstream);
    rest_.remove_prefix(end == Bytes::npos ? rest_.size() : end + 1);
    if (end == Bytes::npos) {
      carry_.append(part);
      return false;
    }
    line = part;
    if (!carry_.empty()) {
      line = carry_.append(part);
      taken_ = true;
    }
    if (worth(line)) return true;
  }
}

bool NdjsonFramer::last(Bytes& line) {
  PENSTOCK_ASSERT(rest_.empty());
  release();
  line = carry_;
  taken_ = true;
  return worth(line);
}

}  // namespace penstock::sse
