// What the parts of the request reader share: where the result goes, and how a fault is told.
#pragma once

#include <string>
#include <vector>

#include "penstock/dialect.h"

namespace penstock::dialect::openai_responses {

struct Reading {
  hub::Request& request;
  RequestIssue& issue;

  // The error for a field at `param`; `reason` is static.
  std::unexpected<Error> wrong(std::string param, Bytes reason, Code code = Code::invalid_value) {
    issue.param = request.keep(std::move(param));
    issue.reason = reason;
    return fail(code, Side::client);
  }
  std::unexpected<Error> missing(std::string param) {
    return wrong(std::move(param), {}, Code::missing_field);
  }
};

// Where a content list stands: member `member` of input item `item`. Text is made for faults only.
struct ContentPlace {
  std::uint32_t item = 0;
  Bytes member{};

  std::string text() const { return "input[" + std::to_string(item) + "]." + std::string(member); }
  std::string text(std::uint32_t part, Bytes field) const {
    return text() + "[" + std::to_string(part) + "]." + std::string(field);
  }
};

// The mark of a `cache_control` member, where a client sends one.
hub::CacheTtl read_cache_mark(json::View holder);

// A string or an array of parts; errors: invalid_value, missing_field.
Result<> read_content(json::View content, ContentPlace place, Reading& reading,
                      std::vector<hub::Part>& out);

// `input`: a string or an array of items, as messages behind those there are.
Result<> read_input(json::View input, Reading& reading);

Result<> read_tools(json::View tools, Reading& reading);
Result<> read_tool_choice(json::View choice, Reading& reading);
// `text`: the format of the answer and its verbosity.
Result<> read_text(json::View text, Reading& reading);
Result<> read_reasoning(json::View reasoning, Reading& reading);

}  // namespace penstock::dialect::openai_responses
