#include "config/value.h"

#include <doctest/doctest.h>

#include <ctime>
#include <random>

using namespace penstock;
using namespace penstock::config;

TEST_CASE("flag and count") {
  CHECK(parse_flag("true") == true);
  CHECK(parse_flag("false") == false);
  for (const char* text : {"", "yes", "True", "1", " true"}) CHECK_FALSE(parse_flag(text));
  CHECK(parse_count("0") == 0);
  CHECK(parse_count("18446744073709551615") == UINT64_MAX);
  for (const char* text : {"", "-1", "+1", "1.5", "1e3", " 1", "1 ", "18446744073709551616"}) {
    CHECK_FALSE(parse_count(text));
  }
}

TEST_CASE("size") {
  CHECK(parse_size("0B") == 0);
  CHECK(parse_size("64KiB") == 65'536);
  CHECK(parse_size("32MiB") == 33'554'432);
  CHECK(parse_size("2GiB") == 2'147'483'648);
  CHECK(parse_size("8589934591GiB"));
  CHECK(parse_size("8589934592GiB").error() == "is too large");
  for (const char* text : {"", "64", "64KB", "64kib", "1.5MiB", "-1B", "KiB", "1 KiB"}) {
    CHECK_FALSE(parse_size(text));
  }
}

TEST_CASE("percentage") {
  CHECK(parse_percent("0%") == 0);
  CHECK(parse_percent("100%") == 100);
  for (const char* text : {"", "%", "101%", "5", "-5%", "2.5%"}) CHECK_FALSE(parse_percent(text));
}

TEST_CASE("duration") {
  CHECK(parse_duration("250ms") == Duration::milliseconds(250));
  CHECK(parse_duration("30s") == Duration::seconds(30));
  CHECK(parse_duration("10m") == Duration::seconds(600));
  CHECK(parse_duration("1h") == Duration::seconds(3'600));
  CHECK(parse_duration("30d") == Duration::seconds(30 * 86'400));
  CHECK(parse_duration("106752d").error() == "is too large");
  for (const char* text : {"", "0", "30", "s", "1.5s", "-1s", "1h30m", "1 s", "1S", "5us"}) {
    CHECK_FALSE(parse_duration(text));
  }
}

TEST_CASE("what is written can be read again") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 1'000; ++i) {
    const std::uint64_t size = random() >> (random() % 60 + 2);
    CHECK(parse_size(write_size(size)) == size);
    const Duration time = Duration::milliseconds(static_cast<std::int64_t>(random() >> 24));
    CHECK(parse_duration(write_duration(time)) == time);
  }
  CHECK(write_size(32 * 1024) == "32KiB");
  CHECK(write_duration(Duration::seconds(600)) == "10m");
  CHECK(write_duration(Duration{}) == "0ms");
}

TEST_CASE("date: every day agrees with the C library") {
  for (std::time_t day = 0; day < 60'000; ++day) {
    std::tm parts{};
    const std::time_t seconds = day * 86'400;
    gmtime_r(&seconds, &parts);
    std::array<char, 16> text{};
    strftime(text.data(), text.size(), "%Y-%m-%d", &parts);
    REQUIRE(parse_date(text.data()) == seconds);
  }
  CHECK(parse_date("2027-01-01T12:34:56Z") == *parse_date("2027-01-01") + 45'296);
  for (const char* text :
       {"", "2027", "2027-1-1", "2027-13-01", "2027-00-01", "2027-02-29", "2027-01-32",
        "1969-12-31", "2027-01-01 12:00:00", "2027-01-01T24:00:00Z", "2027-01-01T12:00:00"}) {
    CHECK_FALSE(parse_date(text));
  }
  CHECK(parse_date("2028-02-29"));
  CHECK_FALSE(parse_date("2100-02-29"));
}

TEST_CASE("names") {
  CHECK(is_name("gpt-5.6_x"));
  CHECK(is_name(std::string(64, 'a')));
  for (const std::string& text :
       {std::string(), std::string(65, 'a'), std::string("-a"), std::string("a b"),
        std::string("a/b"), std::string("a\n"), std::string("ä")}) {
    CHECK_FALSE(is_name(text));
  }
  CHECK(is_model_name("meta-llama/Llama-3:70b"));
  CHECK_FALSE(is_model_name(":x"));
  CHECK_FALSE(is_model_name("a\"b"));
}

TEST_CASE("listen address") {
  const auto v4 = parse_address("0.0.0.0:8080");
  REQUIRE(v4);
  CHECK(v4->host == "0.0.0.0");
  CHECK(v4->port == 8080);
  const auto v6 = parse_address("[::1]:0");
  REQUIRE(v6);
  CHECK(v6->host == "::1");
  CHECK(v6->port == 0);
  for (const char* text :
       {"", "8080", ":8080", "localhost:80", "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1",
        "[::1]", "[1.2.3.4]:80", "::1:80", "[::1:80", "[::1]80", "1.2.3.4:80x", "1.2.3:80"}) {
    CHECK_FALSE(parse_address(text));
  }
}

TEST_CASE("base URL: taken apart") {
  const auto plain = parse_base_url("https://API.OpenAI.com/v1/");
  REQUIRE(plain);
  CHECK(plain->tls);
  CHECK(plain->host == "api.openai.com");
  CHECK(plain->authority == "api.openai.com");
  CHECK(plain->port == 443);
  CHECK(plain->path == "/v1");
  CHECK_FALSE(plain->host_is_ip);
  const auto port = parse_base_url("http://127.0.0.1:8000");
  REQUIRE(port);
  CHECK_FALSE(port->tls);
  CHECK(port->host_is_ip);
  CHECK(port->authority == "127.0.0.1:8000");
  CHECK(port->port == 8000);
  CHECK(port->path.empty());
  const auto v6 = parse_base_url("https://[2001:db8::1]:443/a/b");
  REQUIRE(v6);
  CHECK(v6->host == "2001:db8::1");
  CHECK(v6->authority == "[2001:db8::1]");
  CHECK(v6->path == "/a/b");
}

TEST_CASE("base URL: what is refused") {
  for (const char* text : {"",
                           "api.openai.com",
                           "ftp://a/",
                           "https://",
                           "https:///v1",
                           "https://a@b/",
                           "https://a/?x",
                           "https://a/#x",
                           "https://a:0/",
                           "https://a:65536/",
                           "https://a:/",
                           "https://a b/",
                           "https://a/../b",
                           "https://a/./b",
                           "https://a//b",
                           "https://a/b//",
                           "https://a/%2e",
                           "https://a/b\\c",
                           "https://a_b..c/",
                           "https://-a/",
                           "https://a-/",
                           "https://[a]/",
                           "https://[1.2.3.4]/",
                           "https://::1/",
                           "https://127.1/",
                           "https://2130706433/",
                           "https://0x7f000001/",
                           "https://1.2.3.4.5/",
                           "https://a.b.0x7f/",
                           "HTTPS://a/",
                           "https://a/\n",
                           "https://a/\xc3\xa4"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_base_url(text));
  }
}

TEST_CASE("private and loopback addresses") {
  for (const char* host :
       {"localhost", "a.localhost", "127.0.0.1", "127.255.0.1", "::1", "::ffff:127.0.0.1"}) {
    CHECK(is_loopback(host));
    CHECK(is_private(host));
  }
  for (const char* host :
       {"0.0.0.0", "10.0.0.1", "100.64.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255",
        "192.168.1.1", "224.0.0.1", "255.255.255.255", "::", "fe80::1", "fc00::1", "ff02::1",
        "2002:7f00:1::", "64:ff9b::7f00:1", "::ffff:10.0.0.1"}) {
    CAPTURE(host);
    CHECK_FALSE(is_loopback(host));
    CHECK(is_private(host));
  }
  for (const char* host : {"api.openai.com", "8.8.8.8", "172.32.0.1", "100.128.0.1",
                           "2606:4700::1111", "::ffff:8.8.8.8"}) {
    CAPTURE(host);
    CHECK_FALSE(is_private(host));
  }
}
