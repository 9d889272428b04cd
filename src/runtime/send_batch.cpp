#include "runtime/send_batch.h"

#include <cstring>
#include <new>

namespace penstock {
namespace {

constexpr std::size_t room_bytes = 512 * 1024;
// A smaller one is cheaper copied than listed.
constexpr std::size_t listed_min = 2048;
constexpr std::size_t alignment = alignof(msghdr);

bool within(Bytes piece, Bytes whole) {
  return piece.data() >= whole.data() && piece.data() + piece.size() <= whole.data() + whole.size();
}

}  // namespace

bool SendBatch::set_up() {
  room_ = Mapping(room_bytes);
  return static_cast<bool>(room_);
}

template <class T>
T* SendBatch::room_for(std::size_t count) {
  static_assert(alignof(T) <= alignment);
  T* const place = reinterpret_cast<T*>(room_.as<char>() + used_);
  used_ += (count * sizeof(T) + alignment - 1) & ~(alignment - 1);
  return place;
}

bool SendBatch::lay(SendOp& op, std::span<const Bytes> pieces, Bytes lent) {
  const auto listed = [&](Bytes piece) {
    return piece.size() >= listed_min && within(piece, lent);
  };
  std::size_t copied = 0, slices_max = 1;
  for (const Bytes piece : pieces) {
    if (listed(piece)) {
      slices_max += 2;
    } else {
      copied += piece.size();
    }
  }
  const std::size_t most =
      copied + slices_max * (sizeof(Bytes) + sizeof(iovec)) + sizeof(msghdr) + 4 * alignment;
  if (copied > copied_max || most > room_bytes - used_) return false;
  Bytes* const slices = room_for<Bytes>(slices_max);
  char* at = room_for<char>(copied);
  std::size_t count = 0;
  const char* run = at;
  const auto end_run = [&] {
    if (at != run) new (&slices[count++]) Bytes(run, static_cast<std::size_t>(at - run));
    run = at;
  };
  for (const Bytes piece : pieces) {
    if (listed(piece)) {
      end_run();
      new (&slices[count++]) Bytes(piece);
    } else if (!piece.empty()) {
      std::memcpy(at, piece.data(), piece.size());
      at += piece.size();
    }
  }
  end_run();
  points_to_lent_ = points_to_lent_ || slices_max > 1;
  op.pieces = {slices, count};
  return true;
}

msghdr* SendBatch::message(std::span<const Bytes> pieces) {
  auto* const list = room_for<iovec>(pieces.size());
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    new (&list[i]) iovec{const_cast<char*>(pieces[i].data()), pieces[i].size()};
  }
  auto* const message = new (room_for<msghdr>(1)) msghdr{};
  message->msg_iov = list;
  message->msg_iovlen = pieces.size();
  return message;
}

}  // namespace penstock
