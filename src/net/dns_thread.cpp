#include "net/dns_thread.h"

#include <ares.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <ctime>
#include <map>
#include <thread>
#include <utility>

#include "penstock/assert.h"

namespace penstock {
namespace {

Instant monotonic_now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return {t.tv_sec * 1'000'000'000 + t.tv_nsec};
}

DnsAnswer::Outcome outcome_of(int status) {
  switch (status) {
    case ARES_SUCCESS:
      return DnsAnswer::Outcome::found;
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
    case ARES_EBADNAME:
    case ARES_ENONAME:
      return DnsAnswer::Outcome::absent;
    case ARES_ETIMEOUT:
      return DnsAnswer::Outcome::timed_out;
    case ARES_EDESTRUCTION:
    case ARES_ECANCELLED:
      return DnsAnswer::Outcome::refused;
    default:
      return DnsAnswer::Outcome::failed;
  }
}

Address address_of(const ares_addrinfo_node& node) {
  Address address;
  if (node.ai_family == AF_INET) {
    sockaddr_in from{};
    std::memcpy(&from, node.ai_addr, sizeof(from));
    address = make_address(from.sin_addr, 0);
  } else if (node.ai_family == AF_INET6) {
    sockaddr_in6 from{};
    std::memcpy(&from, node.ai_addr, sizeof(from));
    address = make_address(from.sin6_addr, 0, from.sin6_scope_id);
  }
  return address;
}

// Takes the sorted addresses so that the families alternate, beginning with the first one's.
void interleave(const ares_addrinfo_node* nodes, Resolved& to) {
  std::vector<Address> lists[2];  // the first address's family, the other one
  int first = AF_UNSPEC;
  for (auto* node = nodes; node; node = node->ai_next) {
    const Address address = address_of(*node);
    if (address.bytes == 0) continue;
    if (first == AF_UNSPEC) first = address.family();
    auto& list = lists[address.family() == first ? 0 : 1];
    if (std::find(list.begin(), list.end(), address) == list.end()) list.push_back(address);
  }
  for (std::size_t i = 0; i < std::max(lists[0].size(), lists[1].size()); ++i) {
    for (const auto& list : lists) {
      if (i < list.size() && to.count < to.addresses.size()) to.addresses[to.count++] = list[i];
    }
  }
}

Duration smallest_ttl(const ares_addrinfo& info) {
  int ttl = INT32_MAX;
  for (auto* node = info.nodes; node; node = node->ai_next) ttl = std::min(ttl, node->ai_ttl);
  for (auto* name = info.cnames; name; name = name->next) ttl = std::min(ttl, name->ttl);
  return Duration::seconds(std::max(ttl, 0));
}

}  // namespace

void DnsMailbox::put(DnsAnswer answer) {
  const std::scoped_lock lock(mutex_);
  if (!driver_) return;
  answers_.push_back(std::move(answer));
  if (!filled_.exchange(true, std::memory_order_release)) driver_->poke();
}

std::vector<DnsAnswer> DnsMailbox::take() {
  if (!filled_.load(std::memory_order_acquire)) return {};
  const std::scoped_lock lock(mutex_);
  filled_.store(false, std::memory_order_relaxed);
  return std::exchange(answers_, {});
}

void DnsMailbox::close() {
  const std::scoped_lock lock(mutex_);
  driver_ = nullptr;
  answers_.clear();
}

// Everything but `asked_` and `stopping_` belongs to the thread.
class DnsThread::Loop {
 public:
  explicit Loop(const DnsOptions& options) : options_(options) {}
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  std::expected<void, std::string> start();
  void ask(std::string_view host, const std::shared_ptr<DnsMailbox>& to);

 private:
  // One name under way. c-ares calls back exactly once for it.
  struct Question {
    Loop* loop;
    std::string host;
    Instant deadline;
    std::vector<std::shared_ptr<DnsMailbox>> askers;
    bool timed_out = false;  // the askers were told so; it is in `overdue_` now
  };
  using Questions = std::map<std::string, std::unique_ptr<Question>, std::less<>>;

  void run();
  void begin(std::string host, std::shared_ptr<DnsMailbox> to);
  Instant time_out(Instant now);
  std::unique_ptr<Question> take_out(const Question& question);
  int wait_ms(Instant next_deadline, Instant now);
  static void on_answer(void* argument, int status, int timeouts, ares_addrinfo* info);
  static void on_socket(void* argument, ares_socket_t fd, int readable, int writable);

  const DnsOptions options_;
  ares_channel channel_ = nullptr;
  int wake_fd_ = -1;
  Questions questions_;
  // c-ares cannot cancel one query. It ends by itself, and its answer may still be of use.
  std::vector<std::unique_ptr<Question>> overdue_;
  std::vector<pollfd> sockets_;  // [0] is `wake_fd_`
  std::thread thread_;

  std::mutex mutex_;
  std::vector<std::pair<std::string, std::shared_ptr<DnsMailbox>>> asked_;
  bool stopping_ = false;
};

std::expected<void, std::string> DnsThread::Loop::start() {
  static const int library = ares_library_init(ARES_LIB_INIT_ALL);
  if (library != ARES_SUCCESS) return std::unexpected("DNS: c-ares cannot start");
  // Two tries that fit into the timeout: the second waits twice as long (c-ares 1.18).
  ares_options settings{};
  settings.timeout = static_cast<int>(std::max<std::int64_t>(options_.timeout.ms() / 3, 50));
  settings.tries = 2;
  settings.sock_state_cb = &on_socket;
  settings.sock_state_cb_data = this;
  int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
  if (!options_.servers.empty()) {
    settings.ndomains = 0;
    mask |= ARES_OPT_DOMAINS;
  }
  if (const int status = ares_init_options(&channel_, &settings, mask); status != ARES_SUCCESS) {
    return std::unexpected(std::string("DNS: c-ares cannot read the system's settings (") +
                           ares_strerror(status) + "); check /etc/resolv.conf");
  }
  if (!options_.servers.empty() &&
      ares_set_servers_ports_csv(channel_, options_.servers.c_str()) != ARES_SUCCESS) {
    return std::unexpected("DNS: the servers «" + options_.servers +
                           "» are not a list of address:port");
  }
  wake_fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (wake_fd_ < 0) return std::unexpected("DNS: out of file descriptors");
  sockets_.push_back({.fd = wake_fd_, .events = POLLIN, .revents = 0});

  // Signals are the main thread's: the new thread inherits a full mask.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_setname_np(thread_.native_handle(), "penstock-dns");
  return {};
}

DnsThread::Loop::~Loop() {
  if (thread_.joinable()) {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
    }
    eventfd_write(wake_fd_, 1);
    thread_.join();
  }
  if (channel_) ares_destroy(channel_);  // answers every question with ARES_EDESTRUCTION
  if (wake_fd_ >= 0) ::close(wake_fd_);
}

void DnsThread::Loop::ask(std::string_view host, const std::shared_ptr<DnsMailbox>& to) {
  bool full = false;
  {
    const std::scoped_lock lock(mutex_);
    full = asked_.size() >= options_.pending_max;
    if (!full) asked_.emplace_back(host, to);
  }
  if (full) {
    to->put({.host = std::string(host), .outcome = DnsAnswer::Outcome::refused});
  } else {
    eventfd_write(wake_fd_, 1);
  }
}

void DnsThread::Loop::run() {
  for (;;) {
    decltype(asked_) asked;
    {
      const std::scoped_lock lock(mutex_);
      if (stopping_) break;
      asked.swap(asked_);
    }
    for (auto& [host, to] : asked) begin(std::move(host), std::move(to));

    const Instant now = monotonic_now();
    const Instant next_deadline = time_out(now);
    poll(sockets_.data(), sockets_.size(), wait_ms(next_deadline, now));
    eventfd_t ignored;
    if (sockets_[0].revents != 0) eventfd_read(wake_fd_, &ignored);
    // Processing opens and closes sockets, which changes the list.
    const std::vector<pollfd> ready(sockets_.begin() + 1, sockets_.end());
    ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // timeouts
    for (const pollfd& socket : ready) {
      if (socket.revents == 0) continue;
      const bool read = (socket.revents & (POLLIN | POLLERR | POLLHUP)) != 0;
      const bool write = (socket.revents & POLLOUT) != 0;
      ares_process_fd(channel_, read ? socket.fd : ARES_SOCKET_BAD,
                      write ? socket.fd : ARES_SOCKET_BAD);
    }
  }
  for (auto& [host, to] : asked_) {
    to->put({.host = std::move(host), .outcome = DnsAnswer::Outcome::refused});
  }
}

void DnsThread::Loop::begin(std::string host, std::shared_ptr<DnsMailbox> to) {
  if (const auto same = questions_.find(host); same != questions_.end()) {
    same->second->askers.push_back(std::move(to));
    return;
  }
  if (questions_.size() + overdue_.size() >= options_.pending_max) {
    to->put({.host = std::move(host), .outcome = DnsAnswer::Outcome::refused});
    return;
  }
  auto question = std::make_unique<Question>();
  question->loop = this;
  question->host = host;
  question->deadline = monotonic_now() + options_.timeout;
  question->askers.push_back(std::move(to));
  Question* argument = question.get();
  questions_.emplace(std::move(host), std::move(question));
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  // May call back before it returns.
  ares_getaddrinfo(channel_, argument->host.c_str(), nullptr, &hints, &on_answer, argument);
}

// Tells askers whose question took too long. Who asks for the name from now on begins a new one.
// Returns the next deadline.
Instant DnsThread::Loop::time_out(Instant now) {
  Instant next = Instant::never();
  for (auto entry = questions_.begin(); entry != questions_.end();) {
    Question& question = *entry->second;
    if (now < question.deadline) {
      next = std::min(next, question.deadline);
      ++entry;
      continue;
    }
    for (const auto& asker : question.askers) {
      asker->put({.host = question.host, .outcome = DnsAnswer::Outcome::timed_out});
    }
    question.timed_out = true;
    overdue_.push_back(std::move(entry->second));
    entry = questions_.erase(entry);
  }
  return next;
}

int DnsThread::Loop::wait_ms(Instant next_deadline, Instant now) {
  std::int64_t ms = -1;
  if (next_deadline != Instant::never())
    ms = std::max<std::int64_t>((next_deadline - now).ms() + 1, 0);
  timeval wait{};
  if (ares_timeout(channel_, nullptr, &wait)) {
    const std::int64_t ares_ms = wait.tv_sec * 1000 + wait.tv_usec / 1000 + 1;
    ms = ms < 0 ? ares_ms : std::min(ms, ares_ms);
  }
  return static_cast<int>(std::min<std::int64_t>(ms, 60'000));
}

void DnsThread::Loop::on_answer(void* argument, int status, int, ares_addrinfo* info) {
  auto* const question = static_cast<Question*>(argument);
  const auto ended = question->loop->take_out(*question);

  DnsAnswer answer{.host = ended->host, .outcome = outcome_of(status)};
  if (info) {
    interleave(info->nodes, answer.resolved);
    answer.ttl = smallest_ttl(*info);
    ares_freeaddrinfo(info);
  }
  if (answer.outcome == DnsAnswer::Outcome::found && answer.resolved.count == 0) {
    answer.outcome = DnsAnswer::Outcome::absent;
  }
  // After the time is over only addresses are news: they are good for the next lookup.
  if (ended->timed_out && answer.outcome != DnsAnswer::Outcome::found) return;
  for (const auto& asker : ended->askers) asker->put(answer);
}

std::unique_ptr<DnsThread::Loop::Question> DnsThread::Loop::take_out(const Question& question) {
  std::unique_ptr<Question> out;
  if (question.timed_out) {
    const auto at = std::find_if(overdue_.begin(), overdue_.end(),
                                 [&](const auto& one) { return one.get() == &question; });
    PENSTOCK_ASSERT(at != overdue_.end());
    out = std::move(*at);
    overdue_.erase(at);
  } else {
    const auto at = questions_.find(question.host);
    PENSTOCK_ASSERT(at != questions_.end() && at->second.get() == &question);
    out = std::move(at->second);
    questions_.erase(at);
  }
  return out;
}

void DnsThread::Loop::on_socket(void* argument, ares_socket_t fd, int readable, int writable) {
  auto& sockets = static_cast<Loop*>(argument)->sockets_;
  std::erase_if(sockets, [fd](const pollfd& socket) { return socket.fd == fd; });
  const auto events = static_cast<short>((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));
  if (events != 0) sockets.push_back({.fd = fd, .events = events, .revents = 0});
}

std::expected<std::unique_ptr<DnsThread>, std::string> DnsThread::start(const DnsOptions& options) {
  auto loop = std::make_unique<Loop>(options);
  auto started = loop->start();
  if (!started) return std::unexpected(started.error());
  return std::unique_ptr<DnsThread>(new DnsThread(std::move(loop)));
}

DnsThread::DnsThread(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
DnsThread::~DnsThread() = default;

void DnsThread::ask(std::string_view host, const std::shared_ptr<DnsMailbox>& to) {
  loop_->ask(host, to);
}

}  // namespace penstock
