#include "dns_server.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>

namespace penstock::test {
namespace {

constexpr int type_a = 1;
constexpr int type_cname = 5;
constexpr int type_aaaa = 28;

void put16(std::string& out, unsigned value) {
  out.push_back(static_cast<char>(value >> 8));
  out.push_back(static_cast<char>(value));
}

std::string encoded(const std::string& name) {
  std::string out;
  std::size_t from = 0;
  while (from < name.size()) {
    const std::size_t dot = std::min(name.find('.', from), name.size());
    out.push_back(static_cast<char>(dot - from));
    out.append(name, from, dot - from);
    from = dot + 1;
  }
  out.push_back('\0');
  return out;
}

// RFC 1035 §3.2.1.
void put_record(std::string& out, const std::string& name, int type, std::uint32_t ttl_s,
                const std::string& data) {
  out += encoded(name);
  put16(out, static_cast<unsigned>(type));
  put16(out, 1);
  put16(out, ttl_s >> 16);
  put16(out, ttl_s & 0xffff);
  put16(out, static_cast<unsigned>(data.size()));
  out += data;
}

}  // namespace

DnsServer::DnsServer() {
  fd_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t bytes = sizeof(address);
  REQUIRE(bind(fd_, reinterpret_cast<sockaddr*>(&address), bytes) == 0);
  REQUIRE(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &bytes) == 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

DnsServer::~DnsServer() {
  stopping_ = true;
  thread_.join();
  close(fd_);
}

void DnsServer::set(const std::string& name, Zone zone) {
  const std::scoped_lock lock(mutex_);
  zones_[name] = std::move(zone);
}

std::string DnsServer::address() const {
  return "127.0.0.1:" + std::to_string(port_);
}

int DnsServer::asked(const std::string& name) {
  const std::scoped_lock lock(mutex_);
  return asked_[name];
}

void DnsServer::run() {
  while (!stopping_) {
    pollfd ready{.fd = fd_, .events = POLLIN, .revents = 0};
    if (poll(&ready, 1, 10) <= 0) continue;
    char query[512];
    sockaddr_in from{};
    socklen_t bytes = sizeof(from);
    const auto size =
        recvfrom(fd_, query, sizeof(query), 0, reinterpret_cast<sockaddr*>(&from), &bytes);
    if (size < 17) continue;
    const std::string reply = answer(std::string(query, static_cast<std::size_t>(size)));
    if (reply.empty()) continue;
    sendto(fd_, reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from), bytes);
  }
}

std::string DnsServer::answer(const std::string& query) {
  std::string name;
  std::size_t at = 12;
  while (at < query.size() && query[at] != 0) {
    const auto label = static_cast<unsigned char>(query[at]);
    if (!name.empty()) name.push_back('.');
    name += query.substr(at + 1, label);
    at += 1U + label;
  }
  const std::string question = query.substr(12, at + 5 - 12);
  const int type = static_cast<unsigned char>(query[at + 2]);
  Zone zone{.v4 = {}, .v6 = {}, .code = 3};
  {
    const std::scoped_lock lock(mutex_);
    if (type == type_a) ++asked_[name];
    if (const auto found = zones_.find(name); found != zones_.end()) zone = found->second;
  }
  if (zone.silent) return {};
  if (zone.delay_ms > 0 && type == type_a) {
    std::this_thread::sleep_for(std::chrono::milliseconds(zone.delay_ms));
  }
  unsigned records = 0;
  std::string body;
  const std::string& owner = zone.alias.empty() ? name : zone.alias;
  if (!zone.alias.empty()) {
    put_record(body, name, type_cname, zone.ttl_s, encoded(zone.alias));
    ++records;
  }
  const bool v6 = type == type_aaaa;
  if (v6 || type == type_a) {
    for (const std::string& text : v6 ? zone.v6 : zone.v4) {
      char ip[16];
      if (inet_pton(v6 ? AF_INET6 : AF_INET, text.c_str(), ip) != 1) continue;
      put_record(body, owner, type, zone.ttl_s, std::string(ip, v6 ? 16 : 4));
      ++records;
    }
  }
  std::string reply = query.substr(0, 2);
  put16(reply, 0x8180U | static_cast<unsigned>(zone.code));
  put16(reply, 1);
  put16(reply, zone.code == 0 ? records : 0);
  put16(reply, 0);
  put16(reply, 0);
  reply += question;
  if (zone.code == 0) reply += body;
  return reply;
}

}  // namespace penstock::test
