#include "runtime/uring_driver.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>

#include "runtime/kernel_sockets.h"
#include "runtime/uring_abi.h"

namespace penstock {
namespace {

// So many completions end the wait of a saturated shard early.
constexpr unsigned merge_wait_for = 24;
// After the kernel was short of memory.
constexpr Duration shed_for = Duration::milliseconds(10);
// So many submissions are handed over before the wait, with a system call of their own: what they
// take is no wait, and with many it is no small part.
constexpr unsigned apart_min = 4;
// Of a wait that begins with fewer, so much is the work of one.
constexpr unsigned send_takes_us = 5;
constexpr long breath_ns = 1'000'000;
// No kernel knows these flags; with them a test makes it refuse a form.
constexpr std::uint16_t unknown_flags = 1 << 15;

}  // namespace

Result<int> UringDriver::open_socket(int family) {
  return open_stream_socket(family);
}
void UringDriver::close_socket(int fd, CloseHow how) {
  close_stream_socket(fd, how);
}
void UringDriver::shutdown_send(int fd) {
  shutdown_stream_send(fd);
}
Instant UringDriver::clock() const {
  return monotonic_now();
}

void UringDriver::poke() {
  const std::uint64_t one = 1;
  // The only failure is a full counter, and then the wake-up is already on its way.
  [[maybe_unused]] const auto written = write(poke_fd_, &one, sizeof one);
}

// -- Submissions ---------------------------------------------------------------------------------

// Room for one submission. When the queue is full and the kernel takes nothing, it is in the
// backlog: nothing waits for a kernel that has to be given time.
io_uring_sqe* UringDriver::next_sqe() {
  if (backlog_.empty()) {
    if (io_uring_sqe* sqe = io_uring_get_sqe(&ring_)) return sqe;
    hand_over();
    if (io_uring_sqe* sqe = io_uring_get_sqe(&ring_)) return sqe;
  }
  return &backlog_.emplace_back();
}

void UringDriver::move_backlog() {
  while (!backlog_.empty()) {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    if (!sqe) return;
    *sqe = backlog_.front();
    backlog_.pop_front();
  }
}

void UringDriver::arm_poke() {
  io_uring_sqe* sqe = next_sqe();
  if (multishot_poll_) {
    io_uring_prep_poll_multishot(sqe, poke_fd_, POLLIN);
    if (options_.faults && options_.faults->refuses_multishot) sqe->len |= unknown_flags;
  } else {
    io_uring_prep_poll_add(sqe, poke_fd_, POLLIN);
  }
  io_uring_sqe_set_data64(sqe, poked);
}

void UringDriver::submit(Op& op) {
  PENSTOCK_ASSERT(!op.pending());
  begin(op);
  start(op);
}

void UringDriver::begin(Op& op) {
  op.state = Op::State::pending;
  op.previous = nullptr;
  op.next = given_;
  if (given_) given_->previous = &op;
  given_ = &op;
}

void UringDriver::end(Op& op) {
  op.state = Op::State::idle;
  (op.previous ? op.previous->next : given_) = op.next;
  if (op.next) op.next->previous = op.previous;
}

// Hands a pending operation to the kernel.
void UringDriver::start(Op& op) {
  io_uring_sqe* sqe = next_sqe();
  op.multishot = false;
  switch (op.kind) {
    case Op::Kind::accept:
      op.multishot = multishot_accept_;
      io_uring_prep_accept(sqe, op.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (op.multishot) sqe->ioprio |= IORING_ACCEPT_MULTISHOT;
      break;
    case Op::Kind::receive:
      op.multishot = multishot_receive_;
      io_uring_prep_recv(sqe, op.fd, nullptr, 0, 0);
      if (op.multishot) sqe->ioprio |= IORING_RECV_MULTISHOT;
      sqe->flags |= IOSQE_BUFFER_SELECT;
      sqe->buf_group = buffer_group;
      break;
    case Op::Kind::connect: {
      auto& connect = static_cast<ConnectOp&>(op);
      io_uring_prep_connect(sqe, op.fd, reinterpret_cast<sockaddr*>(&connect.address),
                            connect.address_bytes);
      break;
    }
    case Op::Kind::hangup:
      io_uring_prep_poll_add(sqe, op.fd, POLLRDHUP);
      break;
    case Op::Kind::writable:
      io_uring_prep_poll_add(sqe, op.fd, POLLOUT);
      break;
    case Op::Kind::send:
      PENSTOCK_UNREACHABLE();  // `send_batched` is its way
  }
  if (op.multishot && options_.faults && options_.faults->refuses_multishot) {
    sqe->ioprio |= unknown_flags;
  }
  io_uring_sqe_set_data(sqe, &op);
}

void UringDriver::cancel(Op& op) {
  if (op.state != Op::State::pending || op.kind == Op::Kind::send) return;
  op.state = Op::State::cancelling;
  // One that waits for a buffer is not in the kernel: `recycle` ends it instead of starting it.
  for (const ReceiveOp* starved = starved_first_; starved; starved = starved->next_starved) {
    if (starved == &op) return;
  }
  // The cancel runs before any later submission that could reuse the address, because the kernel
  // takes submissions in order. What it answers (ENOENT, EALREADY) is of no interest: the
  // operation's own last completion decides.
  io_uring_sqe* sqe = next_sqe();
  io_uring_prep_cancel(sqe, &op, 0);
  io_uring_sqe_set_data64(sqe, ignored);
}

// Keeps one kernel timer at or before `until`. Arming costs far more than an idle expiry, so a
// timer that is too early is left to fire.
void UringDriver::arm_timeout(Instant until) {
  if (until >= timeout_armed_) return;
  const bool pending = timeout_armed_ != Instant::never();
  timeout_armed_ = until;
  timeout_.tv_sec = until.ns / 1'000'000'000;
  timeout_.tv_nsec = until.ns % 1'000'000'000;
  io_uring_sqe* sqe = next_sqe();
  if (pending) {
    io_uring_prep_timeout_update(sqe, &timeout_, timeout_fired, IORING_TIMEOUT_ABS);
    io_uring_sqe_set_data64(sqe, ignored);
  } else {
    io_uring_prep_timeout(sqe, &timeout_, 0, IORING_TIMEOUT_ABS);
    io_uring_sqe_set_data64(sqe, timeout_fired);
  }
}

// -- A turn --------------------------------------------------------------------------------------

int UringDriver::injected_error() {
  UringFaults* faults = options_.faults;
  if (!faults || faults->enters == 0) return 0;
  --faults->enters;
  return faults->enter_error;
}

// Submits what is queued, and waits for nothing. Completions that are due come with it.
int UringDriver::hand_over() {
  ++counters_.enters;
  const int injected = injected_error();
  const int error = injected != 0 ? injected : io_uring_submit(&ring_);
  judge(error);
  if (batched_) handed_over_ = clock();
  return error;
}

// One system call: submits what is queued, runs completion work, waits for `wait_for` completions.
int UringDriver::enter(unsigned wait_for, unsigned min_wait_us) {
  ++counters_.enters;
  int error = injected_error();
  if (error == 0) {
    if (min_wait_us > 0) {
      error = enter_merging(wait_for, min_wait_us);
    } else if (wait_for > 0) {
      error = io_uring_submit_and_wait(&ring_, wait_for);
    } else {
      error = io_uring_submit_and_get_events(&ring_);
    }
  }
  judge(error);
  return error;
}

// As `enter`, but comes back with fewer completions when no more came within `min_wait_us`.
int UringDriver::enter_merging(unsigned wait_for, unsigned min_wait_us) {
  if (io_uring_sq_ready(&ring_) > 0) hand_over();
  if (lost_completions_) return 0;
  uring_abi::GetEventsArgument argument{};
  argument.min_wait_us = min_wait_us;
  argument.signal_mask_bytes = _NSIG / 8;
  return io_uring_enter2(static_cast<unsigned>(ring_.enter_ring_fd), 0, wait_for,
                         IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG |
                             (ring_.int_flags & 1 ? IORING_ENTER_REGISTERED_RING : 0),
                         reinterpret_cast<sigset_t*>(&argument), sizeof argument);
}

// What an enter said. Any other error is a mistake of ours.
void UringDriver::judge(int error) {
  switch (-std::min(error, 0)) {
    case 0:
    case EINTR:
    case ETIME:
      break;
    case EAGAIN:
    case ENOMEM:  // new connections would only make it worse
      shed_until_ = clock() + shed_for;
      [[fallthrough]];
    case EBUSY:  // completions overflow: those that are there are reaped next, which makes room
      ++counters_.enters_refused;
      break;
    case EBADR:
      lost_completions_ = true;
      break;
    default:
      PENSTOCK_ASSERT(error >= 0);
  }
}

// Looks for completions until then; true: there are some, or the kernel has work that makes them.
bool UringDriver::spin(Instant until) {
  do {
    for (unsigned look = 0; look < 4; ++look) {
      const bool work = (IO_URING_READ_ONCE(*ring_.sq.kflags) & IORING_SQ_TASKRUN) != 0;
      if (work || io_uring_cq_ready(&ring_) > 0) return true;
#if defined(__x86_64__)
      __builtin_ia32_pause();
#endif
    }
  } while (clock() < until);
  return false;
}

// Waits for one completion, if need be without the thread's sleep.
int UringDriver::sleep() {
  if (options_.spin_us == 0) return enter(1, 0);
  if (spin_gate_.open() && io_uring_sq_ready(&ring_) > 0) hand_over();
  if (lost_completions_) return 0;
  // What the sends take is no wait.
  sending_ = Duration::microseconds(io_uring_sq_ready(&ring_) * std::int64_t{send_takes_us});
  waited_from_ = clock();
  const bool found =
      spin_gate_.open() && spin(waited_from_ + Duration::microseconds(options_.spin_us));
  return enter(found ? 0 : 1, 0);
}

void UringDriver::wait(Instant until) {
  move_backlog();
  const bool apart = io_uring_sq_ready(&ring_) >= apart_min;
  int error = apart ? hand_over() : 0;
  if (lost_completions_) return;
  if (batched_ && io_uring_sq_ready(&ring_) > 0) handed_over_ = clock();
  const bool merge = min_wait_ && options_.merge_wait_us > 0 && merge_gate_.open();
  if (until <= now() || !backlog_.empty() || (io_uring_cq_ready(&ring_) > 0 && !merge)) {
    if (!apart) error = enter(0, 0);  // else that has just brought what there is
  } else {
    if (until != Instant::never()) arm_timeout(until);
    error = merge ? enter(merge_wait_for, options_.merge_wait_us) : sleep();
  }
  // A kernel that is short of something is not asked again at once.
  if (error < 0 && error != -EINTR && error != -ETIME && io_uring_cq_ready(&ring_) == 0) {
    const timespec breath{0, breath_ns};
    nanosleep(&breath, nullptr);
  }
}

// What a wait brought tells whether the next ones are worth a spin.
void UringDriver::note_wait() {
  if (waited_from_ == Instant::never()) return;
  io_uring_cqe* first = nullptr;
  if (io_uring_peek_cqe(&ring_, &first) == 0) {
    const Instant brief_until = waited_from_ + Duration::microseconds(options_.spin_us) + sending_;
    const bool brief = now() <= brief_until;
    spin_gate_.note(brief, io_uring_cqe_get_data(first));
  }
  waited_from_ = Instant::never();
}

void UringDriver::wait_and_dispatch(Instant until) {
  if (!lost_completions_) wait(until);
  refresh_now();
  if (*ring_.sq.kflags & IORING_SQ_CQ_OVERFLOW) ++counters_.overflows;
  // The kernel counts what it dropped; it tells an enter only when that submits nothing.
  if (lost_completions_ || *ring_.cq.koverflow != 0) return rebuild();
  note_wait();
  SendOp* const sent = take_batch();
  unsigned count = 0, head = 0;
  io_uring_cqe* cqe = nullptr;
  io_uring_for_each_cqe(&ring_, head, cqe) {
    dispatch(*cqe);
    ++count;
    if (lost_completions_) break;  // a submission was told; behind this there may be a hole
  }
  io_uring_cq_advance(&ring_, count);
  counters_.completions += count;
  if (lost_completions_) return put_back(sent);
  tell_batch(sent);
  merge_gate_.note(count);
}

void UringDriver::dispatch(const io_uring_cqe& cqe) {
  if (cqe.user_data <= last_tag) {
    if (cqe.user_data == poked) {
      std::uint64_t count = 0;
      [[maybe_unused]] const auto taken = read(poke_fd_, &count, sizeof count);
      if (cqe.res == -EINVAL) multishot_poll_ = false;
      if (!(cqe.flags & IORING_CQE_F_MORE)) arm_poke();
    } else if (cqe.user_data == timeout_fired) {
      timeout_armed_ = Instant::never();
    }
    return;
  }
  Op& op = op_of(cqe);
  if (!(cqe.flags & IORING_CQE_F_MORE) && goes_on(op, cqe)) return;
  if (op.kind == Op::Kind::receive) {
    received(static_cast<ReceiveOp&>(op), cqe);
  } else if (op.kind == Op::Kind::send) {
    static_cast<SendOp&>(op).result = cqe.res;  // the socket did not take all; told with the others
  } else if (op.kind == Op::Kind::accept) {
    accepted(op, cqe.res);
  } else {
    op.complete(op, std::min(cqe.res, 0));  // a poll tells its events
  }
}

// The kernel is done with the operation. True: its owner need not know, it goes on by itself.
bool UringDriver::goes_on(Op& op, const io_uring_cqe& cqe) {
  if (op.kind == Op::Kind::send) return false;
  const bool cancelling = op.state == Op::State::cancelling;
  // Without a buffer: starts again when the lent ones are back, in the order of starving.
  if (op.kind == Op::Kind::receive && cqe.res == -ENOBUFS) {
    auto& receive = static_cast<ReceiveOp&>(op);
    ++counters_.starved;
    receive.next_starved = nullptr;
    (starved_last_ ? starved_last_->next_starved : starved_first_) = &receive;
    starved_last_ = &receive;
    return true;
  }
  // A kernel that does not know the form gets the other one, now and from now on.
  if (cqe.res == -EINVAL && op.multishot && !cancelling) {
    (op.kind == Op::Kind::accept ? multishot_accept_ : multishot_receive_) = false;
    start(op);
    return true;
  }
  end(op);
  // It may end a multishot receive while data flows (CQ pressure), and a receive of the other form
  // completes once: that is no end for us.
  if (op.kind == Op::Kind::receive && cqe.res > 0 && !cancelling) submit(op);
  return false;
}

void UringDriver::accepted(Op& op, int fd) {
  if (fd >= 0 && now() < shed_until_) {
    ++counters_.accepts_shed;
    close_stream_socket(fd, CloseHow::reset);
    fd = -ECONNABORTED;
    if (op.pending()) return;
  }
  op.complete(op, fd);
}

// Claims the bytes of a receive. A completion that carries a buffer is claimed whatever its result,
// or the buffer would be lost to the ring.
void UringDriver::received(ReceiveOp& op, const io_uring_cqe& cqe) {
  op.lent = {};
  if (cqe.flags & IORING_CQE_F_BUFFER) {
    const unsigned id = cqe.flags >> IORING_CQE_BUFFER_SHIFT;
    LentBuffer& buffer = lent_[id];
    const auto bytes = static_cast<unsigned>(std::max(cqe.res, 0));
    op.lent = {buffers_.as<char>() + std::size_t{id} * options_.buffer_bytes + buffer.used, bytes};
    buffer.used += bytes;
    const bool more = incremental_ && (cqe.flags & uring_abi::cqe_buffer_more) != 0;
    if (!more && !buffer.finished) {
      buffer.finished = true;
      finished_.push_back(id);
    }
  }
  op.complete(op, cqe.res);
}

void UringDriver::offer(unsigned id) {
  lent_[id] = {};
  io_uring_buf_ring_add(buffer_ring_.as<io_uring_buf_ring>(),
                        buffers_.as<char>() + std::size_t{id} * options_.buffer_bytes,
                        options_.buffer_bytes, static_cast<unsigned short>(id),
                        static_cast<int>(options_.buffers - 1), static_cast<int>(offered_++));
}

void UringDriver::recycle() {
  // What a send of this turn points to goes back when that has left.
  if (batch_.points_to_lent()) {
    held_.insert(held_.end(), finished_.begin(), finished_.end());
  } else {
    for (const unsigned id : finished_) offer(id);
  }
  finished_.clear();
  if (offered_ > 0) {
    io_uring_buf_ring_advance(buffer_ring_.as<io_uring_buf_ring>(),
                              static_cast<int>(std::exchange(offered_, 0)));
  }
  while (ReceiveOp* op = starved_first_) {
    starved_first_ = op->next_starved;
    if (!starved_first_) starved_last_ = nullptr;
    if (op->state == Op::State::cancelling) {
      end(*op);
      op->lent = {};
      op->complete(*op, -ECANCELED);
    } else {
      start(*op);
    }
  }
}

}  // namespace penstock
