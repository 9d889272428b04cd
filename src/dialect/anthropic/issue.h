// Mistakes in a client's request, told in Anthropic's words: "messages.0.content: Field required".
#pragma once

#include <string>

#include "penstock/dialect.h"

namespace penstock::dialect::anthropic {

// Where in the body a value stands, written out only when it is at fault.
struct Path {
  const Path* parent = nullptr;
  Bytes name{};  // of a member; empty: element `index`
  std::uint32_t index = 0;

  Path member(Bytes key) const { return {this, key, 0}; }
  Path at(std::uint32_t i) const { return {this, {}, i}; }
  std::string text() const;
};

// Collects the one mistake a request is refused for.
class Judge {
 public:
  Judge(hub::Request& request, RequestIssue& issue) : request_(request), issue_(issue) {}

  std::unexpected<Error> missing(const Path& path);
  std::unexpected<Error> invalid(const Path& path, Bytes reason);
  std::unexpected<Error> unknown(const Path& path);

  // The inside of a string; null and nothing are empty.
  Result<hub::Escaped> text(json::View value, const Path& path);
  // The same, but it must be there.
  Result<hub::Escaped> demand_text(json::View value, const Path& path);
  Result<std::optional<bool>> flag(json::View value, const Path& path);
  Result<std::optional<std::int64_t>> integer(json::View value, std::int64_t least,
                                              const Path& path);

 private:
  hub::Request& request_;
  RequestIssue& issue_;
};

}  // namespace penstock::dialect::anthropic
