// Mistakes in a client's request and where they are, in OpenAI's form: messages[2].content[0].type.
#pragma once

#include <string>

#include "penstock/dialect.h"

namespace penstock::dialect::openai_chat {

// Where in the body a value stands, written out only when it is at fault.
struct Path {
  const Path* parent = nullptr;
  Bytes name{};  // of a member; empty: element `index`
  std::uint32_t index = 0;

  Path member(Bytes key) const { return {this, key, 0}; }
  Path at(std::uint32_t i) const { return {this, {}, i}; }
  std::string text() const;
};

// Collects the one mistake a request is refused for. `reason` is always static.
class Judge {
 public:
  Judge(hub::Request& request, RequestIssue& issue) : request_(request), issue_(issue) {}

  std::unexpected<Error> missing(const Path& path);
  std::unexpected<Error> invalid(const Path& path, Bytes reason);

  // The inside of a string; null and nothing are empty.
  Result<hub::Escaped> text(json::View value, const Path& path);
  // The same, but it must be there and say something.
  Result<hub::Escaped> demand_text(json::View value, const Path& path);
  Result<std::optional<bool>> flag(json::View value, const Path& path);
  Result<std::optional<std::int64_t>> integer(json::View value, std::int64_t least,
                                              std::int64_t most, const Path& path);
  // A number from `least` to `most`, as it was written.
  Result<hub::Raw> number(json::View value, double least, double most, const Path& path);
  // An object, as it was written.
  Result<hub::Raw> object(json::View value, const Path& path);

  hub::Request& request() { return request_; }

 private:
  hub::Request& request_;
  RequestIssue& issue_;
};

}  // namespace penstock::dialect::openai_chat
