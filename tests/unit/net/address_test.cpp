// IP literals, their text, and what kind of network they belong to.
#include "penstock/address.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>

namespace penstock::test {
namespace {

TEST_CASE("literals are read and written") {
  for (auto [text, expected] : {std::pair{"127.0.0.1", "127.0.0.1"},
                                {"0.0.0.0", "0.0.0.0"},
                                {"255.255.255.255", "255.255.255.255"},
                                {"::", "::"},
                                {"[2001:DB8:0:0:0:0:0:1]", "2001:db8::1"},
                                {"::ffff:10.0.0.1", "::ffff:10.0.0.1"}}) {
    const auto address = parse_ip(text, 8080);
    REQUIRE(address.has_value());
    CHECK(to_text(*address).view() == expected);
    CHECK(address->port() == 8080);
    CHECK(*parse_ip(expected, 8080) == *address);
    CHECK_FALSE(*parse_ip(expected, 8081) == *address);
  }
}

TEST_CASE("what is not quite a literal is none") {
  for (const std::string& text : {std::string(),
                                  std::string("localhost"),
                                  std::string("127.1"),
                                  std::string("1.2.3"),
                                  std::string("1.2.3.4.5"),
                                  std::string("1.2.3.256"),
                                  std::string("01.2.3.4"),
                                  std::string("0x7f.0.0.1"),
                                  std::string("2130706433"),
                                  std::string("1.2.3.4 "),
                                  std::string(" 1.2.3.4"),
                                  std::string("1.2.3.4\0", 8),
                                  std::string("[1.2.3.4]"),
                                  std::string("[::1"),
                                  std::string("::1]"),
                                  std::string("[]"),
                                  std::string(":::"),
                                  std::string("fe80::1%eth0"),
                                  std::string("12345::"),
                                  std::string(64, ':')}) {
    CHECK_MESSAGE(!parse_ip(text, 1).has_value(), text);
  }
}

TEST_CASE("hosts that end in a number are no names") {
  for (const char* host : {"1", "127.1", "1.2.3.4", "1.2.3.400", "a.1", "0x7f.1", "a.0x1", "9."}) {
    CHECK_MESSAGE(looks_numeric(host), std::string(host));
  }
  for (const char* host : {"", "a", "1a", "1.a", "a.b.", "10.test", "x0.y0x"}) {
    CHECK_MESSAGE(!looks_numeric(host), std::string(host));
  }
}

AddressKind kind_of(const char* text) {
  const auto address = parse_ip(text, 0);
  REQUIRE(address.has_value());
  return classify(*address);
}

TEST_CASE("every special block is recognised, at its edges") {
  using enum AddressKind;
  const std::pair<const char*, AddressKind> cases[] = {
      {"1.1.1.1", public_unicast},
      {"9.255.255.255", public_unicast},
      {"10.0.0.0", private_network},
      {"10.255.255.255", private_network},
      {"11.0.0.0", public_unicast},
      {"0.0.0.0", unspecified},
      {"0.255.255.255", unspecified},
      {"100.63.255.255", public_unicast},
      {"100.64.0.0", carrier_nat},
      {"100.127.255.255", carrier_nat},
      {"100.128.0.0", public_unicast},
      {"100.100.100.200", metadata},
      {"127.0.0.1", loopback},
      {"127.255.255.255", loopback},
      {"128.0.0.0", public_unicast},
      {"169.253.255.255", public_unicast},
      {"169.254.0.0", link_local},
      {"169.254.169.254", metadata},
      {"169.254.170.2", metadata},
      {"169.255.0.0", public_unicast},
      {"168.63.129.16", metadata},
      {"172.15.255.255", public_unicast},
      {"172.16.0.0", private_network},
      {"172.31.255.255", private_network},
      {"172.32.0.0", public_unicast},
      {"192.0.0.1", reserved},
      {"192.0.2.1", reserved},
      {"192.167.255.255", public_unicast},
      {"192.168.0.0", private_network},
      {"192.169.0.0", public_unicast},
      {"198.17.255.255", public_unicast},
      {"198.18.0.0", reserved},
      {"198.19.255.255", reserved},
      {"198.51.100.1", reserved},
      {"203.0.113.1", reserved},
      {"223.255.255.255", public_unicast},
      {"224.0.0.1", multicast},
      {"239.255.255.255", multicast},
      {"240.0.0.1", reserved},
      {"255.255.255.255", reserved},
      {"::", unspecified},
      {"::1", loopback},
      {"2606:4700::1111", public_unicast},
      {"fe80::1", link_local},
      {"febf::1", link_local},
      {"fec0::1", private_network},
      {"fc00::1", private_network},
      {"fdff::1", private_network},
      {"fd00:ec2::254", metadata},
      {"fd20:ce::254", metadata},
      {"ff02::1", multicast},
      {"2001:db8::1", reserved},
      {"3fff::1", reserved},
      {"100::1", reserved},
      {"4000::1", reserved},
      // IPv4 inside IPv6.
      {"::ffff:127.0.0.1", loopback},
      {"::ffff:169.254.169.254", metadata},
      {"::ffff:10.1.2.3", private_network},
      {"::ffff:8.8.8.8", public_unicast},
      {"::127.0.0.1", loopback},
      {"::ffff:0:10.0.0.1", private_network},
      {"64:ff9b::7f00:1", loopback},
      {"64:ff9b::169.254.169.254", metadata},
      {"64:ff9b::8.8.8.8", public_unicast},
      {"64:ff9b:1::1", reserved},
      {"2002:7f00:1::", loopback},
      {"2002:a00:1::1", private_network},
      {"2002:808:808::1", public_unicast},
      {"2001:0:4136:e378:8000:63bf:80ff:fffe", loopback},  // Teredo, 127.0.0.1 inverted
  };
  for (const auto& [text, kind] : cases) CHECK_MESSAGE(kind_of(text) == kind, std::string(text));
  CHECK(classify(Address{}) == unspecified);
  CHECK(is_blocked(*parse_ip("10.0.0.1", 0)));
  CHECK_FALSE(is_blocked(*parse_ip("8.8.8.8", 0)));
  CHECK(is_loopback(*parse_ip("127.0.0.1", 0)));
}

}  // namespace
}  // namespace penstock::test
