// Cuts the body of a streamed answer into server-sent events and reads the send time that the
// mock wrote into each of them. Checks the end of the stream and the order of the events.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace penstock::loadtest {

// Text in front of the mock's send time, and digits of that time (nanoseconds, CLOCK_MONOTONIC).
inline constexpr std::string_view stamp_mark = "\"content\":\"@";
inline constexpr std::size_t stamp_digits = 16;

class EventReader {
 public:
  void reset() {
    carry_.clear();
    last_stamp_ns_ = 0;
    stamped_ = 0;
    done_ = false;
    wrong_ = false;
  }

  // Calls `on_stamp(sent_ns)` for every event that carries a time.
  template <class F>
  void feed(std::string_view in, F&& on_stamp) {
    while (!in.empty()) {
      const std::string_view whole = next_event(in);
      if (whole.empty()) return;
      event(whole, on_stamp);
      carry_.clear();
    }
  }

  std::uint64_t stamped() const { return stamped_; }
  // The stream ended with [DONE], nothing followed, nothing was cut or out of order.
  bool complete() const { return done_ && !wrong_ && carry_.empty(); }

 private:
  // The next event up to its empty line; "" when more bytes are needed. Removes it from `in`.
  std::string_view next_event(std::string_view& in) {
    if (!carry_.empty() && carry_.back() == '\n' && in.front() == '\n') {
      in.remove_prefix(1);
      return carry_;
    }
    std::size_t end = in.find("\n\n");
    if (end == std::string_view::npos) {
      carry_.append(in);
      in = {};
      return {};
    }
    end += 2;
    std::string_view whole = in.substr(0, end);
    in.remove_prefix(end);
    if (carry_.empty()) return whole;
    carry_.append(whole);
    return carry_;
  }

  template <class F>
  void event(std::string_view text, F& on_stamp) {
    if (text.starts_with(":")) return;  // a comment, for example a heartbeat
    if (done_ || !text.starts_with("data: ")) {
      wrong_ = true;
      return;
    }
    if (text.starts_with("data: [DONE]")) {
      done_ = true;
      return;
    }
    // Events of one stream look alike, so the time is usually where it was in the last one.
    std::size_t at = mark_at_;
    if (text.size() < at || text.substr(at, stamp_mark.size()) != stamp_mark) {
      at = text.find(stamp_mark);
    }
    if (at == std::string_view::npos || text.size() < at + stamp_mark.size() + stamp_digits) return;
    mark_at_ = at;
    std::int64_t sent_ns = 0;
    for (const char digit : text.substr(at + stamp_mark.size(), stamp_digits)) {
      if (digit < '0' || digit > '9') wrong_ = true;
      sent_ns = sent_ns * 10 + (digit - '0');
    }
    if (sent_ns < last_stamp_ns_) wrong_ = true;
    last_stamp_ns_ = sent_ns;
    ++stamped_;
    on_stamp(sent_ns);
  }

  std::string carry_;  // an event that came in pieces
  std::size_t mark_at_ = 0;
  std::int64_t last_stamp_ns_ = 0;
  std::uint64_t stamped_ = 0;
  bool done_ = false;
  bool wrong_ = false;
};

}  // namespace penstock::loadtest
