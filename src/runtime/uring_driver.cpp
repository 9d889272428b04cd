#include "runtime/uring_driver.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "runtime/kernel_sockets.h"
#include "runtime/uring_abi.h"

namespace penstock {
namespace {

constexpr std::uint16_t buffer_group = 0;
// user_data of completions that belong to no Op.
constexpr std::uint64_t ignored = 1, poked = 2, timeout_fired = 3, last_tag = 3;
// A turn that brought this many completions counts as busy, and after this many busy turns in a row
// the shard is saturated.
constexpr unsigned busy_completions = 6;
constexpr unsigned busy_turns_to_merge = 16;
constexpr unsigned merge_wait_for = 24;

constexpr unsigned page = 4096;
std::size_t round_to_page(std::size_t bytes) {
  return (bytes + page - 1) & ~std::size_t{page - 1};
}

const char* word_of(int error) {
  switch (error) {
    case EPERM:
      return "EPERM";
    case ENOSYS:
      return "ENOSYS";
    case ENOMEM:
      return "ENOMEM";
    case EINVAL:
      return "EINVAL";
    default:
      return "error";
  }
}

void* map(std::size_t bytes) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

}  // namespace

UringFeatures probe_uring() {
  UringFeatures features;
  UringOptions small;
  small.submissions = 8;
  small.completions = 16;
  const auto driver = UringDriver::create(small, SIZE_MAX, &features.refusal);
  features.available = driver.has_value();
  features.incremental_buffers = driver && (*driver)->incremental();
  features.minimum_wait = driver && (*driver)->minimum_wait();
  return features;
}

UringDriver::UringDriver(const UringOptions& options, std::size_t block_limit_bytes)
    : Driver(monotonic_now(), block_limit_bytes), options_(options) {}

Result<std::unique_ptr<UringDriver>> UringDriver::create(const UringOptions& options,
                                                         std::size_t block_limit_bytes,
                                                         const char** refusal) {
  std::unique_ptr<UringDriver> driver(new UringDriver(options, block_limit_bytes));
  if (const int error = driver->set_up(); error != 0) {
    if (refusal) *refusal = word_of(-error);
    return fail(Code::refused);
  }
  return driver;
}

int UringDriver::set_up() {
  io_uring_params params{};
  // Completion work runs only when we ask for it, so a burst of packets never interrupts a turn.
  params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE |
                 IORING_SETUP_CLAMP | IORING_SETUP_SUBMIT_ALL;
  params.cq_entries = options_.completions;
  int error = io_uring_queue_init_params(options_.submissions, &ring_, &params);
  if (error == -EINVAL) {  // before Linux 6.1
    params = {};
    params.flags = IORING_SETUP_COOP_TASKRUN | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
    params.cq_entries = options_.completions;
    error = io_uring_queue_init_params(options_.submissions, &ring_, &params);
  }
  if (error < 0) return error;
  ring_ready_ = true;
  min_wait_ = (params.features & uring_abi::feature_min_timeout) != 0;
  io_uring_register_ring_fd(&ring_);  // saves a look-up per enter; refused only on old kernels
  error = set_up_buffers();
  if (error < 0) return error;
  poke_fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (poke_fd_ < 0) return -errno;
  arm_poke();
  return 0;
}

// Registers the ring of lent buffers; incremental where the kernel has it (6.12), else one buffer
// per completion and therefore more and smaller ones.
int UringDriver::set_up_buffers() {
  buffer_ring_bytes_ = round_to_page(sizeof(io_uring_buf) * 1024);
  buffer_ring_ = static_cast<io_uring_buf_ring*>(map(buffer_ring_bytes_));
  if (!buffer_ring_) return -ENOMEM;
  uring_abi::BufferRingRegistration registration{};
  registration.ring_address = reinterpret_cast<std::uintptr_t>(buffer_ring_);
  registration.entries = options_.buffers;
  registration.group = buffer_group;
  registration.flags = uring_abi::pbuf_ring_incremental;
  const auto request = [&] {
    return syscall(__NR_io_uring_register, ring_.ring_fd, IORING_REGISTER_PBUF_RING, &registration,
                   1) == 0
               ? 0
               : -errno;
  };
  int error = request();
  incremental_ = error == 0;
  if (error == -EINVAL) {
    options_.buffers = 512;
    options_.buffer_bytes = 8 * 1024;
    registration.entries = options_.buffers;
    registration.flags = 0;
    error = request();
  }
  if (error < 0) return error;
  io_uring_buf_ring_init(buffer_ring_);
  buffer_memory_bytes_ =
      round_to_page(std::size_t{options_.buffers} * options_.buffer_bytes + block_padding);
  buffer_memory_ = static_cast<char*>(map(buffer_memory_bytes_));
  if (!buffer_memory_) return -ENOMEM;
  lent_.resize(options_.buffers);
  finished_.reserve(options_.buffers);
  for (unsigned id = 0; id < options_.buffers; ++id) offer(id);
  io_uring_buf_ring_advance(buffer_ring_, static_cast<int>(std::exchange(offered_, 0)));
  return 0;
}

UringDriver::~UringDriver() {
  if (ring_ready_) io_uring_queue_exit(&ring_);
  if (poke_fd_ >= 0) close(poke_fd_);
  if (buffer_ring_) munmap(buffer_ring_, buffer_ring_bytes_);
  if (buffer_memory_) munmap(buffer_memory_, buffer_memory_bytes_);
}

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

long UringDriver::send(int fd, std::span<const Bytes> pieces) {
  ++counters_.sends;
  const long taken = send_pieces(fd, pieces);
  if (taken == -EAGAIN) ++counters_.sends_blocked;
  return taken;
}

void UringDriver::poke() {
  const std::uint64_t one = 1;
  // The only failure is a full counter, and then the wake-up is already on its way.
  [[maybe_unused]] const auto written = write(poke_fd_, &one, sizeof one);
}

io_uring_sqe* UringDriver::next_sqe() {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  while (!sqe) {
    const int error = io_uring_submit(&ring_);
    // EBUSY, EAGAIN: the completion side is full; make room by letting the kernel flush.
    if (error < 0) io_uring_get_events(&ring_);
    sqe = io_uring_get_sqe(&ring_);
  }
  return sqe;
}

void UringDriver::arm_poke() {
  io_uring_sqe* sqe = next_sqe();
  io_uring_prep_poll_multishot(sqe, poke_fd_, POLLIN);
  io_uring_sqe_set_data64(sqe, poked);
}

void UringDriver::submit(Op& op) {
  PENSTOCK_ASSERT(!op.pending());
  op.state = Op::State::pending;
  io_uring_sqe* sqe = next_sqe();
  switch (op.kind) {
    case Op::Kind::accept:
      io_uring_prep_multishot_accept(sqe, op.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      break;
    case Op::Kind::receive:
      io_uring_prep_recv_multishot(sqe, op.fd, nullptr, 0, 0);
      sqe->flags |= IOSQE_BUFFER_SELECT;
      sqe->buf_group = buffer_group;
      break;
    case Op::Kind::connect: {
      auto& connect = static_cast<ConnectOp&>(op);
      io_uring_prep_connect(sqe, op.fd, reinterpret_cast<sockaddr*>(&connect.address),
                            connect.address_bytes);
      break;
    }
    case Op::Kind::writable:
      io_uring_prep_poll_add(sqe, op.fd, POLLOUT);
      break;
  }
  io_uring_sqe_set_data(sqe, &op);
}

void UringDriver::cancel(Op& op) {
  if (op.state != Op::State::pending) return;
  op.state = Op::State::cancelling;
  if (op.kind == Op::Kind::receive) {  // one that waits for a buffer is not in the kernel
    auto& receive = static_cast<ReceiveOp&>(op);
    for (ReceiveOp** link = &starved_; *link; link = &(*link)->next_starved) {
      if (*link == &receive) return;  // `recycle` ends it instead of starting it again
    }
  }
  // The cancel runs before any later submission that could reuse the address, because the kernel
  // takes submissions in order.
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

// One system call: submits what is queued, runs completion work, waits for `wait_for` completions.
void UringDriver::enter(unsigned wait_for, unsigned min_wait_us) {
  ++counters_.enters;
  int error;
  if (min_wait_us > 0) {
    if (io_uring_sq_ready(&ring_) > 0) io_uring_submit(&ring_);
    uring_abi::GetEventsArgument argument{};
    argument.min_wait_us = min_wait_us;
    argument.signal_mask_bytes = _NSIG / 8;
    error = io_uring_enter2(static_cast<unsigned>(ring_.enter_ring_fd), 0, wait_for,
                            IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG |
                                (ring_.int_flags & 1 ? IORING_ENTER_REGISTERED_RING : 0),
                            reinterpret_cast<sigset_t*>(&argument), sizeof argument);
  } else if (wait_for > 0) {
    error = io_uring_submit_and_wait(&ring_, wait_for);
  } else {
    error = io_uring_submit_and_get_events(&ring_);
  }
  // EINTR: the loop comes round. EBUSY, EAGAIN, ENOMEM: the kernel is short of room or memory; the
  // completions that are there are reaped next, which is what frees it.
  if (error < 0 && error != -EINTR && error != -EBUSY && error != -EAGAIN && error != -ENOMEM &&
      error != -ETIME) {
    PENSTOCK_ASSERT(error >= 0);
  }
}

void UringDriver::wait(Instant until) {
  if (io_uring_cq_ready(&ring_) > 0 || until <= now()) {
    enter(0, 0);
    return;
  }
  if (until != Instant::never()) arm_timeout(until);
  const bool merge = min_wait_ && options_.merge_wait_us > 0 && busy_turns_ >= busy_turns_to_merge;
  enter(merge ? merge_wait_for : 1, merge ? options_.merge_wait_us : 0);
}

void UringDriver::wait_and_dispatch(Instant until) {
  wait(until);
  refresh_now();
  if (*ring_.sq.kflags & IORING_SQ_CQ_OVERFLOW) ++counters_.overflows;
  unsigned count = 0, head = 0;
  io_uring_cqe* cqe = nullptr;
  io_uring_for_each_cqe(&ring_, head, cqe) {
    dispatch(*cqe);
    ++count;
  }
  io_uring_cq_advance(&ring_, count);
  counters_.completions += count;
  busy_turns_ = count >= busy_completions ? busy_turns_ + 1 : 0;
}

void UringDriver::dispatch(const io_uring_cqe& cqe) {
  if (cqe.user_data <= last_tag) {
    if (cqe.user_data == poked) {
      std::uint64_t count = 0;
      [[maybe_unused]] const auto taken = read(poke_fd_, &count, sizeof count);
      if (!(cqe.flags & IORING_CQE_F_MORE)) arm_poke();
    } else if (cqe.user_data == timeout_fired) {
      timeout_armed_ = Instant::never();
    }
    return;
  }
  // The address that `submit` gave to the kernel.
  Op& op = *reinterpret_cast<Op*>(  // NOLINT(performance-no-int-to-ptr)
      static_cast<std::uintptr_t>(cqe.user_data));
  if (!(cqe.flags & IORING_CQE_F_MORE)) {
    // A receive that found no buffer goes on when the lent ones are back; nobody is told.
    if (op.kind == Op::Kind::receive && cqe.res == -ENOBUFS) {
      auto& receive = static_cast<ReceiveOp&>(op);
      ++counters_.starved;
      receive.next_starved = starved_;
      starved_ = &receive;
      return;
    }
    const bool cancelling = op.state == Op::State::cancelling;
    op.state = Op::State::idle;
    // The kernel may end a multishot receive while data flows (CQ pressure); that is no end for us.
    if (op.kind == Op::Kind::receive && cqe.res > 0 && !cancelling) submit(op);
  }
  if (op.kind == Op::Kind::receive) {
    received(static_cast<ReceiveOp&>(op), cqe);
  } else {
    op.complete(op, op.kind == Op::Kind::writable ? std::min(cqe.res, 0) : cqe.res);
  }
}

// Claims the bytes of a receive. A completion that carries a buffer is claimed whatever its result,
// or the buffer would be lost to the ring.
void UringDriver::received(ReceiveOp& op, const io_uring_cqe& cqe) {
  op.lent = {};
  if (cqe.flags & IORING_CQE_F_BUFFER) {
    const unsigned id = cqe.flags >> IORING_CQE_BUFFER_SHIFT;
    LentBuffer& buffer = lent_[id];
    const auto bytes = static_cast<unsigned>(std::max(cqe.res, 0));
    op.lent = {buffer_memory_ + std::size_t{id} * options_.buffer_bytes + buffer.used, bytes};
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
  io_uring_buf_ring_add(buffer_ring_, buffer_memory_ + std::size_t{id} * options_.buffer_bytes,
                        options_.buffer_bytes, static_cast<unsigned short>(id),
                        static_cast<int>(options_.buffers - 1), static_cast<int>(offered_++));
}

void UringDriver::recycle() {
  for (const unsigned id : finished_) offer(id);
  finished_.clear();
  if (offered_ > 0) {
    io_uring_buf_ring_advance(buffer_ring_, static_cast<int>(std::exchange(offered_, 0)));
  }
  while (starved_) {
    ReceiveOp& op = *starved_;
    starved_ = op.next_starved;
    const bool cancelling = op.state == Op::State::cancelling;
    op.state = Op::State::idle;
    if (cancelling) {
      op.lent = {};
      op.complete(op, -ECANCELED);
    } else {
      submit(op);
    }
  }
}

}  // namespace penstock
