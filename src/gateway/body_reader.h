// Takes the framing off a body, by length or chunked, whichever the head said. Pure.
#pragma once

#include <cstdint>

#include "penstock/http.h"

namespace penstock {

// Use as http::ChunkedDecoder:
//   for (Bytes part = body.next(in); !part.empty(); part = body.next(in)) use(part);
class BodyReader {
 public:
  BodyReader() = default;
  // body_max: limit of a chunked body; a declared length was judged with the head.
  BodyReader(http::Framing framing, std::uint64_t length, std::uint64_t body_max)
      : chunked_(body_max),
        left_(framing == http::Framing::length ? length : 0),
        framing_(framing) {}

  // The next piece of payload, in place; `in` loses what was consumed.
  Bytes next(Bytes& in) noexcept;
  // All of the body was handed out. Never for `to_close`: there the connection's end decides.
  bool done() const;
  bool failed() const { return framing_ == http::Framing::chunked && chunked_.failed(); }
  http::Reason reason() const { return chunked_.reason(); }
  http::Framing framing() const { return framing_; }
  // Bytes still to come where the head declared them.
  std::uint64_t left() const { return left_; }

 private:
  http::ChunkedDecoder chunked_;
  std::uint64_t left_ = 0;
  http::Framing framing_ = http::Framing::none;
};

}  // namespace penstock
