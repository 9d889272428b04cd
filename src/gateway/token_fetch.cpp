#include "gateway/token_fetch.h"

#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "penstock/address.h"
#include "penstock/assert.h"

namespace penstock {
namespace {

std::string url_of(const BaseUrl& url) {
  return (url.tls ? "https://" : "http://") + url.authority + (url.path.empty() ? "/" : url.path);
}

// The addresses that a name of the configuration may have: as for providers.
curl_socket_t open_socket(void* context, curlsocktype, curl_sockaddr* to) {
  const auto& source = *static_cast<const TokenSource*>(context);
  Address address;
  if (to->addrlen > sizeof address.storage) return CURL_SOCKET_BAD;
  std::memcpy(&address.storage, &to->addr, to->addrlen);
  address.bytes = to->addrlen;
  if (!source.allow_private && is_blocked(address)) return CURL_SOCKET_BAD;
  return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

}  // namespace

TokenFetch::TokenFetch(const TokenSource& source, std::string body)
    : source_(source), url_(url_of(source.account.token_url)), body_(std::move(body)) {
  easy_ = curl_easy_init();
  if (easy_ != nullptr) {
    set_up();
  } else {
    failure_ = "out of memory";
    done_ = true;
  }
}

TokenFetch::~TokenFetch() {
  if (easy_ != nullptr) curl_easy_cleanup(easy_);
  wipe(body_.data(), body_.size());
  wipe(answer_.data(), answer_.size());
}

void TokenFetch::set_up() {
  answer_.reserve(answer_bytes_max);  // never moved: no copy of the token stays behind
  const auto set = [this](CURLoption option, auto value) {
    curl_easy_setopt(easy_, option, value);
  };
  set(CURLOPT_PRIVATE, static_cast<void*>(this));
  set(CURLOPT_URL, url_.c_str());
  set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_.size()));
  set(CURLOPT_POSTFIELDS, body_.c_str());
  set(CURLOPT_USERAGENT, "penstock");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_PROXY, "");  // none, whatever the environment says
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!source_.ca.empty()) {
    set(CURLOPT_CAINFO, source_.ca.c_str());
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));  // these roots, not the system's too
  }
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect_limit.ms()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(limit.ms()));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);  // a lookup that hangs does not hold the program's end up
  set(CURLOPT_FORBID_REUSE, 1L);
  set(CURLOPT_OPENSOCKETFUNCTION, &open_socket);
  set(CURLOPT_OPENSOCKETDATA, static_cast<const void*>(&source_));
  set(CURLOPT_WRITEFUNCTION, &TokenFetch::take);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
}

std::size_t TokenFetch::take(char* bytes, std::size_t size, std::size_t count, void* self) {
  std::string& answer = static_cast<TokenFetch*>(self)->answer_;
  const std::size_t more = size * count;                  // size is 1
  if (more > answer_bytes_max - answer.size()) return 0;  // libcurl ends the transfer
  answer.append(bytes, more);
  return more;
}

FetchLoop::FetchLoop() : multi_(curl_multi_init()) {
  PENSTOCK_ASSERT(multi_ != nullptr);
}

FetchLoop::~FetchLoop() {
  curl_multi_cleanup(multi_);
}

void FetchLoop::begin(TokenFetch& fetch) {
  if (!fetch.done_) curl_multi_add_handle(multi_, fetch.easy_);
}

void FetchLoop::give_up(TokenFetch& fetch) {
  if (!fetch.done_) curl_multi_remove_handle(multi_, fetch.easy_);
}

void FetchLoop::turn(Duration most) {
  int running = 0;
  curl_multi_perform(multi_, &running);
  int left = 0;
  bool ended = false;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* const easy = message->easy_handle;
    const CURLcode result = message->data.result;
    char* owner = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &owner);
    auto* const fetch = reinterpret_cast<TokenFetch*>(owner);
    long status = 0;
    if (result == CURLE_OK) curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_multi_remove_handle(multi_, easy);  // the message is gone with it
    fetch->done_ = ended = true;
    fetch->status_ = static_cast<std::uint16_t>(status);
    fetch->failure_ = result == CURLE_OK ? "" : curl_easy_strerror(result);
  }
  if (ended) return;
  const std::int64_t ms = std::clamp<std::int64_t>(most.ms(), 0, 3'600'000);
  curl_multi_poll(multi_, nullptr, 0, static_cast<int>(ms), nullptr);
}

void FetchLoop::wake() {
  curl_multi_wakeup(multi_);
}

}  // namespace penstock
