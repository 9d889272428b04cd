// A DNS server on loopback that answers from a script, one query type at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace penstock::test {

class DnsServer {
 public:
  struct Zone {
    std::vector<std::string> v4;
    std::vector<std::string> v6;
    std::uint32_t ttl_s = 60;
    int code = 0;         // 0 as the records say, 2 SERVFAIL, 3 NXDOMAIN
    bool silent = false;  // never answers
    int delay_ms = 0;
    std::string alias = {};  // CNAME to this name, which has the records
  };

  DnsServer();
  ~DnsServer();
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;

  void set(const std::string& name, Zone zone);
  // "127.0.0.1:port"
  std::string address() const;
  // Questions for A records of a name so far.
  int asked(const std::string& name);

 private:
  void run();
  std::string answer(const std::string& query);

  int fd_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::map<std::string, Zone> zones_;
  std::map<std::string, int> asked_;
  std::thread thread_;
};

}  // namespace penstock::test
