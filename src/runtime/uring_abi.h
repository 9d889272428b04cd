// The few io_uring ABI constants that liburing 2.3 does not name yet (Linux uapi/linux/io_uring.h).
#pragma once

#include <cstdint>

namespace penstock::uring_abi {

// Linux 6.12: a provided buffer is used up piece by piece, and the completion says whether the
// buffer has room left.
inline constexpr std::uint16_t pbuf_ring_incremental = 2;  // IOU_PBUF_RING_INC
inline constexpr unsigned cqe_buffer_more = 1U << 4;       // IORING_CQE_F_BUF_MORE

// struct io_uring_buf_reg with the flags field that liburing 2.3 still calls padding.
struct BufferRingRegistration {
  std::uint64_t ring_address;
  std::uint32_t entries;
  std::uint16_t group;
  std::uint16_t flags;
  std::uint64_t reserved[3];
};
static_assert(sizeof(BufferRingRegistration) == 40);

// struct io_uring_getevents_arg with min_wait_usec (Linux 6.12, IORING_FEAT_MIN_TIMEOUT).
struct GetEventsArgument {
  std::uint64_t signal_mask;
  std::uint32_t signal_mask_bytes;
  std::uint32_t min_wait_us;
  std::uint64_t timespec;
};
inline constexpr unsigned feature_min_timeout = 1U << 15;

}  // namespace penstock::uring_abi
