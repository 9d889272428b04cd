#include "translate/frames.h"

#include <string>

#include "penstock/event_stream.h"
#include "penstock/json_document.h"
#include "penstock/ndjson.h"
#include "penstock/sse.h"
#include "translate/invoke_chunk.h"

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

class LineFrames final : public Frames {
 public:
  explicit LineFrames(std::size_t bytes_max) : framer_(bytes_max) {}
  void feed(Bytes chunk) override { framer_.feed(chunk); }
  Result<bool> next(Frame& frame) override {
    frame.name = {};
    return framer_.next(frame.data);
  }
  Result<bool> last(Frame& frame) override {
    frame.name = {};
    return framer_.last(frame.data);
  }

 private:
  sse::NdjsonFramer framer_;
};

class AwsFrames : public Frames {
 public:
  explicit AwsFrames(std::size_t bytes_max) : framer_(bytes_max) {}
  void feed(Bytes chunk) override { framer_.feed(chunk); }
  Result<bool> next(Frame& frame) override {
    sse::EventFrame event;
    PENSTOCK_TRY(more, framer_.next(event));
    if (!more) return false;
    PENSTOCK_CHECK(take(event, frame));
    return true;
  }
  Result<bool> last(Frame&) override {
    PENSTOCK_CHECK(framer_.finish());
    return false;
  }

 protected:
  // A frame of type `error` has its words in headers; all others have JSON.
  virtual Result<> take(const sse::EventFrame& event, Frame& frame) {
    frame = {event.name(), event.message_type == "error" ? error_of(event) : event.payload};
    return {};
  }
  Bytes error_of(const sse::EventFrame& event) {
    words_.clear();
    words_.begin_object().key("message").string(event.error_message).end_object();
    return words_.text();
  }

 private:
  sse::EventStreamFramer framer_;
  json::Composer words_;
};

// Anthropic's events inside the frames of InvokeModelWithResponseStream.
class InvokeFrames final : public AwsFrames {
 public:
  using AwsFrames::AwsFrames;

 protected:
  Result<> take(const sse::EventFrame& event, Frame& frame) override {
    frame = {};
    if (event.message_type == "event") {
      PENSTOCK_CHECK(unwrap_invoke_chunk(event.payload, document_, inside_));
      frame.data = inside_;
      return {};
    }
    const Bytes words = event.message_type == "error" ? error_of(event) : event.payload;
    write_invoke_error(event.name(), words, document_, error_);
    frame.data = error_.text();
    return {};
  }

 private:
  json::Document document_;
  json::Composer error_;
  std::string inside_;
};

}  // namespace

std::unique_ptr<Frames> make_frames(dialect::Framing framing, const dialect::TargetTraits& target,
                                    std::size_t bytes_max) {
  if (target.in_bedrock_invoke) return std::make_unique<InvokeFrames>(bytes_max);
  switch (framing) {
    case dialect::Framing::sse:
      return std::make_unique<SseFrames>(bytes_max);
    case dialect::Framing::ndjson:
      return std::make_unique<LineFrames>(bytes_max);
    case dialect::Framing::aws_event_stream:
      return std::make_unique<AwsFrames>(bytes_max);
  }
  PENSTOCK_UNREACHABLE();
}

}  // namespace penstock::translate
