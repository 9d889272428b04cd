// The scripted client of a simulated gateway: sends requests of many shapes and judges what comes.
#pragma once

#include <string>
#include <vector>

#include "answer_reader.h"
#include "gateway_world.h"
#include "wire.h"

namespace penstock::test {

enum class Shape : std::uint8_t { whole, stream, embeddings, models, malformed };

// One request, written out, and what is known about what may come back.
struct Planned {
  std::uint64_t tag = 0;
  Shape shape = Shape::whole;
  std::string bytes;
  bool asked_usage = false;
  bool limited = false;  // sent with a key that allows one request at a time
  bool last = false;     // says `Connection: close`, is HTTP/1.0, or is malformed
};

class Client {
 public:
  explicit Client(World& world);
  // The whole life of one connection.
  static Task<> run(Client* self);
  bool over() const { return over_; }
  std::string story() const;

 private:
  Planned plan();
  std::string body_of(Planned& request);
  void look();
  void judge(const Planned& request, const Answer& answer, bool complete);
  void judge_stream(const Planned& request, const Answer& answer, bool complete);
  void judge_whole(const Planned& request, const Answer& answer);
  void end_of_connection();
  bool may_send();

  World& world_;
  Wire wire_;
  AnswerReader reader_;
  std::vector<Planned> requests_;
  std::vector<Instant> started_;
  std::size_t answered_ = 0;
  std::size_t sent_request_ = 0;  // the one being sent, and how much of it was
  std::size_t sent_bytes_ = 0;
  std::size_t received_ = 0;
  std::size_t leave_after_ = SIZE_MAX;  // bytes received
  Instant leave_at_ = Instant::never();
  bool pipelined_ = false;
  bool slow_ = false;
  bool left_ = false;
  bool closed_by_answer_ = false;  // an answer said that the connection ends
  bool over_ = false;
};

}  // namespace penstock::test
