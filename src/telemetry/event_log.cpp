#include "telemetry/event_log.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "telemetry/json_text.h"

namespace penstock {
namespace {

static_assert(EventLog::line_max <= PIPE_BUF);

constexpr Bytes level_name(Level level) {
  switch (level) {
    case Level::info:
      return "info";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
  }
  return "error";
}

// Two strings with quotes and punctuation, and the end of the line behind them.
constexpr std::size_t field_room = 2 * (field_bytes_max + 2) + 2;
constexpr Bytes cut = R"(,"cut":true)";
constexpr Bytes line_end = "}\n";

void append(JsonText& line, const EventField& field) {
  line.raw(",");
  line.string(field.name);
  line.raw(":");
  if (const auto* text = std::get_if<Bytes>(&field.value)) {
    line.string(*text);
  } else if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
    line.number(*number);
  } else {
    line.raw(*std::get_if<bool>(&field.value) ? Bytes("true") : Bytes("false"));
  }
}

bool takes_bytes(int fd) {
  pollfd wanted{fd, POLLOUT, 0};
  return poll(&wanted, 1, 0) == 1 && (wanted.revents & POLLOUT) != 0;
}

}  // namespace

void EventLog::write(Level level, Bytes name, std::initializer_list<EventField> fields) noexcept {
  const std::lock_guard lock(mutex_);
  std::array<char, line_max> room;
  JsonText line(room);
  line.raw(R"({"time":")");
  line.raw(time_.text(clock_()));
  line.raw(R"(","level":")");
  line.raw(level_name(level));
  line.raw(R"(","event":)");
  line.string(name);
  for (const EventField& field : fields) {
    if (line.room() < field_room + cut.size() + line_end.size()) {
      line.raw(cut);
      break;
    }
    append(line, field);
  }
  line.raw(line_end);

  const Bytes text = line.text();
  long written = -1;
  if (takes_bytes(fd_)) {
    do {
      written = ::write(fd_, text.data(), text.size());
    } while (written < 0 && errno == EINTR);
  }
  if (written < 0) ++dropped_;
}

std::uint64_t EventLog::dropped() const noexcept {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

}  // namespace penstock
