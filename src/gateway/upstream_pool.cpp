#include "gateway/upstream_pool.h"

#include <algorithm>
#include <utility>

namespace penstock {

StreamPtr UpstreamPool::take(Instant now) {
  while (!idle_.empty()) {
    Idle idle = std::move(idle_.back());
    idle_.pop_back();
    if (usable(*idle.stream) && now - idle.since < limits_.idle_for) return std::move(idle.stream);
  }
  return nullptr;
}

bool UpstreamPool::give(StreamPtr stream, Instant now, Signal& watcher) {
  if (limits_.idle_max == 0 || !usable(*stream)) return false;
  if (idle_.size() >= limits_.idle_max) idle_.erase(idle_.begin());
  stream->set_signal(&watcher);
  idle_.push_back({std::move(stream), now});
  return true;
}

Instant UpstreamPool::sweep(Instant now) {
  std::erase_if(idle_, [&](const Idle& idle) {
    return !usable(*idle.stream) || now - idle.since >= limits_.idle_for;
  });
  return idle_.empty() ? Instant::never() : idle_.front().since + limits_.idle_for;
}

}  // namespace penstock
