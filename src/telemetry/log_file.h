// The descriptor that access lines go to: standard output, or a file that is opened again after a
// rotation. Knows about short writes, slow pipes and failing disks; not about rings or threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "penstock/bytes.h"

namespace penstock {

class LogFile {
 public:
  // `path` empty: standard output. Opens nothing yet.
  explicit LogFile(std::string path) : path_(std::move(path)) {}
  // Writes to a descriptor that somebody else owns.
  explicit LogFile(int fd) { use(fd, false); }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  ~LogFile() { close(); }

  // Opens, or opens again: appending, mode 0640, closed on exec. 0, or errno; after a failure the
  // descriptor that was open stays in use.
  int open();
  // Says that a slow reader is not waited for any longer. Asked before every wait of 50 ms.
  struct GiveUp {
    bool (*ask)(const void* context);
    const void* context;
  };
  // Writes `first` and `second`, which together are whole lines: one may reach across. Returns how
  // many lines were lost, the reason in `error()`.
  std::uint64_t write(Bytes first, Bytes second, GiveUp give_up);
  // errno of the last write that failed, 0 after one that did not.
  int error() const { return error_; }
  const std::string& path() const { return path_; }

 private:
  void use(int fd, bool owned);
  void close();
  // Bytes written, fewer than given after a failure.
  std::size_t write_some(Bytes bytes, GiveUp give_up);

  std::string path_;
  int fd_ = -1;
  bool owned_ = false;
  bool regular_ = false;  // a file on a disk: writes of any size, no waiting for a reader
  bool torn_ = false;     // the last byte written was inside a line
  int error_ = 0;
};

}  // namespace penstock
