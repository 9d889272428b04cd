#include "telemetry/log_file.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace penstock {
namespace {

constexpr int wait_ms = 50;

}  // namespace

void LogFile::use(int fd, bool owned) {
  close();
  fd_ = fd;
  owned_ = owned;
  torn_ = false;
  struct stat about{};
  regular_ = fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
}

void LogFile::close() {
  if (owned_) ::close(fd_);
  owned_ = false;
  fd_ = -1;
}

int LogFile::open() {
  if (path_.empty()) {
    if (fd_ < 0) use(STDOUT_FILENO, false);
    return 0;
  }
  // O_NONBLOCK: a named pipe without a reader is an error and not a wait.
  constexpr int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  const int fd = ::open(path_.c_str(), flags, 0640);
  if (fd < 0) return errno;
  use(fd, true);
  return 0;
}

std::size_t LogFile::write_some(Bytes bytes, GiveUp give_up) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    std::size_t piece = bytes.size() - done;
    if (!regular_) {
      pollfd wanted{fd_, POLLOUT, 0};
      if (poll(&wanted, 1, 0) == 0) {
        if (give_up.ask(give_up.context)) {
          error_ = EAGAIN;
          return done;
        }
        poll(&wanted, 1, wait_ms);
        continue;
      }
      // A pipe that polls as writable takes this much at once, also when it is a blocking one:
      // standard output stays as it was given to us, it may be shared with others.
      piece = std::min<std::size_t>(piece, PIPE_BUF);
    }
    const ssize_t n = ::write(fd_, bytes.data() + done, piece);
    if (n > 0) {
      done += static_cast<std::size_t>(n);
    } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
      error_ = n == 0 ? EIO : errno;
      return done;
    }
  }
  error_ = 0;
  return done;
}

std::uint64_t LogFile::write(Bytes first, Bytes second, GiveUp give_up) {
  const auto lines_in = [](Bytes bytes) {
    return static_cast<std::uint64_t>(std::ranges::count(bytes, '\n'));
  };
  // After a failure inside a line the next one begins on its own.
  if (torn_) {
    if (write_some("\n", give_up) == 0) return lines_in(first) + lines_in(second);
    torn_ = false;
  }
  for (const Bytes part : {first, second}) {
    const std::size_t done = write_some(part, give_up);
    if (done > 0) torn_ = part[done - 1] != '\n';
    if (done == part.size()) continue;
    const bool in_first = part.data() == first.data();
    return lines_in(part.substr(done)) + (in_first ? lines_in(second) : 0);
  }
  return 0;
}

}  // namespace penstock
