#include "config/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace penstock::config {
namespace {

constexpr std::size_t secret_bytes_max = 64 * 1024;

// Closes the descriptor it holds.
struct File {
  int fd;
  explicit File(int descriptor) : fd(descriptor) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd >= 0) close(fd);
  }
};

}  // namespace

Parsed<Secret> read_secret_file(const std::string& path) {
  if (!path.starts_with('/')) {
    return std::unexpected("names a file without an absolute path; write file:/path");
  }
  // O_NONBLOCK: a FIFO in that place must not stop the program.
  const File file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status{};
  if (file.fd < 0 || fstat(file.fd, &status) != 0) {
    return std::unexpected("names the file " + path +
                           ", which cannot be read: " + std::strerror(errno));
  }
  if (!S_ISREG(status.st_mode)) return std::unexpected("names " + path + ", which is not a file");
  if ((status.st_mode & 077) != 0) {
    return std::unexpected("names the file " + path +
                           ", which others than its owner may use; run chmod 600 on it");
  }
  std::string buffer(secret_bytes_max + 1, '\0');
  std::size_t size = 0;
  while (size < buffer.size()) {
    const ssize_t got = read(file.fd, buffer.data() + size, buffer.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  std::string_view text(buffer.data(), size);
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  Parsed<Secret> result{Secret(text)};
  if (size > secret_bytes_max) {
    result = std::unexpected("names the file " + path + ", which is larger than 64KiB");
  }
  wipe(buffer.data(), buffer.size());
  return result;
}

}  // namespace penstock::config
