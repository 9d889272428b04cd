#include "translate/frames.h"

#include "penstock/sse.h"

namespace penstock::translate {
namespace {

class SseFrames final : public Frames {
 public:
  explicit SseFrames(std::size_t bytes_max) : framer_(bytes_max) {}
  void feed(Bytes chunk) override { framer_.feed(chunk); }
  Result<bool> next(Frame& frame) override {
    sse::Event event;
    const auto more = framer_.next(event);
    if (more && *more) frame = {event.name, event.data};
    return more;
  }
  // An event without its blank line is none (WHATWG HTML §9.2.6).
  Result<bool> last(Frame&) override { return false; }

 private:
  sse::Framer framer_;
};

}  // namespace

std::unique_ptr<Frames> make_frames(dialect::Framing framing, const dialect::TargetTraits&,
                                    std::size_t bytes_max) {
  switch (framing) {
    case dialect::Framing::sse:
      return std::make_unique<SseFrames>(bytes_max);
    case dialect::Framing::ndjson:
    case dialect::Framing::aws_event_stream:
      break;
  }
  PENSTOCK_UNREACHABLE();
}

}  // namespace penstock::translate
