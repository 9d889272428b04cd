// The life of a ring: made at the start, given up when it lost completions, closed at the end.
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>

#include "runtime/kernel_sockets.h"
#include "runtime/uring_abi.h"
#include "runtime/uring_driver.h"

namespace penstock {
namespace {

// How long a new ring is waited for when memory is short.
constexpr int rebuild_tries = 100;
constexpr timespec rebuild_pause{0, 10'000'000};

// All that `start`, `cancel`, the poke, the timer and the batch of sends submit.
constexpr auto used_operations =
    std::to_array<std::uint8_t>({IORING_OP_ACCEPT, IORING_OP_RECV, IORING_OP_CONNECT,
                                 IORING_OP_POLL_ADD, IORING_OP_ASYNC_CANCEL, IORING_OP_TIMEOUT,
                                 IORING_OP_TIMEOUT_REMOVE, IORING_OP_SEND, IORING_OP_SENDMSG});

// io_uring_register(2) itself: liburing 2.3 knows the newer calls, but its shared library does not.
int register_at(int ring, unsigned call, void* argument, std::size_t count) {
  return syscall(__NR_io_uring_register, ring, call, argument, count) == 0 ? 0 : -errno;
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

}  // namespace

UringFeatures probe_uring() {
  UringFeatures features;
  UringOptions small;
  small.submissions = 8;
  small.completions = 16;
  const auto driver = UringDriver::create(small, SIZE_MAX, &features.refusal);
  features.available = driver.has_value();
  features.incremental_buffers = driver && (*driver)->incremental();
  features.restrictions = driver && (*driver)->restricted();
  features.minimum_wait = driver && (*driver)->minimum_wait();
  features.batched_sends = driver && (*driver)->batches_sends();
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
  int error = start_ring();
  if (error < 0) return error;
  poke_fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (poke_fd_ < 0) return -errno;
  batches_ = options_.batch_sends && can_batch();
  arm_poke();
  return 0;
}

int UringDriver::start_ring() {
  int error = open_ring();
  if (error == 0) error = set_up_buffers();
  if (error == 0) error = enable_ring();
  return error;
}

int UringDriver::open_ring() {
  io_uring_params params{};
  // Completion work runs only when we ask for it, so a burst of packets never interrupts a turn.
  // The ring is born asleep, because only then the kernel lets itself be told what to refuse.
  params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE |
                 IORING_SETUP_CLAMP | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_R_DISABLED |
                 IORING_SETUP_TASKRUN_FLAG;
  params.cq_entries = options_.completions;
  int error = io_uring_queue_init_params(options_.submissions, &ring_, &params);
  if (error == -EINVAL) {  // before Linux 6.1
    params = {};
    params.flags = IORING_SETUP_COOP_TASKRUN | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP |
                   IORING_SETUP_R_DISABLED | IORING_SETUP_TASKRUN_FLAG;
    params.cq_entries = options_.completions;
    error = io_uring_queue_init_params(options_.submissions, &ring_, &params);
  }
  if (error < 0) return error;
  ring_ready_ = true;
  min_wait_ = (params.features & uring_abi::feature_min_timeout) != 0;
  return 0;
}

// Whoever gets hold of the ring can do with it what this driver does, and no more. Then it wakes.
int UringDriver::enable_ring() {
  std::array<io_uring_restriction, used_operations.size() + 3> rules{};
  std::size_t count = 0;
  for (const std::uint8_t operation : used_operations) {
    rules[count].opcode = IORING_RESTRICTION_SQE_OP;
    rules[count++].sqe_op = operation;
  }
  rules[count].opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED;
  rules[count++].sqe_flags = IOSQE_BUFFER_SELECT | IOSQE_CQE_SKIP_SUCCESS;
  for (const std::uint8_t call : {IORING_REGISTER_RING_FDS, IORING_UNREGISTER_RING_FDS}) {
    rules[count].opcode = IORING_RESTRICTION_REGISTER_OP;
    rules[count++].register_op = call;
  }
  restricted_ =
      register_at(ring_.ring_fd, IORING_REGISTER_RESTRICTIONS, rules.data(), rules.size()) == 0;
  const int error = register_at(ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
  if (error < 0) return error;
  io_uring_register_ring_fd(&ring_);  // saves a look-up per enter; refused only on old kernels
  return 0;
}

// Registers the ring of lent buffers; incremental where the kernel has it (6.12), else one buffer
// per completion and therefore more and smaller ones.
int UringDriver::set_up_buffers() {
  buffer_ring_ = Mapping(sizeof(io_uring_buf) * 1024);
  if (!buffer_ring_) return -ENOMEM;
  auto* entries = buffer_ring_.as<io_uring_buf_ring>();
  uring_abi::BufferRingRegistration registration{};
  registration.ring_address = reinterpret_cast<std::uintptr_t>(entries);
  registration.entries = options_.buffers;
  registration.group = buffer_group;
  registration.flags = uring_abi::pbuf_ring_incremental;
  const auto request = [&] {
    return register_at(ring_.ring_fd, IORING_REGISTER_PBUF_RING, &registration, 1);
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
  io_uring_buf_ring_init(entries);
  buffers_ = Mapping(std::size_t{options_.buffers} * options_.buffer_bytes + block_padding);
  if (!buffers_) return -ENOMEM;
  lent_.resize(options_.buffers);
  finished_.reserve(options_.buffers);
  held_.reserve(options_.buffers);
  for (unsigned id = 0; id < options_.buffers; ++id) offer(id);
  io_uring_buf_ring_advance(entries, static_cast<int>(std::exchange(offered_, 0)));
  return 0;
}

UringDriver::~UringDriver() {
  close_ring();
  if (poke_fd_ >= 0) close(poke_fd_);
}

void UringDriver::close_ring() {
  if (std::exchange(ring_ready_, false)) io_uring_queue_exit(&ring_);
}

// -- A ring that lost completions ----------------------------------------------------------------

// Nobody can say what was lost: a connection made, the end of a stream, bytes in its middle. So the
// whole ring is given up, each operation ends with an error that says why, and a new ring goes on.
void UringDriver::rebuild() {
  ++counters_.rebuilds;
  Op* const broken = std::exchange(given_, nullptr);
  starved_first_ = starved_last_ = nullptr;
  close_accepted();
  close_ring();
  backlog_.clear();
  finished_.clear();
  held_.clear();
  offered_ = 0;
  batched_ = nullptr;
  batched_count_ = 0;
  timeout_armed_ = Instant::never();
  lost_completions_ = false;
  old_buffer_ring_ = std::move(buffer_ring_);
  old_buffers_ = std::move(buffers_);
  // Completions are lost when the kernel is out of memory, which passes or ends the process.
  int error = -ENOMEM;
  for (int tries = 0; error < 0 && tries < rebuild_tries; ++tries) {
    error = start_ring();
    if (error == 0) break;
    close_ring();
    nanosleep(&rebuild_pause, nullptr);
  }
  PENSTOCK_ASSERT(error == 0);
  arm_poke();
  break_given(broken);
  if (!batched_) batch_.clear();
}

// Connections that the old ring has accepted and nobody knows of yet.
void UringDriver::close_accepted() {
  unsigned head = 0;
  io_uring_cqe* cqe = nullptr;
  io_uring_for_each_cqe(&ring_, head, cqe) {
    if (cqe->user_data <= last_tag || cqe->res < 0) continue;
    if (op_of(*cqe).kind == Op::Kind::accept) close_stream_socket(cqe->res, CloseHow::reset);
  }
}

// A callback may start the operation anew or ask for the end of another one; none of them dies
// before it was told.
void UringDriver::break_given(Op* first) {
  while (first) {
    Op& op = *first;
    first = op.next;
    op.state = Op::State::idle;
    if (op.kind == Op::Kind::receive) static_cast<ReceiveOp&>(op).lent = {};
    op.complete(op, -EBADR);
  }
}

}  // namespace penstock
