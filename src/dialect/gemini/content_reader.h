// Reads a client's `contents` and `systemInstruction` into the hub's messages.
#pragma once

#include <vector>

#include "dialect/gemini/gemini.h"

namespace penstock::dialect::gemini {

class ContentReader {
 public:
  ContentReader(hub::Request& out, RequestIssue& issue) : out_(out), issue_(issue) {}

  // A content, or the plain string that some clients send.
  Result<> system_instruction(json::View instruction);
  Result<> contents(json::View contents);

 private:
  // What is at fault in the part that is read.
  std::unexpected<Error> invalid(Bytes member, Bytes reason);

  Result<> content(json::View content);
  Result<> part(json::View part, hub::Message& to);
  Result<> inline_data(json::View blob, hub::Part& to);
  Result<> file_data(json::View file, hub::Part& to);
  Result<> function_call(json::View call, hub::Part& to);
  Result<> function_response(json::View response);
  void response_text(json::View response, hub::Part& to);
  void join_thinking(hub::Part& last, hub::Message& from);
  void sign(hub::Escaped signature, hub::Part& to);

  // A call of this conversation, for responses that name it only by its function.
  struct Call {
    hub::Escaped id{};
    hub::Escaped name{};
    bool answered = false;
  };
  hub::Escaped id_of_response(hub::Escaped id, hub::Escaped name);

  hub::Request& out_;
  RequestIssue& issue_;
  std::vector<Call> calls_{};
  std::vector<hub::Part> results_{};  // of the content that is read
  std::size_t content_at_ = 0;
  std::size_t part_at_ = 0;
};

}  // namespace penstock::dialect::gemini
