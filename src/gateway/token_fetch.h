// One request to a token endpoint, by libcurl: encrypted and proven, bounded in time and size,
// without proxies and redirects. A `FetchLoop` runs several at once on the thread that calls it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gateway/token_cell.h"
#include "penstock/time.h"

namespace penstock {

class TokenFetch {
 public:
  // From the first step to the last byte.
  static constexpr Duration connect_limit = Duration::seconds(5);
  static constexpr Duration limit = Duration::seconds(15);
  static constexpr std::size_t answer_bytes_max = 64 * 1024;

  // `source` outlives the fetch; `body` is sent as a form, and wiped at the end.
  TokenFetch(const TokenSource& source, std::string body);
  TokenFetch(const TokenFetch&) = delete;
  TokenFetch& operator=(const TokenFetch&) = delete;
  ~TokenFetch();

  bool done() const { return done_; }
  // After `done`. 0: no answer came, for the reason that `failure` names.
  std::uint16_t status() const { return status_; }
  Bytes answer() const { return answer_; }
  // A fixed text; nothing of the request, the answer or the account is in it.
  const char* failure() const { return failure_; }

 private:
  friend class FetchLoop;
  static std::size_t take(char* bytes, std::size_t size, std::size_t count, void* self);
  void set_up();

  const TokenSource& source_;
  std::string url_;
  std::string body_;
  std::string answer_;
  const char* failure_ = "";
  void* easy_ = nullptr;  // libcurl's
  std::uint16_t status_ = 0;
  bool done_ = false;
};

class FetchLoop {
 public:
  FetchLoop();
  FetchLoop(const FetchLoop&) = delete;
  FetchLoop& operator=(const FetchLoop&) = delete;
  ~FetchLoop();

  // The fetch begins. It ends by `done`, or when it is given up before it dies.
  void begin(TokenFetch& fetch);
  void give_up(TokenFetch& fetch);
  // Does what can be done now, then waits up to `most` for more of it. Some fetches may be `done`
  // then.
  void turn(Duration most);
  // Ends the wait, or the next one. From any thread.
  void wake();

 private:
  void* multi_;  // libcurl's
};

}  // namespace penstock
