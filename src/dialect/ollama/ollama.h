// Ollama's native chat API, POST /api/chat (docs.ollama.com/api), as a provider's dialect: the
// functions of its row in the table of dialects, and what its writers and readers share. Answers
// are one object, or a stream of lines of the same shape.
#pragma once

#include <cstdint>
#include <memory>

#include "penstock/dialect.h"

namespace penstock::dialect::ollama {

Result<> write_request(const hub::Request& request, const TargetTraits& target, json::Composer& out,
                       Losses& losses);
Result<> read_answer(json::View body, const TargetTraits& target, hub::EventSink& out);
std::unique_ptr<StreamReader> stream_reader(const TargetTraits& target);
// {"error":"text"}; the form of OpenAI's errors, which Ollama's cloud uses, is understood too.
void read_error(std::uint16_t status, json::View body, hub::ErrorNote& out);

// The value of `messages`. `instruction`: plain words of ours for the model; may be empty.
Result<> write_messages(const hub::Request& request, const TargetTraits& target, Bytes instruction,
                        json::Composer& out, Losses& losses);

// An RFC 3339 time in Unix seconds; 0 when it is none, or lies before 1970.
std::int64_t read_time(Bytes text);

// Reads the objects of one answer, one after another.
class AnswerReader {
 public:
  // Errors: malformed, Side::upstream.
  Result<> object(json::View data, hub::EventSink& out);
  // The object with `done` or an error was seen.
  bool done() const { return done_; }

 private:
  void call(json::View call, json::View created_at, hub::EventSink& out);
  void logprobs(json::View list, hub::EventSink& out);
  void end(json::View data, hub::EventSink& out);

  json::Composer room_{};  // of a call's arguments, or of log probabilities
  std::uint32_t calls_ = 0;
  bool begun_ = false;
  bool done_ = false;
};

}  // namespace penstock::dialect::ollama
