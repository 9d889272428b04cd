#include "telemetry/event_log.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include "json_reader.h"

using namespace penstock;

namespace {

std::int64_t fixed_clock() noexcept {
  return 1'709'210'096'789'000'000;
}

struct Pipe {
  std::array<int, 2> ends{};

  Pipe() { REQUIRE(pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0); }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close(ends[0]);
    close(ends[1]);
  }
  std::string content() const {
    std::string all;
    std::array<char, 4096> part{};
    for (long n = 0; (n = read(ends[0], part.data(), part.size())) > 0;) {
      all.append(part.data(), static_cast<std::size_t>(n));
    }
    return all;
  }
};

}  // namespace

TEST_CASE("event_log/one_line_of_json_for_each_event") {
  const Pipe pipe;
  EventLog log(pipe.ends[1], &fixed_clock);
  log.write(Level::info, "start", {{"shards", 2}, {"io", "uring"}, {"demo", true}});
  log.write(Level::warning, "target_state");
  CHECK(pipe.content() ==
        R"({"time":"2024-02-29T12:34:56.789Z","level":"info","event":"start","shards":2,)"
        R"("io":"uring","demo":true})"
        "\n"
        R"({"time":"2024-02-29T12:34:56.789Z","level":"warning","event":"target_state"})"
        "\n");
}

TEST_CASE("event_log/forged_and_huge_fields_stay_one_valid_line") {
  const Pipe pipe;
  EventLog log(pipe.ends[1], &fixed_clock);
  const std::string big(1 << 20, '"');
  const std::string forged = "x\n{\"level\":\"info\"}\x1b]0;title\x07";
  log.write(Level::error, forged,
            {{"a", big}, {"b", big}, {"c", big}, {"d", big}, {"e", big}, {"f", big}, {"g", big}});
  const std::string line = pipe.content();
  CHECK(line.size() <= EventLog::line_max);
  const auto object = FlatReader::read(line);
  REQUIRE(object);
  CHECK(object->at("event") == "\"" + forged);
  CHECK(object->at("cut") == "true");
}

TEST_CASE("event_log/a_full_pipe_drops_the_line_and_does_not_wait") {
  const Pipe pipe;
  fcntl(pipe.ends[1], F_SETPIPE_SZ, 4096);
  fcntl(pipe.ends[1], F_SETFL, 0);  // a blocking one, as stderr usually is
  EventLog log(pipe.ends[1], &fixed_clock);
  for (int i = 0; i < 200; ++i) log.write(Level::info, "tick", {{"i", i}});
  CHECK(log.dropped() > 0);
  CHECK(log.dropped() < 200);
}

TEST_CASE("event_log/lines_of_several_threads_do_not_mix") {
  const Pipe pipe;
  fcntl(pipe.ends[1], F_SETPIPE_SZ, 1 << 20);
  EventLog log(pipe.ends[1]);
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&log, t] {
      for (int i = 0; i < 100; ++i) log.write(Level::info, "tick", {{"thread", t}, {"i", i}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string all = pipe.content();
  std::size_t lines = 0;
  for (std::size_t at = 0; at < all.size(); ++lines) {
    const std::size_t end = all.find('\n', at);
    REQUIRE(end != all.npos);
    CHECK(FlatReader::read(std::string_view(all).substr(at, end + 1 - at)));
    at = end + 1;
  }
  CHECK(lines + log.dropped() == 300);
}
