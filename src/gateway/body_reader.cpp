#include "gateway/body_reader.h"

#include <algorithm>

namespace penstock {

Bytes BodyReader::next(Bytes& in) noexcept {
  switch (framing_) {
    case http::Framing::none:
      return {};
    case http::Framing::chunked:
      return chunked_.next(in);
    case http::Framing::length: {
      const Bytes part =
          in.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size())));
      in.remove_prefix(part.size());
      left_ -= part.size();
      return part;
    }
    case http::Framing::to_close: {
      const Bytes part = in;
      in = {};
      return part;
    }
  }
  return {};
}

bool BodyReader::done() const {
  switch (framing_) {
    case http::Framing::none:
      return true;
    case http::Framing::chunked:
      return chunked_.done();
    case http::Framing::length:
      return left_ == 0;
    case http::Framing::to_close:
      return false;
  }
  return false;
}

}  // namespace penstock
