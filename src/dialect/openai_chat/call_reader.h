// Tool calls of one choice, from fragments as servers send them to the hub's order: calls one after
// another, each opened when its name is known and closed once.
//
// Servers differ in what a fragment says: the index is missing, starts at 1 or stays 0 for all
// calls; the id is missing, repeated or late; the name comes behind the first arguments; arguments
// are null or an object. And fragments of two calls may interleave: what comes for a call before
// its turn is held until the arguments of the one before are a whole JSON text, or the answer ends.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "penstock/dialect.h"

namespace penstock::dialect::openai_chat {

// Finds the end of a JSON object in text that comes in pieces, each escaped once.
class ObjectEnd {
 public:
  void take(hub::Escaped piece);
  bool reached() const { return begun_ && depth_ == 0 && !in_string_; }
  bool begun() const { return begun_; }

 private:
  void take(char c);

  std::int64_t depth_ = 0;
  bool begun_ = false;
  bool in_string_ = false;
  bool escaped_ = false;
};

class CallReader {
 public:
  explicit CallReader(std::uint32_t choice) : choice_(choice) {}

  // An element of `tool_calls`. `whole`: of a message, where each is a call of its own. Errors:
  // malformed (a fragment for a call that is over, or too many calls), too_large.
  Result<> fragment(json::View call, bool whole, hub::EventSink& out);
  // The deprecated `function_call`: there is only one.
  Result<> function_call(json::View call, hub::EventSink& out);
  // Something else than calls is being said: a call that can be over is over.
  void pause(hub::EventSink& out);
  // The answer ends. Error: malformed when a call has no name.
  Result<> finish(hub::EventSink& out);

  bool empty() const { return calls_.empty(); }

 private:
  struct Call {
    std::int64_t index = -1;  // the server's; -1: it said none
    std::string id{};
    std::string name{};
    std::string held{};  // arguments that wait for the call's turn
    std::string signature{};
    ObjectEnd end{};
    bool custom = false;
    bool opened = false;
    bool any = false;  // arguments came
  };
  struct Fragment {
    std::int64_t index = -1;
    hub::Escaped id{};
    hub::Escaped name{};
    hub::Escaped arguments{};
    hub::Escaped signature{};
    bool custom = false;
  };

  Result<> take(const Fragment& fragment, bool whole, hub::EventSink& out);
  std::size_t find(const Fragment& fragment) const;
  Result<> take_arguments(std::size_t at, hub::Escaped arguments, hub::EventSink& out);
  void advance(hub::EventSink& out);
  void open(Call& call, hub::EventSink& out);
  void close(hub::EventSink& out);
  hub::Escaped arguments_text(json::View arguments);

  std::uint32_t choice_;
  std::uint32_t turn_ = 0;  // the first call that is not closed
  std::size_t held_bytes_ = 0;
  std::vector<Call> calls_{};
  std::unique_ptr<json::Composer> spelled_{};  // arguments that came as an object
};

}  // namespace penstock::dialect::openai_chat
