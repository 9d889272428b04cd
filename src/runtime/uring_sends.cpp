// How bytes leave: at once, by a system call of their own, or as a batch with the call that ends
// the turn. A system call for each answer costs more than all of our own code does.
//
// A batched send is made when its submission is, never later: MSG_DONTWAIT sees to that, and
// MSG_WAITALL makes a short one a failure. Failures are told, successes are not
// (IOSQE_CQE_SKIP_SUCCESS), so a send costs no completion.
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "runtime/kernel_sockets.h"
#include "runtime/kernel_tls.h"
#include "runtime/uring_driver.h"

namespace penstock {
namespace {

constexpr int send_flags = MSG_NOSIGNAL | MSG_DONTWAIT | MSG_WAITALL;
// So many small ones leave together; then those that wait for them have waited long enough. With
// large ones, which point to lent bytes, all of a turn's together cost least.
constexpr unsigned batch_max = 16;

}  // namespace

long UringDriver::counted(long taken) {
  ++counters_.sends;
  if (taken == -EAGAIN) ++counters_.sends_blocked;
  return taken;
}

long UringDriver::send(int fd, std::span<const Bytes> pieces) {
  return counted(send_pieces(fd, pieces));
}

bool UringDriver::seal_sends(int fd, const RecordKeys& keys) {
  return seal_in_kernel(fd, keys, counters_);
}

long UringDriver::send_sealed(int fd, RecordType type, std::span<const Bytes> pieces) {
  return counted(send_sealed_pieces(fd, type, pieces));
}

bool UringDriver::send_batched(SendOp& op, std::span<const Bytes> pieces) {
  PENSTOCK_ASSERT(!op.pending());
  if (!batches_ || !backlog_.empty() || io_uring_sq_space_left(&ring_) == 0) return false;
  const Bytes lent{buffers_.as<char>(), std::size_t{options_.buffers} * options_.buffer_bytes};
  if (!batch_.lay(op, pieces, lent)) return false;
  ++counters_.sends;
  ++counters_.sends_batched;
  begin(op);
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  std::size_t bytes = 0;
  for (const Bytes piece : op.pieces) bytes += piece.size();
  if (op.pieces.size() == 1) {
    io_uring_prep_send(sqe, op.fd, op.pieces[0].data(), bytes, send_flags);
  } else {
    io_uring_prep_sendmsg(sqe, op.fd, batch_.message(op.pieces), send_flags);
  }
  sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
  io_uring_sqe_set_data(sqe, static_cast<Op*>(&op));
  op.result = static_cast<int>(bytes);
  op.next_batched = batched_;
  batched_ = &op;
  if (++batched_count_ % batch_max == 0 && !batch_.points_to_lent()) hand_over();
  return true;
}

// The sends that have been made: all, once the kernel has taken every submission and told of every
// failure; until then none.
SendOp* UringDriver::take_batch() {
  const bool behind = io_uring_sq_ready(&ring_) > 0 || !backlog_.empty() ||
                      (*ring_.sq.kflags & IORING_SQ_CQ_OVERFLOW) != 0;
  if (!batched_ || behind) return nullptr;
  batched_count_ = 0;
  return std::exchange(batched_, nullptr);
}

// A failure may have been lost: `rebuild` tells that nothing is known of them.
void UringDriver::put_back(SendOp* first) {
  while (SendOp* op = first) {
    first = op->next_batched;
    op->next_batched = batched_;
    batched_ = op;
  }
}

void UringDriver::tell_batch(SendOp* first) {
  if (!first) return;
  while (SendOp* op = first) {
    first = op->next_batched;
    if (op->result == -EAGAIN) ++counters_.sends_blocked;
    end(*op);
    op->complete(*op, op->result);
  }
  if (batched_) return;  // a callback has sent more
  batch_.clear();
  for (const unsigned id : held_) offer(id);
  held_.clear();
}

// -- What the kernel can -------------------------------------------------------------------------

// Older kernels tell of successes too, or know a short send for one: then each leaves by itself.
bool UringDriver::can_batch() {
  if (!batch_.set_up()) return false;
  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) return false;
  const bool can = probe_batches(pair[0]);
  for (const int fd : pair) ::close(fd);
  return can;
}

// One send that fits, one that fits in part, one that does not.
bool UringDriver::probe_batches(int fd) {
  const std::size_t much = std::size_t{options_.buffers} * options_.buffer_bytes;
  const int small = 1;  // the kernel makes it the least it knows
  static_cast<void>(::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small));
  const auto failure = [&](std::size_t bytes) -> std::optional<int> {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    io_uring_prep_send(sqe, fd, buffers_.as<char>(), bytes, send_flags);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    io_uring_sqe_set_data64(sqe, ignored);
    io_uring_submit(&ring_);
    io_uring_cqe* cqe = nullptr;
    if (io_uring_peek_cqe(&ring_, &cqe) != 0) return std::nullopt;
    const int result = cqe->res;
    io_uring_cqe_seen(&ring_, cqe);
    return result;
  };
  if (failure(1)) return false;
  const auto taken = failure(much);
  if (!taken || *taken <= 0 || static_cast<std::size_t>(*taken) >= much) return false;
  return failure(much) == -EAGAIN;
}

}  // namespace penstock
