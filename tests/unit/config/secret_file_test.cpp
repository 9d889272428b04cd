#include "config/secret_file.h"

#include <doctest/doctest.h>

#include "files.h"

using namespace penstock::config;

TEST_CASE("secret file: its text without the last line end") {
  const TemporaryFolder folder;
  const auto text_of = [&](std::string_view content) {
    const auto secret = read_secret_file(folder.write("s", content));
    REQUIRE(secret);
    return std::string(secret->reveal());
  };
  CHECK(text_of("abc") == "abc");
  CHECK(text_of("abc\n") == "abc");
  CHECK(text_of("abc\r\n") == "abc");
  CHECK(text_of("abc\n\n") == "abc\n");
  CHECK(text_of("").empty());
  CHECK(text_of(std::string(64 * 1024, 'x')).size() == 64 * 1024);
}

TEST_CASE("secret file: others must not be able to use it") {
  const TemporaryFolder folder;
  for (const mode_t mode : {0600u, 0400u}) {
    std::filesystem::remove(folder.path() + "/s");
    CHECK(read_secret_file(folder.write("s", "abc", mode)));
  }
  for (const mode_t mode : {0640u, 0604u, 0620u, 0602u, 0644u, 0601u}) {
    const auto secret = read_secret_file(folder.write("t", "abc", mode));
    REQUIRE_FALSE(secret);
    CHECK(secret.error().find("chmod 600") != std::string::npos);
    CHECK(secret.error().find("abc") == std::string::npos);
    chmod((folder.path() + "/t").c_str(), 0600);
  }
}

TEST_CASE("secret file: missing, relative, no file, too large") {
  const TemporaryFolder folder;
  CHECK_FALSE(read_secret_file(folder.path() + "/none"));
  CHECK_FALSE(read_secret_file("relative"));
  CHECK_FALSE(read_secret_file(""));
  CHECK_FALSE(read_secret_file(folder.path()));
  CHECK_FALSE(read_secret_file(folder.write("s", std::string(64 * 1024 + 1, 'x'))));
  const std::string fifo = folder.path() + "/fifo";
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  CHECK_FALSE(read_secret_file(fifo));
}
