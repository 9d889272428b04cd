#include "telemetry/log_file.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string>

#include "temp_dir.h"

using namespace penstock;

namespace {

constexpr LogFile::GiveUp at_once{[](const void*) { return true; }, nullptr};

}  // namespace

TEST_CASE("log_file/appends_to_what_is_there") {
  const TempDir dir;
  const std::string path = dir.file("access.log");
  for (const char* line : {"one\n", "two\n"}) {
    LogFile file(path);
    REQUIRE(file.open() == 0);
    CHECK(file.write(line, "", at_once) == 0);
  }
  CHECK(content_of(path) == "one\ntwo\n");
  struct stat about{};
  REQUIRE(stat(path.c_str(), &about) == 0);
  CHECK((about.st_mode & 07) == 0);  // not for everybody
}

TEST_CASE("log_file/a_place_that_cannot_be_written_is_named_by_errno") {
  LogFile file("/nonexistent-directory/access.log");
  CHECK(file.open() == ENOENT);
}

TEST_CASE("log_file/a_rotated_file_is_left_and_a_new_one_made") {
  const TempDir dir;
  const std::string path = dir.file("access.log");
  LogFile file(path);
  REQUIRE(file.open() == 0);
  CHECK(file.write("old\n", "", at_once) == 0);
  std::filesystem::rename(path, path + ".1");
  CHECK(file.write("still old\n", "", at_once) == 0);
  REQUIRE(file.open() == 0);
  CHECK(file.write("new\n", "", at_once) == 0);
  CHECK(content_of(path + ".1") == "old\nstill old\n");
  CHECK(content_of(path) == "new\n");
}

TEST_CASE("log_file/a_full_disk_loses_lines_and_counts_them") {
  LogFile file("/dev/full");
  REQUIRE(file.open() == 0);
  CHECK(file.write("one\ntwo\nthr", "ee\nfour\n", at_once) == 4);
  CHECK(file.error() == ENOSPC);
}

TEST_CASE("log_file/after_a_torn_line_the_next_one_begins_on_its_own") {
  const TempDir dir;
  const std::string path = dir.file("access.log");
  LogFile file(path);
  REQUIRE(file.open() == 0);
  // The kernel takes only as much as the limit allows: a short write, then an error.
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  const rlimit small{10, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  const std::uint64_t lost = file.write("first\nsecond\n", "third\n", at_once);
  const int error = file.error();
  REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
  CHECK(lost == 2);
  CHECK(error == EFBIG);
  CHECK(file.write("fourth\n", "", at_once) == 0);
  CHECK(file.error() == 0);
  CHECK(content_of(path) == "first\nseco\nfourth\n");
}

TEST_CASE("log_file/a_pipe_whose_reader_is_slow_is_not_waited_for_after_giving_up") {
  for (const int flags : {0, O_NONBLOCK}) {
    std::array<int, 2> ends{};
    REQUIRE(pipe2(ends.data(), O_CLOEXEC | flags) == 0);
    fcntl(ends[1], F_SETPIPE_SZ, 4096);
    LogFile file(ends[1]);
    std::string lines;
    for (int i = 0; i < 1'000; ++i) lines += "0123456789abcde\n";
    const std::uint64_t lost = file.write(lines, "", at_once);
    CHECK(lost == 1'000 - 256);
    CHECK(file.error() == EAGAIN);
    close(ends[0]);
    close(ends[1]);
  }
}

TEST_CASE("log_file/a_reader_that_left_is_an_error_and_no_signal") {
  std::signal(SIGPIPE, SIG_IGN);
  std::array<int, 2> ends{};
  REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
  close(ends[0]);
  LogFile file(ends[1]);
  CHECK(file.write("one\n", "", at_once) == 1);
  CHECK(file.error() == EPIPE);
  close(ends[1]);
}
