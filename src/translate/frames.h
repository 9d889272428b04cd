// The frames of an upstream's body, whatever they are cut into: server-sent events, lines of JSON,
// binary frames of AWS. What is inside a frame is the dialect's business.
#pragma once

#include <cstddef>
#include <memory>

#include "penstock/bytes.h"
#include "penstock/dialect.h"
#include "penstock/error.h"

namespace penstock::translate {

// One frame. The views live until the next one is asked for and the chunk stays.
struct Frame {
  Bytes name;  // of the event; empty: it has none
  Bytes data;  // its payload
};

class Frames {
 public:
  virtual ~Frames() = default;
  // The next bytes of the body; the chunk before was used up. It stays alive until `next` said
  // false.
  virtual void feed(Bytes chunk) = 0;
  // Hands over the next frame and returns true; false: the chunk is used up. Errors,
  // Side::upstream: too_large, malformed; the body is then lost.
  virtual Result<bool> next(Frame& frame) = 0;
  // The body ended: a last frame that its framing lets end there is handed over as by `next`.
  // malformed, Side::upstream, when the framing itself was cut.
  virtual Result<bool> last(Frame& frame) = 0;
};

// `target` decides where the dialect alone does not: Anthropic's events inside InvokeModel's
// frames. `bytes_max`: of one frame.
std::unique_ptr<Frames> make_frames(dialect::Framing framing, const dialect::TargetTraits& target,
                                    std::size_t bytes_max);

}  // namespace penstock::translate
