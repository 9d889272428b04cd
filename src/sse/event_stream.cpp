#include "penstock/event_stream.h"

#include <algorithm>
#include <array>

#include "sse/crc32.h"

namespace penstock::sse {
namespace {

constexpr std::size_t prelude_bytes = 12;
constexpr std::size_t checksum_bytes = 4;
constexpr std::size_t frame_bytes_min = prelude_bytes + checksum_bytes;
constexpr std::size_t kept_bytes_max = 4096;  // a larger buffer goes back when its frame is over

std::unexpected<Error> malformed() {
  return fail(Code::malformed, Side::upstream);
}

// Big endian; of at most eight bytes.
std::uint64_t number(Bytes bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<std::uint8_t>(c);
  return value;
}
std::uint32_t number32(Bytes bytes) {
  return static_cast<std::uint32_t>(number(bytes.substr(0, 4)));
}

bool take(Bytes& from, std::size_t bytes, Bytes& out) {
  if (from.size() < bytes) return false;
  out = from.substr(0, bytes);
  from.remove_prefix(bytes);
  return true;
}

bool take_value(Bytes& from, HeaderType type, Bytes& out) {
  switch (type) {
    case HeaderType::true_value:
    case HeaderType::false_value:
      return take(from, 0, out);
    case HeaderType::int8:
      return take(from, 1, out);
    case HeaderType::int16:
      return take(from, 2, out);
    case HeaderType::int32:
      return take(from, 4, out);
    case HeaderType::int64:
    case HeaderType::timestamp:
      return take(from, 8, out);
    case HeaderType::uuid:
      return take(from, 16, out);
    case HeaderType::bytes:
    case HeaderType::string: {
      Bytes size;
      return take(from, 2, size) && take(from, number(size), out);
    }
  }
  return false;  // a type of a later version
}

// The place in a frame for a header of that name; nullptr: of no interest.
Bytes* place(EventFrame& frame, Bytes name) {
  if (name == ":message-type") return &frame.message_type;
  if (name == ":event-type") return &frame.event_type;
  if (name == ":content-type") return &frame.content_type;
  if (name == ":exception-type") return &frame.exception_type;
  if (name == ":error-code") return &frame.error_code;
  if (name == ":error-message") return &frame.error_message;
  return nullptr;
}

Result<> read_headers(Bytes headers, EventFrame& frame) {
  std::array<Bytes, EventStreamFramer::headers_max> names;
  std::size_t count = 0;
  for (EventHeader header;;) {
    PENSTOCK_TRY(more, take_header(headers, header));
    if (!more) return {};
    const auto seen = names.begin() + static_cast<std::ptrdiff_t>(count);
    if (count == names.size() || std::find(names.begin(), seen, header.name) != seen)
      return malformed();
    names[count++] = header.name;
    Bytes* const at = place(frame, header.name);
    if (at == nullptr) continue;
    if (header.type != HeaderType::string) return malformed();
    *at = header.value;
  }
}

}  // namespace

std::int64_t EventHeader::integer() const {
  if (type < HeaderType::int8 || type == HeaderType::bytes || type == HeaderType::string ||
      type == HeaderType::uuid || value.empty() || value.size() > 8)
    return 0;
  const auto unused = static_cast<unsigned>(64 - 8 * value.size());
  return static_cast<std::int64_t>(number(value) << unused) >> unused;
}

Result<bool> take_header(Bytes& headers, EventHeader& header) {
  if (headers.empty()) return false;
  Bytes size;
  Bytes type;
  if (!take(headers, 1, size) || size[0] == 0 || !take(headers, number(size), header.name) ||
      !take(headers, 1, type))
    return malformed();
  header.type = static_cast<HeaderType>(type[0]);
  if (!take_value(headers, header.type, header.value)) return malformed();
  return true;
}

EventStreamFramer::EventStreamFramer(std::size_t bytes_max)
    : bytes_max_(std::min(bytes_max, event_frame_bytes_max)) {}

void EventStreamFramer::feed(Bytes chunk) {
  PENSTOCK_ASSERT(rest_.empty());
  rest_ = chunk;
}

// Moves bytes of the chunk behind those carried; true once there are that many.
bool EventStreamFramer::carry_up_to(std::size_t bytes) {
  if (carry_.size() < bytes) {
    const Bytes part = rest_.substr(0, bytes - carry_.size());
    carry_.append(part);
    rest_.remove_prefix(part.size());
  }
  return carry_.size() >= bytes;
}

Result<bool> EventStreamFramer::next(EventFrame& frame) {
  if (taken_) {
    taken_ = false;
    if (carry_.capacity() <= kept_bytes_max)
      carry_.clear();
    else
      std::string().swap(carry_);
  }
  if (rest_.empty()) return false;
  if (total_ == 0) {
    const bool in_place = carry_.empty() && rest_.size() >= prelude_bytes;
    if (!in_place && !carry_up_to(prelude_bytes)) return false;
    PENSTOCK_CHECK(read_prelude(in_place ? rest_ : Bytes(carry_)));
  }
  Bytes bytes;
  if (carry_.empty() && rest_.size() >= total_) {
    take(rest_, total_, bytes);
  } else {
    if (!carry_up_to(total_)) return false;
    bytes = carry_;
    taken_ = true;
  }
  total_ = 0;
  PENSTOCK_CHECK(read_frame(bytes, frame));
  return true;
}

// The checksum comes first: a length that was damaged on the way is not one that is too large.
Result<> EventStreamFramer::read_prelude(Bytes prelude) {
  const std::uint32_t checksum = crc32(prelude.substr(0, 8));
  if (checksum != number32(prelude.substr(8))) return malformed();
  const std::uint32_t total = number32(prelude);
  headers_ = number32(prelude.substr(4));
  if (total < frame_bytes_min || headers_ > total - frame_bytes_min) return malformed();
  if (total > bytes_max_ || headers_ > headers_bytes_max)
    return fail(Code::too_large, Side::upstream);
  total_ = total;
  checksum_ = crc32(prelude.substr(8, 4), checksum);
  return {};
}

Result<> EventStreamFramer::read_frame(Bytes bytes, EventFrame& frame) {
  const Bytes body = bytes.substr(prelude_bytes, bytes.size() - prelude_bytes - checksum_bytes);
  if (crc32(body, checksum_) != number32(bytes.substr(bytes.size() - checksum_bytes)))
    return malformed();
  frame = {};
  frame.headers = body.substr(0, headers_);
  frame.payload = body.substr(headers_);
  return read_headers(frame.headers, frame);
}

Result<> EventStreamFramer::finish() const {
  PENSTOCK_ASSERT(rest_.empty());
  if (held() > 0) return malformed();
  return {};
}

}  // namespace penstock::sse
