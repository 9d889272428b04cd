// The suite's own cases: small text files below tests/golden/cases.
//
//   # what it shows
//   feature: Tool choice: one named tool
//   client: openai_chat
//   keep: "get_time" or ["get_time"] | other     each must be there, or be reported as lost
//   without_asking: cohere                       that need no such word
//   --- request
//   {…}
//   --- anthropic
//   {…}
//
// Lines `name: value` come first, parts follow, each opened by `--- name`.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "penstock/dialect.h"

namespace golden {

using penstock::dialect::Dialect;

struct CaseFile {
  std::filesystem::path path;
  std::string name;     // of the file, without its ending
  std::string comment;  // the lines that start with '#', as they stand
  std::vector<std::pair<std::string, std::string>> fields;
  std::vector<std::pair<std::string, std::string>> parts;  // texts end with a line feed

  std::string field(std::string_view name) const;
  const std::string* part(std::string_view name) const;
  void set_part(const std::string& name, std::string text);
};

// The cases of one folder ("request", "answer"), by name.
std::vector<CaseFile> read_cases(const std::string& folder);
void write_case(const CaseFile& file);

// A dialect by its name in the table; ends the program for a name that is none.
Dialect dialect_named(std::string_view name);

}  // namespace golden
