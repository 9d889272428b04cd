// Buffers that a connection owns while it has bytes to keep: a request's body, the part of a head
// that straddles two reads, an answer a slow client has not taken yet. An idle connection has none.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <utility>

#include "penstock/assert.h"
#include "penstock/bytes.h"
#include "penstock/error.h"

namespace penstock {

// Every block has this many readable bytes after its capacity, so that JSON inside it can be parsed
// in place (simdjson's SIMDJSON_PADDING).
inline constexpr std::size_t block_padding = 64;

// Sizes by powers of two from 512 B; up to 64 KiB they are kept on free lists (a bounded number of
// each), larger ones go to the heap and back. Single-threaded; one per shard. `limit` bounds the
// bytes lent in all: past it `take` refuses (limits.body_memory_total).
class BlockPool {
 public:
  explicit BlockPool(std::size_t limit_bytes = SIZE_MAX) : limit_(limit_bytes) {}
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;
  ~BlockPool();

  // A block of at least `bytes`, its size in `capacity`; null when over the limit.
  char* take(std::size_t bytes, std::size_t& capacity) noexcept;
  void give(char* block, std::size_t capacity) noexcept;
  std::size_t lent_bytes() const { return lent_; }
  std::size_t limit_bytes() const { return limit_; }

 private:
  static constexpr std::size_t smallest_shift = 9;
  static constexpr std::size_t classes = 8;           // 512 B … 64 KiB
  static constexpr std::size_t kept_bytes = 1 << 20;  // of each class
  struct Free {
    Free* next;
  };
  std::array<Free*, classes> free_{};
  std::array<std::size_t, classes> kept_{};
  std::size_t lent_ = 0;
  std::size_t limit_;
};

// A growing run of bytes in one block. Move-only; an empty one holds no memory.
class Buffer {
 public:
  explicit Buffer(BlockPool& pool) noexcept : pool_(&pool) {}
  Buffer(Buffer&& other) noexcept
      : pool_(other.pool_),
        data_(std::exchange(other.data_, nullptr)),
        begin_(std::exchange(other.begin_, 0)),
        end_(std::exchange(other.end_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    if (this != &other) {
      release();
      pool_ = other.pool_;
      data_ = std::exchange(other.data_, nullptr);
      begin_ = std::exchange(other.begin_, 0);
      end_ = std::exchange(other.end_, 0);
      capacity_ = std::exchange(other.capacity_, 0);
    }
    return *this;
  }
  ~Buffer() { release(); }

  Bytes view() const { return {data_ + begin_, end_ - begin_}; }
  std::size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  std::size_t capacity() const { return capacity_; }

  // Copies `bytes` behind what is there; grows by doubling. refused: the pool's limit is met.
  Result<> append(Bytes bytes) noexcept {
    if (bytes.empty()) return {};
    PENSTOCK_CHECK(reserve(bytes.size()));
    std::memcpy(data_ + end_, bytes.data(), bytes.size());
    end_ += bytes.size();
    return {};
  }
  // Makes room for `more` bytes behind what is there; invalidates views.
  Result<> reserve(std::size_t more) noexcept;
  // The room behind what is there, to be written and then claimed by `commit`.
  char* room() { return data_ + end_; }
  std::size_t room_bytes() const { return capacity_ - end_; }
  void commit(std::size_t bytes) {
    PENSTOCK_ASSERT(bytes <= room_bytes());
    end_ += bytes;
  }
  // Takes bytes off the front; the last one gives the memory back.
  void consume(std::size_t bytes) noexcept {
    PENSTOCK_ASSERT(bytes <= size());
    begin_ += bytes;
    if (begin_ == end_) release();
  }
  void release() noexcept {
    if (data_) pool_->give(data_, capacity_);
    data_ = nullptr;
    begin_ = end_ = capacity_ = 0;
  }
  BlockPool& pool() const { return *pool_; }

 private:
  BlockPool* pool_;
  char* data_ = nullptr;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace penstock
