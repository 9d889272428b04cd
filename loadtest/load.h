// The load client's engine: connections, arrivals, checks of every answer, measured window.
//
// Closed loop: every connection sends its next request when the last one is answered. Open loop:
// requests become due at a fixed rate and wait for a free connection; their latency counts from
// the due time and none is skipped. Hold: every connection sends one request and stays.
#pragma once

#include <netinet/in.h>
#include <sys/types.h>

#include <cstdint>
#include <cstdio>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "answer_reader.h"
#include "event_reader.h"
#include "histogram.h"
#include "process_meter.h"

namespace penstock::loadtest {

struct Plan {
  sockaddr_in target{};
  std::string path = "/v1/chat/completions";
  std::string key;
  std::string model;
  std::size_t body_bytes = 1024;
  bool stream = false;
  bool include_usage = false;

  std::size_t connections = 1;
  double rate_per_s = 0;       // 0: closed loop
  std::uint64_t requests = 0;  // end after so many answers; 0: by time
  double ramp_s = 0;           // connections begin spread over this time
  double warmup_s = 1;
  double duration_s = 3;
  bool hold = false;                // measure memory of waiting connections instead of load
  std::size_t expect_bytes = 0;     // body of a whole answer; 0: any
  std::uint64_t expect_events = 0;  // of a stream; 0: any

  bool spin = false;
  pid_t proxy = 0;  // root of the tree whose use is measured; 0: nothing
  pid_t mock = 0;   // shares this CPU; 0: unknown
};

// Answers that were not what they had to be, by what was wrong.
struct Errors {
  std::uint64_t connect = 0;
  std::uint64_t closed = 0;  // connection ended before the answer did
  std::uint64_t broken = 0;  // not HTTP
  std::uint64_t status = 0;
  std::uint64_t body = 0;    // whole answer of the wrong size or shape
  std::uint64_t events = 0;  // stream cut, out of order, wrong count, or without [DONE]
  std::uint64_t total() const { return connect + closed + broken + status + body + events; }
};

struct Results {
  double window_s = 0;
  std::uint64_t requests = 0;  // answered rightly inside the window
  std::uint64_t events = 0;
  std::uint64_t bytes_in = 0;
  Errors errors;              // of the whole run, warm-up included
  std::uint64_t waiting = 0;  // unanswered at the end
  double oldest_waiting_s = 0;
  Histogram latency;      // due time to last byte
  Histogram first_event;  // due time to first event
  Histogram transit;      // mock's write to our read, per event
  Histogram gap;          // between events of one stream

  ProcessUse proxy;              // inside the window
  std::int64_t run_wait_ns = 0;  // of it: foreign_wait_ns
  ProcessMemory memory_before;   // hold: before the connections; else: start of the window
  ProcessMemory memory_after;
  std::size_t proxy_processes = 0;
  double foreign_share = -1;  // of this CPU, used by neither tool; -1: not known
};

class Load {
 public:
  explicit Load(const Plan& plan);
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  // Runs the plan to its end and returns what was measured.
  const Results& run();

 private:
  struct Connection {
    int fd = -1;
    bool busy = false;
    bool writing = false;  // part of the request waits for the socket
    bool first_seen = false;
    bool kept = false;  // hold: answered, now waiting
    std::size_t sent = 0;
    std::size_t body_bytes = 0;
    char body_first = 0;
    char body_last = 0;
    std::int64_t due_ns = 0;
    std::int64_t last_event_ns = 0;
    AnswerReader answer;
    EventReader events;
  };

  struct Clocks {  // at the edges of the window
    std::int64_t wall_ns = 0;
    std::int64_t tools_ns = 0;
    ProcessUse proxy;
  };

  void run_load();
  void run_hold();
  void turn(std::int64_t until_ns);
  void begin_connections(std::int64_t now);
  void begin_arrivals(std::int64_t now);
  bool connect_to_target(Connection& connection);
  void drop(Connection& connection);
  void begin_request(Connection& connection, std::int64_t due_ns);
  void continue_writing(Connection& connection);
  void watch(const Connection& connection, std::uint32_t events, int how) const;
  void readable(Connection& connection);
  void take(Connection& connection, std::string_view bytes, std::int64_t now);
  void on_event(Connection& connection, std::int64_t sent_ns, std::int64_t now);
  void finish(Connection& connection, std::int64_t now);
  bool check(const Connection& connection);
  void fail(Connection& connection, std::uint64_t& counter);
  void next(Connection& connection, std::int64_t now);
  void warm_for_hold();
  Clocks clocks() const;
  void open_window();
  void close_window();

  Plan plan_;
  Results results_;
  std::string request_;
  int epoll_ = -1;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> free_;
  std::deque<std::int64_t> arrivals_;  // due, waiting for a free connection
  std::vector<char> buffer_;
  std::vector<pid_t> tree_;
  Clocks window_begin_;
  std::int64_t start_ns_ = 0;
  std::int64_t next_arrival_ns_ = 0;
  std::uint64_t answered_ = 0;  // whole run
  std::size_t open_ = 0;        // connections
  std::size_t busy_ = 0;        // those with a request under way
  bool by_hand_ = false;        // hold: no request begins by itself
};

// Prints everything as one JSON object, and as a short table for people.
void print_json(std::FILE* file, const Plan& plan, const Results& results);
void print_table(std::FILE* file, const Plan& plan, const Results& results);

}  // namespace penstock::loadtest
