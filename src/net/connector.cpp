#include "net/connector.h"

#include <algorithm>
#include <utility>

#include "net/connect_race.h"
#include "net/tls_context.h"
#include "net/tls_session.h"

namespace penstock {
namespace {

// RFC 8305 §5: the next address gets its chance this long after the one before.
constexpr Duration attempt_delay = Duration::milliseconds(250);

std::unexpected<Error> connect_failed() {
  return fail(Code::upstream_connect_failed, Side::upstream, Retry::yes);
}

// The end of a wait: why to stop, if there is a reason.
Result<> judge_wait(const Stream& watched, Instant now, Deadline step, Deadline total) {
  if (watched.gone()) return fail(Code::client_closed, Side::client);
  if (total.passed(now)) return fail(Code::upstream_timeout, Side::upstream);
  if (step.passed(now)) return fail(Code::upstream_timeout, Side::upstream, Retry::yes);
  return {};
}

// Drops addresses that may not be connected to.
void remove_blocked(Resolved& resolved) {
  const auto end = resolved.addresses.begin() + resolved.count;
  const auto kept = std::remove_if(resolved.addresses.begin(), end, is_blocked);
  resolved.count = static_cast<std::uint8_t>(kept - resolved.addresses.begin());
}

}  // namespace

// The steps of one dial. It owns what the steps share, so that no frame holds it.
class Dialling {
 public:
  Dialling(Driver& driver, Resolver& resolver, Signal& signal, const Dial& dial, Deadline total,
           const Stream& watched)
      : driver_(driver),
        resolver_(resolver),
        signal_(signal),
        dial_(dial),
        total_(total),
        watched_(watched),
        lookup_(signal) {}

  Task<Result<StreamPtr>> run() {
    PENSTOCK_CO_CHECK(co_await resolve());
    PENSTOCK_CO_TRY(fd, co_await connect());
    co_return co_await secure(fd);
  }

 private:
  Task<Result<>> resolve() {
    resolver_.start(lookup_, dial_.host, dial_.port);
    const Deadline step = Deadline::after(driver_.now(), dial_.dns_timeout);
    while (!lookup_.done()) {
      co_await signal_.wait(step.sooner(total_));
      if (lookup_.done()) break;
      PENSTOCK_CO_CHECK(judge_wait(watched_, driver_.now(), step, total_));
    }
    if (!lookup_.result()) co_return connect_failed();
    resolved_ = *lookup_.result();
    if (!dial_.allow_private) remove_blocked(resolved_);
    if (resolved_.count == 0) co_return connect_failed();
    co_return Result<>();
  }

  Task<Result<int>> connect() {
    const Deadline step = Deadline::after(driver_.now(), dial_.connect_timeout);
    RacePtr race = ConnectRace::make(driver_, signal_, resolved_);
    for (;;) {
      if (const int fd = race->take_winner(); fd >= 0) co_return fd;
      if (next_attempt_.passed(driver_.now()) || race->running() == 0) {
        if (race->start_next()) {
          next_attempt_ = Deadline::after(driver_.now(), attempt_delay);
        } else if (race->running() == 0) {
          co_return connect_failed();
        } else {
          next_attempt_ = Deadline::never();
        }
      }
      co_await signal_.wait(step.sooner(total_).sooner(next_attempt_));
      if (const int fd = race->take_winner(); fd >= 0) co_return fd;
      PENSTOCK_CO_CHECK(judge_wait(watched_, driver_.now(), step, total_));
    }
  }

  Task<Result<StreamPtr>> secure(int fd) {
    std::unique_ptr<TlsSession> tls;
    if (dial_.tls) {
      const Address address = peer_of(fd);
      const TlsPeer peer{.host = dial_.host, .port = dial_.port, .address = &address};
      auto session = TlsSession::client(dial_.tls, peer);
      if (!session) {
        driver_.close_socket(fd, CloseHow::reset);
        co_return fail(Code::upstream_tls_failed, Side::upstream, Retry::yes);
      }
      tls = std::move(*session);
    }
    StreamPtr stream = Stream::adopt(driver_, fd, std::move(tls));
    stream->set_signal(&signal_);
    const Deadline step = Deadline::after(driver_.now(), dial_.tls_timeout);
    while (!stream->established()) {
      if (stream->gone()) {
        co_return fail(
            stream->tls_failed() ? Code::upstream_tls_failed : Code::upstream_connect_failed,
            Side::upstream, Retry::yes);
      }
      co_await signal_.wait(step.sooner(total_));
      if (!stream->established() && !stream->gone()) {
        PENSTOCK_CO_CHECK(judge_wait(watched_, driver_.now(), Deadline::never(), total_));
        if (step.passed(driver_.now())) {  // it accepted, but does not speak TLS
          co_return fail(Code::upstream_tls_failed, Side::upstream, Retry::yes);
        }
      }
    }
    co_return std::move(stream);
  }

  // The address that won; the simulator has none to tell.
  Address peer_of(int fd) const {
    Address address;
    address.bytes = sizeof address.storage;
    if (getpeername(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.bytes) != 0) {
      address = resolved_.addresses[0];
    }
    return address;
  }

  Driver& driver_;
  Resolver& resolver_;
  Signal& signal_;
  const Dial& dial_;
  Deadline total_;
  const Stream& watched_;
  Lookup lookup_;
  Resolved resolved_;
  Deadline next_attempt_{Instant{0}};
};

Task<Result<StreamPtr>> connect_stream(Driver& driver, Resolver& resolver, Signal& signal,
                                       const Dial& dial, Deadline total, const Stream& watched) {
  // On the heap: lookups and address lists are too large for a frame, and connecting is rare.
  const auto dialling = std::make_unique<Dialling>(driver, resolver, signal, dial, total, watched);
  co_return co_await dialling->run();
}

}  // namespace penstock
