#include "gzip.h"

#include <zlib.h>

#include <vector>

namespace golden {
namespace {

constexpr std::size_t text_bytes_max = 16 << 20;
constexpr int any_window_with_gzip_head = 15 + 16;

}  // namespace

std::string unzipped(std::string_view bytes) {
  z_stream stream{};
  if (inflateInit2(&stream, any_window_with_gzip_head) != Z_OK) return {};
  std::vector<Bytef> in(bytes.begin(), bytes.end());
  std::string out(text_bytes_max, '\0');
  stream.next_in = in.data();
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int end = inflate(&stream, Z_FINISH);
  out.resize(end == Z_STREAM_END ? stream.total_out : 0);
  inflateEnd(&stream);
  return out;
}

}  // namespace golden
