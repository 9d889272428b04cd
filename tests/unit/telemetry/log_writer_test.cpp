#include "telemetry/log_writer.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "push_line.h"
#include "temp_dir.h"

using namespace penstock;

namespace {

// Waits for another thread's work, at most ten seconds.
bool comes_true(const std::function<bool()>& what) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::chrono::steady_clock::now() < limit) {
    if (what()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}

std::size_t count_of(const std::string& text, std::string_view part) {
  std::size_t n = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != text.npos; at += part.size()) ++n;
  return n;
}

struct Fixture {
  TempDir dir;
  std::string path = dir.file("access.log");
  std::string events_path = dir.file("events");
  int events_fd = open(events_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  EventLog events{events_fd};
  std::array<Counter, 2> dropped;
  LogRing first{dropped[0], 4096};
  LogRing second{dropped[1], 4096};
  std::array<LogRing*, 2> rings{&first, &second};

  ~Fixture() { close(events_fd); }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "log_writer/writes_while_running_and_the_rest_when_stopped") {
  LogWriter writer(rings, path, events);
  REQUIRE(writer.start() == 0);
  CHECK(push(first, "one\n"));
  CHECK(comes_true([this] { return content_of(path) == "one\n"; }));
  CHECK(push(first, "two\n"));
  CHECK(push(second, "three\n"));
  writer.stop();
  // Order holds inside a ring only.
  const std::string text = content_of(path);
  CHECK((text == "one\ntwo\nthree\n" || text == "one\nthree\ntwo\n"));
  CHECK(writer.lines_dropped() == 0);
}

TEST_CASE_FIXTURE(Fixture, "log_writer/shards_that_push_hard_lose_nothing_unless_counted") {
  LogWriter writer(rings, path, events);
  REQUIRE(writer.start() == 0);
  constexpr int lines = 5'000;
  std::vector<std::thread> shards;
  for (int s = 0; s < 2; ++s) {
    shards.emplace_back([this, s] {
      for (int i = 0; i < lines; ++i) {
        push(*rings[static_cast<std::size_t>(s)],
             "shard " + std::to_string(s) + " line " + std::to_string(i) + "\n");
      }
    });
  }
  for (std::thread& shard : shards) shard.join();
  writer.stop();
  const std::string text = content_of(path);
  CHECK(count_of(text, "\n") + dropped[0].value() + dropped[1].value() == 2 * lines);
  CHECK(count_of(text, "\nshard ") + 1 == count_of(text, "\n"));  // no line was torn
}

TEST_CASE_FIXTURE(Fixture, "log_writer/a_rotation_loses_no_line") {
  LogWriter writer(rings, path, events);
  REQUIRE(writer.start() == 0);
  CHECK(push(first, "before\n"));
  REQUIRE(comes_true([this] { return content_of(path) == "before\n"; }));
  std::filesystem::rename(path, path + ".1");
  writer.reopen();
  REQUIRE(comes_true([this] { return std::filesystem::exists(path); }));
  CHECK(push(first, "after\n"));
  writer.stop();
  CHECK(content_of(path + ".1") == "before\n");
  CHECK(content_of(path) == "after\n");
}

TEST_CASE_FIXTURE(Fixture, "log_writer/a_rotation_that_fails_goes_on_with_the_old_file") {
  std::filesystem::create_directory(dir.file("logs"));
  const std::string inside = dir.file("logs/access.log");
  LogWriter writer(rings, inside, events);
  REQUIRE(writer.start() == 0);
  std::filesystem::rename(dir.file("logs"), dir.file("moved"));
  writer.reopen();
  REQUIRE(comes_true([this] {
    return content_of(events_path).find("access_log_not_reopened") != std::string::npos;
  }));
  CHECK(push(first, "kept\n"));
  writer.stop();
  CHECK(content_of(dir.file("moved/access.log")) == "kept\n");
}

TEST_CASE_FIXTURE(Fixture, "log_writer/a_full_disk_is_told_once_and_counted") {
  LogWriter writer(rings, std::string("/dev/full"), events);
  REQUIRE(writer.start() == 0);
  for (std::uint64_t i = 1; i <= 3; ++i) {
    CHECK(push(first, "lost\n"));
    CHECK(comes_true([&writer, i] { return writer.lines_dropped() == i; }));
  }
  writer.stop();
  CHECK(count_of(content_of(events_path), "access_log_failed") == 1);
  CHECK(dropped[0].value() == 0);  // the ring was never full
}

TEST_CASE_FIXTURE(Fixture, "log_writer/a_file_that_cannot_be_opened_refuses_the_start") {
  LogWriter writer(rings, dir.file("none/access.log"), events);
  CHECK(writer.start() == ENOENT);
  writer.stop();
}

TEST_CASE_FIXTURE(Fixture, "log_writer/a_reader_that_stands_still_delays_the_stop_by_a_second") {
  std::array<int, 2> ends{};
  REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
  fcntl(ends[1], F_SETPIPE_SZ, 4096);
  LogWriter writer(rings, ends[1], events);
  REQUIRE(writer.start() == 0);
  const std::string line = std::string(99, 'x') + "\n";
  std::uint64_t pushed = 0;
  // For longer than a round of the writer, so that pipe and ring are full. This side never waits.
  CHECK(comes_true([&] {
    while (push(first, line)) ++pushed;
    return dropped[0].value() > 50;
  }));
  const auto before = std::chrono::steady_clock::now();
  writer.stop();
  const auto took = std::chrono::steady_clock::now() - before;
  CHECK(took < std::chrono::seconds(5));
  close(ends[1]);
  std::string read_back;
  std::array<char, 4096> part{};
  for (long n = 0; (n = read(ends[0], part.data(), part.size())) > 0;) {
    read_back.append(part.data(), static_cast<std::size_t>(n));
  }
  close(ends[0]);
  CHECK(count_of(read_back, "\n") + writer.lines_dropped() == pushed);
}
